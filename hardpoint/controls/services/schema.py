"""The shape of the catalogue's files: an unknown key, a wrong type or an unknown name is an error."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from hardpoint.controls.services.rules import RULES
from hardpoint.outcome import Severity

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid")


def known(what: str, name: str, names: Collection[str]) -> str:
    """The name, if there is such a thing."""
    if name not in names:
        raise ValueError(f"no {what} is called {name!r}; there are {sorted(names)}")
    return name


class Ruled(Row):
    rule: str

    @field_validator("rule")
    @classmethod
    def _is_known(cls, rule: str) -> str:
        return known("rule", rule, RULES)


class VariableRow(Ruled):
    name: str
    pinned: bool = False
    clients: bool = False
    generic: bool = False
    secret: bool = False


class FlagRow(Ruled):
    names: list[str]
    pinned: bool = False
    secret: bool = False


class KeyRow(Ruled):
    path: str
    key: list[str]
    format: str = "json"
    pinned: bool = False
    secret: bool = False


class SwitchRow(Row):
    path: str
    table: Name
    column: Name
    words: str


class ControlRow(Row):
    """One thing that should be true of a service. What stands in kinds.yaml need not be said."""

    kind: str
    id: str = Field("", pattern=r"^([a-z0-9]+(-[a-z0-9]+)+)?$")
    title: str = ""
    severity: Severity | None = None
    risk: str
    changes: str = ""
    profiles: list[str] = []
    requires: list[str] = []
    aliases: list[str] = []
    sources: list[str]
    mappings: dict[str, list[str]] = {}
    variable: VariableRow | None = None
    flag: FlagRow | None = None
    keys: list[KeyRow] = []
    switch: SwitchRow | None = None
    protected: str = ""
    remedy: str = ""


class ServiceRow(Row):
    """A file of the catalogue; its name is the service's id."""

    name: str
    programs: list[str]
    port: int
    shared: bool = False
    ports: list[int] = []
    identify: str = ""
    contains: str = ""
    version_key: str = ""
    units: list[str] = []
    images: list[str] = []
    app: str = ""
    stop: str = "kill {pid}; sleep 1"
    start: str
    controls: list[ControlRow] = []


class KindRow(Row):
    """What controls of one kind have in common."""

    suffix: str
    title: str
    severity: Severity
    profiles: list[str]
    mappings: dict[str, list[str]]
