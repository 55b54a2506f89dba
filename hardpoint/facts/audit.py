"""The agents' audit log."""

from __future__ import annotations

from typing import Any

from hardpoint.facts import Read


class Audit(Read):
    """{present: bool, folder: {mode, owner} | None, socket: {mode, owner} | None, lines, bytes,
    first: time, last: time, found: how many problems, problems: [{what: edit | gap | order | cut |
    key | state, seq, file, count}]}.

    Query, optional: {"since": hours, "details": bool}; then also `period` and `before`
    (payload/audit_summary.py says their shape), and all of the log is gone over.
    """

    what = "audit"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"present": False, "folder": None, "socket": None, "found": 0, "problems": []}
