"""One setting of one file."""

from . import edit_json, edit_lines, userio
from .errors import Refusal


def read(request):
    """{present, value}; the raw text stays on the host. An assignment made twice has its last value."""
    resource = request["resource"]
    try:
        content = userio.as_user(resource["user"], userio.read, resource["path"])
    except Refusal as problem:
        if problem.code == "missing":
            return {"present": False, "value": None}
        raise
    text = content.decode("utf-8", "replace")
    if resource["format"] == "json":
        present, value, _ = edit_json.get(text, resource["key"])
        return {"present": present, "value": value}
    lines = edit_lines.find(text, resource["key"][0], resource["format"])
    return {"present": bool(lines), "values": [value for _, _, value in lines]}
