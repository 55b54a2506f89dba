"""Which files decide over agents, and which of their keys loosen one: watched.yaml as a question."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, field_validator

Kind = Literal[
    "rule", "refusal", "question", "folder", "mode", "switch", "server", "plugin", "marketplace",
    "command", "variable", "domain", "hook", "trust",
]  # fmt: skip


class Grant(BaseModel):
    """A key that loosens an agent, be it by any value or by one of `values`."""

    model_config = ConfigDict(extra="forbid")
    key: list[str]
    kind: Kind
    values: list[str | bool] | None = None

    @field_validator("key", mode="before")
    @classmethod
    def _split(cls, key: str) -> list[str]:
        return key.split()


class Watched(BaseModel):
    model_config = ConfigDict(extra="forbid")
    home: list[str]
    project: list[str]
    anywhere: list[str]
    state: list[str]
    grants: list[Grant]


@cache
def query() -> dict[str, Any]:
    """What a host is asked to look at."""
    text = resources.files(__package__).joinpath("watched.yaml").read_text(encoding="utf-8")
    return {"watched": Watched.model_validate(yaml.safe_load(text)).model_dump()}
