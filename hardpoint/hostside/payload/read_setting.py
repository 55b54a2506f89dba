"""One setting of one file."""

from . import edit_json, edit_lines, userio


def read(request):
    """{present, value}; the raw text stays on the host. An assignment made twice has its last value."""
    resource = request["resource"]
    content = userio.read_file(resource["user"], resource["path"])
    if content.get("error") == "absent":
        return {"present": False, "value": None}
    if "error" in content:
        raise userio.IOProblem(content["error"], content["message"])
    if resource["format"] == "json":
        present, value, _ = edit_json.get(content["text"], resource["key"])
        return {"present": present, "value": value}
    lines = edit_lines.find(content["text"], resource["key"][0], resource["format"])
    return {"present": bool(lines), "values": [value for _, _, value in lines]}
