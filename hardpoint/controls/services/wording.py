"""What a control of the catalogue says that it changes, made of its knobs."""

from __future__ import annotations

from hardpoint.controls.services.schema import ControlRow, KeyRow, ServiceRow

_SAFE = {
    "bind-address": "to 127.0.0.1",
    "bind-with-port": "to 127.0.0.1 on the port in use",
    "origin-list": "to the entries that name one origin",
    "disabled": "to false",
    "token-mode": "to token",
    "enabled": "to True",
    "unset": "to nothing",
    "loopback-mode": "to loopback",
}


def changes(row: ControlRow, service: ServiceRow) -> str:
    """The sentences of `changes`: what is set where, and what is only reported."""
    said = [_variable(row), _flag(row), *(_keys(row.keys) if row.keys else [])]
    if not any(said):
        return (
            f"Nothing: {service.name} has no setting for it that can be forced. The finding names the "
            "exact command."
        )
    restarts = (
        "Restarts the service where it runs with something else." if said[0] or said[1] else ""
    )
    kept = "A server that was started by hand is reported, never stopped."
    return " ".join(part for part in (*said, restarts, kept) if part)


def _variable(row: ControlRow) -> str:
    variable = row.variable
    if variable is None or variable.rule not in _SAFE:
        return ""
    where = "" if variable.generic else ", and changes it in login environments and shell profiles"
    always = "Sets" if variable.pinned else "Where it is set otherwise, sets"
    safe = _SAFE[variable.rule]
    return f"{always} {variable.name} {safe} by a drop-in of the units that run it{where}."


def _flag(row: ControlRow) -> str:
    flag = row.flag
    if flag is None:
        return ""
    name = " or ".join(flag.names)
    if flag.rule == "not-blank":
        return f"Takes an empty {name} out of the command lines of its units, by a drop-in."
    if flag.rule == "absent":
        return f"Takes {name} out of its command line, by a drop-in of its units."
    more = ", and adds it where it is missing" if flag.pinned else ""
    return (
        f"Sets {name} {_SAFE[flag.rule]} in the command lines of its units (by a drop-in), of desktop "
        f"entries and crontabs{more}."
    )


def _keys(keys: list[KeyRow]) -> list[str]:
    changed = [key for key in keys if key.rule in _SAFE]
    if not changed:
        return []
    names = " and ".join(dict.fromkeys(".".join(key.key) for key in changed))
    files = ", ".join(dict.fromkeys(_place(key.path) for key in changed))
    return [f"Sets {names} {_SAFE[changed[0].rule]} in {files}; all else in the file stays."]


def _place(path: str) -> str:
    return path if path.startswith(("/", "{")) else f"~/{path}"
