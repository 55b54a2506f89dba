"""Coding agents that run now, and whether our launcher started them."""

import os
import re

from . import command_line, sockets

_MARK = b" /run/hardpoint-run/inside.py "  # a mount that only the launcher makes
_OURS = ("bwrap", "hardpoint-run")
_INTERPRETERS = re.compile(r"(node|nodejs|bun|deno)[0-9.]*$")


def read(request):
    """{processes: [{agent, user, pid, program, confined}], limits: [...]}: whoever is an agent's first
    process; what agents start themselves under their own name is not told again.

    `request["agents"]`: [{id, programs, packages}]. Of a command line only the program is told.
    """
    found, limits = {}, []
    for name in filter(str.isdigit, os.listdir("/proc")):
        pid = int(name)
        agent, program = _agent(pid, request["agents"])
        if not agent:
            continue
        confined = _confined(pid)
        about = sockets.describe(pid)
        if confined is None and os.path.exists("/proc/%d" % pid):
            reason = "only root can see how %s started process %d" % (about["user"], pid)
            limits.append({"subject": None, "reason": reason})
        if confined is not None:
            found[pid] = {
                "agent": agent,
                "user": about["user"],
                "pid": pid,
                "program": program,
                "confined": confined,
            }
    first = [row for pid, row in sorted(found.items()) if not _has_parent(pid, row, found)]
    return {"processes": first, "limits": limits}


def _agent(pid, agents):
    """(id, path of the program or of its script) of the agent that a process is, or (None, "")."""
    words = sockets.arguments(pid)
    if not words or os.path.basename(words[0]) in _OURS:
        return None, ""
    script = words[0]
    if _INTERPRETERS.search(os.path.basename(words[0])):
        script = next((word for word in words[1:] if not word.startswith("-")), "")
    places = [script, sockets.program(pid)]
    for agent in agents:
        if any(
            "/node_modules/%s/" % name in place for name in agent["packages"] for place in places
        ):
            return agent["id"], script if "/" in script else places[1]
        if command_line.runs(command_line.words(words), agent["programs"]):
            return agent["id"], script if "/" in script else places[1]
    return None, ""


def _confined(pid):
    """Whether a process sees the launcher's mark; None where we may not know, or it is gone."""
    try:
        with open("/proc/%d/mountinfo" % pid, "rb") as mounts:
            return _MARK in mounts.read()
    except OSError:
        return None


def _has_parent(pid, row, found):
    """Whether one of its ancestors is the same agent's process."""
    for _ in range(20):
        pid = _parent(pid)
        if pid in found:
            return found[pid]["agent"] == row["agent"]
        if pid <= 1:
            break
    return False


def _parent(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as stat:
            return int(stat.read().rpartition(")")[2].split()[1])
    except OSError:
        return 0
