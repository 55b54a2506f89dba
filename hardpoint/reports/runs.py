"""What `hardpoint runs` prints: the runs that each host's journal knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hardpoint.reports.text import columns, machine, number, printable


def render(found: Mapping[str, list[dict[str, Any]] | str]) -> str:
    """host -> its runs, newest first, or the reason why they can't be seen."""
    return "\n\n".join(f"{machine(host)}\n{_of_host(runs)}" for host, runs in found.items())


def _of_host(runs: list[dict[str, Any]] | str) -> str:
    if isinstance(runs, str):
        return f"  {printable(runs)}"
    if not runs:
        return "  nothing was applied here"
    rows = [
        (
            printable(run["id"]),
            printable(run["state"]),
            printable(run["who"]),
            number(int(run["entries"]), "change"),
            printable(", ".join(run["controls"])),
        )
        for run in runs
    ]
    return "\n".join(columns(rows, indent="  "))
