"""One setting of one file."""

from . import formats, userio
from .errors import Refusal


def read(request):
    """{present, value}, of variables {present, values}; the raw text stays on the host.

    `value` is None, with "computed": true, where only the program that reads the file knows it.
    """
    resource = request["resource"]
    return userio.as_user(resource["user"], _seen, resource)


def _seen(resource):
    try:
        text = userio.read(resource["path"]).decode("utf-8", "replace")
    except Refusal as problem:
        if problem.code == "missing":
            return {"present": False, "value": None}
        raise
    editor = formats.editor(resource["format"])
    if resource["format"] in formats.LINES:
        present, data = editor.data(text, resource["key"])
        return {"present": present, "values": [v[0] if isinstance(v, list) else None for v in data]}
    seen = editor.look(text, resource["key"])
    if seen is None:
        return {"present": False, "value": None}
    computed = {} if seen["computed"] is None else {"computed": True}
    return {"present": True, "value": seen["value"], **computed}
