"""systemd services of the system and of every user."""

from __future__ import annotations

from collections.abc import Iterable
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

    @staticmethod
    def query(
        units: Iterable[str],
        variables: Iterable[str],
        programs: Iterable[str] = (),
        flags: Iterable[str] = (),
        masked: Iterable[str] = (),
    ) -> dict[str, list[str]]:
        """The arguments of a read, without those that are empty: equal questions are sent once."""
        more = {"programs": list(programs), "flags": list(flags), "masked": list(masked)}
        return {
            "units": list(units),
            "variables": list(variables),
            **{name: value for name, value in more.items() if value},
        }
