"""The agents' audit log: whether its chain holds, and what a period of it says, in numbers."""

import json
import os
import stat
import time

from . import audit_chain
from .audit_summary import Summary
from .read_files import _owner

SOCKET = "/run/hardpoint/audit.sock"
BUDGET = 64 * 1024 * 1024  # bytes a check goes over, newest first; a period needs all
# bytes that a check goes over, newest first; a period is gone over whole


def read(request):
    """{present, folder, socket, lines, bytes, first, last, found, problems, limits, period?, before?}.

    folder, socket: {mode, owner} or None. first, last: times of the first and last line, "" where there is
    none. problems: as audit_chain.Walk has them. With `since` (hours): `period`, the time since then, and
    `before`, all that is older, as audit_summary.Summary tells them; with `details` the lines of note.
    """
    reply = {"present": os.path.isdir(audit_chain.LOGS), "limits": []}
    reply.update(
        folder=_state(audit_chain.LOGS, stat.S_ISDIR), socket=_state(SOCKET, stat.S_ISSOCK)
    )
    if reply["present"] and os.geteuid() != 0:
        reason = "only root can read the agents' audit log"
        return {**reply, **_NOTHING, "limits": [{"subject": None, "reason": reason}]}
    if not reply["present"]:
        return {**reply, **_NOTHING}
    found = _walk(request)
    # a file that retention removed in between looks like a gap: look once more
    return {**reply, **(_walk(request) if found["found"] else found)}


_NOTHING = {"lines": 0, "bytes": 0, "first": "", "last": "", "found": 0, "problems": []}


def _walk(request):
    hours = request.get("since")
    walk = audit_chain.Walk(audit_chain.LOGS, audit_chain.STATE, BUDGET if hours is None else None)
    summaries = {}
    if hours is not None:
        cut = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - hours * 3600))
        summaries = {"before": Summary(), "period": Summary(bool(request.get("details")))}
    first = last = b""
    for body in walk.bodies():
        first = first or body
        last = body
        if summaries:
            line = _parsed(body)
            summaries["period" if line.get("time", "") >= cut else "before"].add(line)
    reply = {
        "lines": walk.lines,
        "bytes": walk.bytes,
        "found": walk.found,
        "problems": walk.problems,
    }
    reply.update(first=_parsed(first).get("time", ""), last=_parsed(last).get("time", ""))
    reply.update((name, summary.told()) for name, summary in summaries.items())
    return reply


def _parsed(body):
    try:
        return json.loads(body)
    except ValueError:
        return {}


def _state(path, kind):
    try:
        info = os.lstat(path)
    except OSError:
        return None
    if not kind(info.st_mode):
        return None
    return {"mode": "%04o" % stat.S_IMODE(info.st_mode), "owner": _owner(info)}
