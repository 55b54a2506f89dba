"""systemd units of the system or of a user: their state, and changing it.

A state: {"kind": "unit", "load": "loaded", "enabled": "enabled", "active": "active"}
"""

import os
import re
import time

from . import shell, unit_log
from .errors import Refusal
from .userio import account

ACTIONS = ("daemon-reload", "enable", "disable", "start", "stop", "restart", "reload")
_NAME = re.compile(
    r"[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*\.(service|socket|timer|path|target|mount|automount|slice|swap)"
)
SETTLE = 0.5  # a service with a wrong configuration mostly dies at once
START_WAIT = 60
RETRIES = 3  # a service that systemd starts again may come up after all: so often, then it is told
WATCH = 3.0  # and some die only after they have loaded what they are made of


def check(unit, manager):
    if not isinstance(unit, str) or not _NAME.fullmatch(unit):
        raise Refusal("bad-request", "not a unit name: %r" % (unit,))
    if manager != "system":
        account(manager)


def state(unit, manager):
    """Its state now; Refusal "manager-down" when a user's manager is not running."""
    shown = _show(unit, manager, "LoadState,UnitFileState,ActiveState")
    return {
        "kind": "unit",
        "load": shown.get("LoadState", ""),
        "enabled": shown.get("UnitFileState", ""),
        "active": shown.get("ActiveState", ""),
    }


def _show(unit, manager, properties):
    status, output = _systemctl(manager, ["show", "--property=" + properties, "--", unit])
    if status:
        raise Refusal(
            "unit-failed", "systemctl show %s: %s" % (unit, shell.plain(output).strip()[-500:])
        )
    return dict(line.split("=", 1) for line in output.splitlines() if "=" in line)


def reload_needed(unit):
    """Whether the system's manager knows older files of the unit than there are."""
    return _show(unit, "system", "NeedDaemonReload").get("NeedDaemonReload") == "yes"


def forget(unit):
    """Ends a system unit whose file is about to go, and removes what systemd keeps for it: its failure,
    its state directory, a timer's stamp. Why some of it may be left, or ""."""
    for arguments in (["stop"], ["reset-failed"], ["clean", "--what=state"]):
        status, output = _systemctl("system", [*arguments, "--", unit])
    if not status or "No matching resources" in output:
        return ""
    return "what %s wrote may be left: %s" % (unit, shell.plain(output).strip()[-300:])


def running(state):
    return state["active"] in ("active", "activating", "reloading", "refreshing")


def enabled(state):
    """ "on", "runtime", "masked", "off", or "" where enabling means nothing (static, generated, no unit)."""
    known = {"enabled": "on", "enabled-runtime": "runtime", "disabled": "off", "masked": "masked"}
    return known.get(state["enabled"], "")


def same(one, other):
    return (running(one), enabled(one)) == (running(other), enabled(other))


def act(unit, manager, actions):
    """Do the actions in their order, wait for each; Refusal "unit-failed" with the end of its journal,
    and `down`: whether a unit that was to run doesn't."""
    for action in actions:
        if action not in ACTIONS + ("mask", "unmask", "enable-runtime", "reset-failed"):
            raise Refusal(
                "bad-request", "unknown action %r: one of %s" % (action, ", ".join(ACTIONS))
            )
    began = time.time()
    for action in actions:
        arguments = [action] if action == "daemon-reload" else [action, "--", unit]
        if action == "enable-runtime":
            arguments = ["enable", "--runtime", "--", unit]
        status, output = _systemctl(manager, arguments)
        trouble = _complaint(output) if status else ""
        waited = action in ("start", "restart") and (not status or _again(unit, manager))
        if waited:
            trouble = _stays_up(unit, manager)
        if trouble or (status and not waited):
            said = "%s %s failed: %s" % (action, unit, trouble)
            raise _failed(unit, manager, said, began, waited)


def _again(unit, manager):
    """Whether it has failed, and systemd will try again by itself."""
    return _show(unit, manager, _VITALS).get("SubState") == _AGAIN


def _complaint(output):
    lines = [line for line in shell.plain(output).splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith("Warning:")), "")[:300]


def _stays_up(unit, manager):
    """ "" when it runs, else why not. One that dies and is started again has RETRIES attempts."""
    time.sleep(SETTLE)
    deadline = time.monotonic() + START_WAIT
    while True:
        shown = _show(unit, manager, _VITALS)
        trouble = _trouble(shown)
        late = time.monotonic() > deadline
        if trouble or (shown.get("ActiveState") == "activating" and late):
            return trouble or "it is still starting after %d s" % START_WAIT
        if shown.get("ActiveState") != "activating" and (late or _age(shown) >= SETTLE):
            return ""
        time.sleep(0.2)


_AGAIN = "auto-restart"
_VITALS = "ActiveState,SubState,Type,Result,NRestarts,ActiveEnterTimestampMonotonic"


def _trouble(shown):
    """Why a unit that was to run doesn't; "" where it runs or is starting."""
    active, restarts = shown.get("ActiveState"), int(shown.get("NRestarts") or 0)
    if active == "failed" or restarts >= RETRIES:
        again = ", again and again" if restarts else ""
        return "it does not stay up%s (%s)" % (again, shown.get("Result") or "failed")
    if active == "inactive" and shown.get("Type") != "oneshot":
        return "it has ended"
    return ""


def _age(shown):
    """Seconds since the unit became active."""
    since = int(shown.get("ActiveEnterTimestampMonotonic") or 0) / 1e6
    return time.clock_gettime(time.CLOCK_MONOTONIC) - since


def fallen(unit, manager, began):
    """None for a unit that has run for WATCH seconds; where it doesn't run, a Refusal as of `act`."""
    time.sleep(min(max(0, WATCH - _age(_show(unit, manager, _VITALS))), WATCH))
    shown = _show(unit, manager, _VITALS)
    dying = shown.get("SubState") == _AGAIN
    trouble = _trouble(shown) or ("it does not stay up (%s)" % shown.get("Result") if dying else "")
    if not trouble:
        return None
    return _failed(unit, manager, "%s: %s" % (unit, trouble), began, down=True)


def _failed(unit, manager, said, began, down):
    lines = unit_log.last_lines(unit, manager, began)
    down = down or not running(state(unit, manager))
    return Refusal("unit-failed", "\n".join([said, *lines]), down=down, journal=lines)


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
