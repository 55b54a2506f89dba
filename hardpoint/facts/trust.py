"""Whether a program or file that root uses is root's alone."""

from __future__ import annotations

from typing import Any

from hardpoint.facts import Read


class Trust(Read):
    """{paths: {path: {found: bool, weak: "/home/alice" | ""}}}.

    Query: {"paths": [...]}. `weak` is the first part of the way to it, links included, that somebody
    else than root could change.
    """

    what = "trust"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"paths": {}}
