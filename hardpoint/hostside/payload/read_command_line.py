"""Our drop-in that gives a unit's command other flags: what it should be, and what is there. No content leaves."""

import grp
import os
import pwd

from . import command_drop_in, userio
from .errors import Refusal

ABSENT = {"type": "absent"}


def read(request):
    """{wanted, present, reason, limits}: {type, sha256 (keyed), mode, owner} each; `wanted` is None where it
    can't be made, for `reason`. The request is that of command_drop_in.compose."""
    if os.geteuid() != 0:
        reason = "only root can say what %s should be" % request["path"]
        return {
            "wanted": None,
            "present": None,
            "reason": "",
            "limits": [{"subject": None, "reason": reason}],
        }
    present = _present(userio.snapshot(request["path"]))
    try:
        wanted = described(command_drop_in.compose(request))
    except Refusal as problem:
        return {
            "wanted": None,
            "present": present,
            "reason": problem.about(request["unit"]),
            "limits": [],
        }
    return {"wanted": wanted, "present": present, "reason": "", "limits": []}


def described(made):
    """The state that a composed drop-in will have."""
    if made["content"] is None:
        return ABSENT
    digest = command_drop_in.fingerprint(made["content"])
    return {"type": "file", "sha256": digest, "mode": "%04o" % made["mode"], "owner": made["owner"]}


def _present(found):
    if found["kind"] != "regular":
        return ABSENT if found["kind"] == "absent" else {"type": found["kind"]}
    digest = command_drop_in.fingerprint(found["content"])
    owner = "%s:%s" % (_name(pwd.getpwuid, found["uid"]), _name(grp.getgrgid, found["gid"]))
    return {"type": "file", "sha256": digest, "mode": "%04o" % found["mode"], "owner": owner}


def _name(lookup, number):
    try:
        return lookup(number)[0]
    except KeyError:
        return str(number)
