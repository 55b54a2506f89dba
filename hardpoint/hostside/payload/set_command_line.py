"""Request command_line: our drop-in that gives a unit's command other flags, composed here and journalled."""

import base64

from . import change, command_drop_in, read_command_line
from .errors import Refusal


def put(request, places):
    """{"run", "control", "subject", "resource": file, "drop_in": request of compose, "expected": the keyed
    fingerprint that was planned} -> {"changed"}"""
    drop_in = {**request["drop_in"], "path": request["resource"]["path"]}
    made = command_drop_in.compose(drop_in)
    if read_command_line.described(made).get("sha256") != request.get("expected"):
        raise Refusal(
            "changed-meanwhile",
            "%s was changed by someone at the same moment: run again" % drop_in["unit"],
        )
    if made["content"] is None:
        return change.remove(request, places)
    content = base64.b64encode(made["content"]).decode()
    more = {"content_b64": content, "mode": "%04o" % made["mode"], "owner": made["owner"]}
    return change.write({**request, **more}, places)
