"""systemd services of the system and of every user."""

from __future__ import annotations

from typing import Any

from hardpoint.facts import Read


class Units(Read):
    """{units: [{manager: "system" | user, unit, load, active, sub, failed, enabled, installed,
    running_manager, fragment, files, newest, started, reload_needed,
    settings: {"OLLAMA_HOST": [{value, place}]}, running, clients, commands, running_commands}],
    limits}.

    Query: {"units": [...], "variables": [...]}, and if need be "programs", "flags", "masked". The
    last of `settings` is in force after a restart; `running` is what the present process was
    started with (None: not allowed to look). `installed`: [Install] can make it start by itself.

    With "programs" (patterns of payload/command_line.py) also every service that runs one of
    them, whatever its name, and named ones that are masked (load: "masked"). `commands`:
    [{program, flags: {"--host": text | True (no value) | None (computed)}, variables (set within
    the command line), place: "path:line", rewritable}] of the ExecStart= lines in force;
    `running_commands`: the same of the main process (None: none). A flag that is not given is left
    out, but None where arguments that are only known at run time may hold it. "masked": variables
    and flags whose values leave as "set", or "" where they are empty.
    """

    what = "units"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"units": [], "limits": []}


class CommandLineState(Read):
    """{wanted, present, reason, limits}: what our drop-in with a unit's command should be, and what
    is there: {type: file | absent | ..., sha256 (keyed on the host), mode, owner}. `wanted` is None
    where it can't be made, for `reason`, or can't be seen.

    Query: {"unit", "scope": "system" | "user", "path", "control", "programs", "add",
    "flags": {"--host": "127.0.0.1", or None to take it away}}.
    """

    what = "command_line"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"wanted": None, "present": None, "reason": ""}
