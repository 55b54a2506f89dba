"""systemd units of the system or of a user: their state, and changing it.

A state: {"kind": "unit", "load": "loaded", "enabled": "enabled", "active": "active"}
"""

import os
import re
import time

from . import shell
from .errors import Refusal
from .userio import account

ACTIONS = ("daemon-reload", "enable", "disable", "start", "stop", "restart", "reload")
_NAME = re.compile(
    r"[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*\.(service|socket|timer|path|target|mount|automount|slice|swap)"
)
SETTLE = 0.5  # a service with a wrong configuration mostly dies at once
START_WAIT = 60


def check(unit, manager):
    if not isinstance(unit, str) or not _NAME.fullmatch(unit):
        raise Refusal("bad-request", "not a unit name: %r" % (unit,))
    if manager != "system":
        account(manager)


def state(unit, manager):
    """Its state now; Refusal "manager-down" when a user's manager is not running."""
    status, output = _systemctl(
        manager, ["show", "--property=LoadState,UnitFileState,ActiveState", "--", unit]
    )
    if status:
        raise Refusal(
            "unit-failed", "systemctl show %s: %s" % (unit, shell.plain(output).strip()[-500:])
        )
    shown = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
    return {
        "kind": "unit",
        "load": shown.get("LoadState", ""),
        "enabled": shown.get("UnitFileState", ""),
        "active": shown.get("ActiveState", ""),
    }


def running(state):
    return state["active"] in ("active", "activating", "reloading", "refreshing")


def enabled(state):
    """ "on", "runtime", "masked", "off", or "" where enabling means nothing (static, generated, no unit)."""
    known = {"enabled": "on", "enabled-runtime": "runtime", "disabled": "off", "masked": "masked"}
    return known.get(state["enabled"], "")


def same(one, other):
    return (running(one), enabled(one)) == (running(other), enabled(other))


def act(unit, manager, actions):
    """Do the actions in their order, wait for each; Refusal "unit-failed" with the end of its journal."""
    for action in actions:
        if action not in ACTIONS + ("mask", "unmask", "enable-runtime"):
            raise Refusal(
                "bad-request", "unknown action %r: one of %s" % (action, ", ".join(ACTIONS))
            )
    for action in actions:
        arguments = [action] if action == "daemon-reload" else [action, "--", unit]
        if action == "enable-runtime":
            arguments = ["enable", "--runtime", "--", unit]
        status, output = _systemctl(manager, arguments)
        if status:
            _failed(unit, manager, action, output)
        if action in ("start", "restart"):
            _stays_up(unit, manager, action)


def _stays_up(unit, manager, action):
    time.sleep(SETTLE)
    deadline = time.monotonic() + START_WAIT
    while True:
        now = state(unit, manager)["active"]
        if now == "failed" or (now == "activating" and time.monotonic() > deadline):
            _failed(unit, manager, action, "it is %s" % now)
        if now != "activating":
            return
        time.sleep(0.2)


def _failed(unit, manager, action, output):
    which = ["-u", unit] if manager == "system" else ["--user-unit", unit]
    try:
        lines = shell.run(
            ["journalctl", "--no-pager", "-o", "cat", "-n", "15", *which], timeout=15
        )[1]
    except Refusal:
        lines = ""
    lines = [line[:300] for line in shell.plain(lines).splitlines()[-15:]]
    said = shell.plain(output).strip().splitlines()[-1:] or [""]
    raise Refusal(
        "unit-failed", "\n".join(["%s %s failed: %s" % (action, unit, said[0][:300]), *lines])
    )


def _systemctl(manager, arguments):
    if not os.path.isdir("/run/systemd/system"):
        raise Refusal("unsupported", "this host is not run by systemd")
    if manager == "system":
        return shell.run(["systemctl", "--no-pager", "--no-ask-password", *arguments])
    entry = account(manager)
    place = "/run/user/%d" % entry.pw_uid
    if not os.path.exists(place + "/systemd/private"):
        raise Refusal(
            "manager-down",
            "%s has no running user manager: it needs a login, or lingering" % manager,
        )
    environment = {"XDG_RUNTIME_DIR": place, "DBUS_SESSION_BUS_ADDRESS": "unix:path=%s/bus" % place}
    return shell.run(
        ["systemctl", "--user", "--no-pager", *arguments], user=manager, environment=environment
    )
