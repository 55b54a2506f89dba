"""The services catalogue: rows of catalogue.yaml become controls.

A row is validated in full: an unknown key, a wrong type or a rule that does not exist stops the
import, so that a mistake is found by the first test.
"""

from __future__ import annotations

from collections.abc import Collection
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict, Field

from hardpoint.control import Metadata, Option, Reference
from hardpoint.controls.services.loopback import Loopback
from hardpoint.controls.services.macos import Switch
from hardpoint.controls.services.origins import Origins
from hardpoint.controls.services.rules import RULES
from hardpoint.controls.services.setting import Key, Service, ServiceSetting, Variable
from hardpoint.outcome import Severity

KINDS: dict[str, type[ServiceSetting]] = {"loopback": Loopback, "origins": Origins}


class Row(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ServiceRow(Row):
    name: str
    processes: list[str]
    port: int
    identify: str
    version_key: str = ""
    units: list[str] = []
    app: str = ""
    stop: str
    start: str


class VariableRow(Row):
    name: str
    rule: str
    pinned: bool
    clients: bool = False


class KeyRow(Row):
    path: str
    key: list[str]
    rule: str


class SwitchRow(Row):
    path: str
    table: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    column: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    words: str


class ControlRow(Row):
    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)+$")
    kind: str
    service: str
    title: str
    severity: Severity
    risk: str
    changes: str
    undo: str
    profiles: list[str]
    requires: list[str] = []
    aliases: list[str] = []
    sources: list[str]
    mappings: dict[str, list[str]]
    variable: VariableRow | None = None
    keys: list[KeyRow] = []
    switch: SwitchRow | None = None


class Catalogue(Row):
    services: dict[str, ServiceRow]
    controls: list[ControlRow]


def load() -> list[ServiceSetting]:
    """All controls of the catalogue that we ship."""
    return parse(
        resources.files(__package__).joinpath("catalogue.yaml").read_text(encoding="utf-8")
    )


def parse(text: str) -> list[ServiceSetting]:
    """The controls of a catalogue's text. Raises ValueError (pydantic's is one) for a mistake."""
    catalogue = Catalogue.model_validate(yaml.safe_load(text))
    for row in catalogue.controls:
        _check_names(row, catalogue)
    return [_control(row, catalogue.services[row.service]) for row in catalogue.controls]


def _check_names(row: ControlRow, catalogue: Catalogue) -> None:
    parts = [part for part in (row.variable, *row.keys) if part is not None]
    if not parts:
        raise ValueError(f"{row.id}: it has neither a variable nor keys")
    names: list[tuple[str, str, Collection[str]]] = [
        ("kind", row.kind, KINDS),
        ("service", row.service, catalogue.services),
        *(("rule", part.rule, RULES) for part in parts),
    ]
    for what, name, known in names:
        if name not in known:
            raise ValueError(f"{row.id}: no {what} is called {name!r}; there are {list(known)}")


def _control(row: ControlRow, service: ServiceRow) -> ServiceSetting:
    return KINDS[row.kind](
        _metadata(row, service),
        Service(
            service.name,
            tuple(service.processes),
            service.port,
            service.identify,
            service.version_key,
            service.stop,
            service.start,
            service.app,
        ),
        Variable(**row.variable.model_dump()) if row.variable else None,
        tuple(Key(key.path, tuple(key.key), key.rule) for key in row.keys),
        Switch(**row.switch.model_dump()) if row.switch else None,
    )


def _metadata(row: ControlRow, service: ServiceRow) -> Metadata:
    return Metadata(
        id=row.id,
        family="services",
        title=row.title,
        severity=row.severity,
        risk=row.risk,
        changes=row.changes,
        undo=row.undo,
        profiles=tuple(row.profiles),
        mappings=tuple(
            Reference(framework, id) for framework, ids in row.mappings.items() for id in ids
        ),
        sources=tuple(row.sources),
        requires=tuple(row.requires),
        aliases=tuple(row.aliases),
        options=_options(row, service),
    )


def _options(row: ControlRow, service: ServiceRow) -> dict[str, Option]:
    options = {"port": Option(int, service.port, f"The port that {service.name} listens on.")}
    if row.variable:
        options["units"] = Option(
            list[str],
            service.units,
            f"systemd units, of the system or of users, that run {service.name}.",
        )
    return options
