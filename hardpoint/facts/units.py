"""systemd services of the system and of every user."""

from __future__ import annotations

from typing import Any

from hardpoint.facts import Read


class Units(Read):
    """{units: [{manager: "system" | user, unit, active, fragment, files, newest, started,
    reload_needed, settings: {"OLLAMA_HOST": [{value, place}]}, running, clients}], limits}.

    Query: {"units": [...], "variables": [...]}. The last of `settings` is in force after a
    restart; `running` is what the present process was started with (None: not allowed to look).
    """

    what = "units"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"units": [], "limits": []}
