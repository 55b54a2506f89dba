"""What our journal on the host says."""

from __future__ import annotations

from typing import Any

from hardpoint.facts import Read


class Claims(Read):
    """{claims: [{control, subject, resource, run}]}: applied by us and not rolled back."""

    what = "claims"

    def request(self, query: dict[str, Any]) -> dict[str, Any]:
        return {"do": "claims"}

    @staticmethod
    def default() -> dict[str, Any]:
        return {"claims": []}


class Runs(Read):
    """{runs: [{run, who, began, ended, entries, controls, state}]}, newest first."""

    what = "runs"

    def request(self, query: dict[str, Any]) -> dict[str, Any]:
        return {"do": "runs"}

    @staticmethod
    def default() -> dict[str, Any]:
        return {"runs": []}
