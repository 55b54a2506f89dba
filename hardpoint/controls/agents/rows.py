"""The agents catalogue: each file of rows/ is a coding agent."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import yaml

from hardpoint.controls.agents.schema import AgentRow

_FOLDER = resources.files(__package__).joinpath("rows")


@cache
def agents() -> dict[str, AgentRow]:
    """Every agent that we know, by its id. Raises ValueError for a mistake in a file."""
    found = {}
    for file in sorted(_FOLDER.iterdir(), key=lambda one: one.name):
        id, _, extension = file.name.rpartition(".")
        if extension == "yaml":
            try:
                text = file.read_text(encoding="utf-8")
                found[id] = AgentRow.model_validate(yaml.safe_load(text))
            except ValueError as error:
                raise ValueError(f"{file.name}: {error}") from error
    return found


@cache
def query() -> dict[str, Any]:
    """What a host is asked to look for."""
    parts = ("programs", "packages", "python", "places", "mark")
    return {
        "agents": [
            {"id": id, **{part: getattr(row, part) for part in parts}}
            for id, row in agents().items()
        ]
    }
