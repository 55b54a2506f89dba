"""State of single units of the system manager."""

from __future__ import annotations

from typing import Any

from hardpoint.facts import Read


class UnitStates(Read):
    """{units: {"x.timer": {load, active, enabled, reload_needed}}} of the system manager, in its own
    words: loaded, active, enabled.

    Query: {"units": [...]}. Source: systemctl(1), show.
    """

    what = "unit_states"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"units": {}}
