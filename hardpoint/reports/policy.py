"""What `hardpoint policy show HOST` prints: each control, each option, and where it is from."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import TYPE_CHECKING

from hardpoint.reports.text import columns, printable, value

if TYPE_CHECKING:
    from hardpoint.policy import PolicyRow


def render(rows: Iterable[PolicyRow]) -> str:
    """The rows of `policy_table` as text, a control's options under it."""
    lines = []
    for control, options in groupby(rows, key=lambda row: row.control):
        members = list(options)
        origin = printable(members[0].state_origin)
        lines.append(f"{control}: {members[0].state} ({origin})")
        table = [
            (row.option, f"= {value(row.value)}", printable(row.origin))
            for row in members
            if row.option
        ]
        lines += columns(table, indent="  ") if table else []
    return "\n".join(lines)
