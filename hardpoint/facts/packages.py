"""Packages of the system."""

from __future__ import annotations

from typing import Any

from hardpoint.facts import Read


class Packages(Read):
    """{packages: {"bubblewrap": "0.8.0-2" | None}}; None: not installed.

    Query: {"names": [...]}. Source: dpkg-query(1).
    """

    what = "packages"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"packages": {}}
