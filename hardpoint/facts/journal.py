"""What our journal on the host says."""

from __future__ import annotations

from typing import Any

from pyinfra.api import StringCommand

from hardpoint import hostside
from hardpoint.facts import Read


class Claims(Read):
    """{claims: [{control, subject, resource, run}]}: applied by us and not rolled back."""

    def command(self, query: dict[str, Any] | None = None) -> StringCommand:
        return hostside.command({"do": "claims"})

    @staticmethod
    def default() -> dict[str, Any]:
        return {"claims": []}


class Runs(Read):
    """{runs: [{run, who, began, ended, entries, controls, state}]}, newest first."""

    def command(self, query: dict[str, Any] | None = None) -> StringCommand:
        return hostside.command({"do": "runs"})

    @staticmethod
    def default() -> dict[str, Any]:
        return {"runs": []}
