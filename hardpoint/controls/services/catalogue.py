"""The services catalogue: each file of rows/ is a service with its controls.

A row is validated in full: an unknown key, a wrong type or a rule that does not exist stops the
import, so that a mistake is found by the first test.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

import yaml

from hardpoint.control import Metadata, Option, Reference
from hardpoint.controls.services.asked import Asked
from hardpoint.controls.services.authentication import Authentication
from hardpoint.controls.services.loopback import Loopback
from hardpoint.controls.services.macos import Switch
from hardpoint.controls.services.origins import Origins
from hardpoint.controls.services.schema import ControlRow, KindRow, ServiceRow, known
from hardpoint.controls.services.service import Flag, Key, Knobs, Service, Variable
from hardpoint.controls.services.setting import ServiceSetting
from hardpoint.controls.services.wording import changes

KINDS: dict[str, type[ServiceSetting]] = {
    "loopback": Loopback,
    "origins": Origins,
    "authentication": Authentication,
}
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, ten times as fast
_FOLDER = resources.files(__package__)


def services() -> tuple[Service, ...]:
    """Every service that we know."""
    return load()[0].asked.services


@cache
def load() -> list[ServiceSetting]:
    """All controls of the catalogue that we ship."""
    return controls(texts())


def texts() -> dict[str, str]:
    """The files that we ship: {id of a service: text}."""
    files = (one for one in _FOLDER.joinpath("rows").iterdir() if one.name.endswith(".yaml"))
    found = {one.name.removesuffix(".yaml"): one.read_text(encoding="utf-8") for one in files}
    return dict(sorted(found.items()))


def parse(files: Mapping[str, str]) -> dict[str, ServiceRow]:
    """The services of the files. Raises ValueError (pydantic's is one) for a mistake."""
    rows = {}
    for id, text in files.items():
        try:
            rows[id] = ServiceRow.model_validate(yaml.load(text, Loader=_Loader))
            for row in rows[id].controls:
                known("kind", row.kind, KINDS)
        except ValueError as error:
            raise ValueError(f"{id}.yaml: {error}") from error
    return rows


def controls(files: Mapping[str, str]) -> list[ServiceSetting]:
    """The controls of the files."""
    rows = parse(files)
    made = {id: _service(id, row) for id, row in rows.items()}
    every = [(made[id], row) for id, service in rows.items() for row in service.controls]
    asked = Asked(
        services=tuple(made.values()),
        default_units=tuple(unit for row in rows.values() for unit in row.units),
        knobs=tuple((service, _knobs(row)) for service, row in every),
        protected={service.id: row.protected for service, row in every if row.protected},
        remedies={service.id: row.remedy for service, row in every if row.remedy},
    )
    return [
        KINDS[row.kind](
            _metadata(row, service, rows[service.id]),
            service,
            _knobs(row),
            asked,
            Switch(**row.switch.model_dump()) if row.switch else None,
        )
        for service, row in every
    ]


@cache
def _kinds() -> dict[str, KindRow]:
    text = _FOLDER.joinpath("kinds.yaml").read_text(encoding="utf-8")
    return {name: KindRow.model_validate(row) for name, row in yaml.safe_load(text).items()}


def _service(id: str, row: ServiceRow) -> Service:
    return Service(
        id=id,
        name=row.name,
        programs=tuple(row.programs),
        port=row.port,
        dedicated=not row.shared,
        ports=tuple(row.ports),
        identify=row.identify,
        contains=row.contains,
        version_key=row.version_key,
        images=tuple(row.images),
        stop=row.stop,
        start=row.start,
        app=row.app,
    )


def _knobs(row: ControlRow) -> Knobs:
    return Knobs(
        Variable(**row.variable.model_dump()) if row.variable else None,
        Flag(**{**row.flag.model_dump(), "names": tuple(row.flag.names)}) if row.flag else None,
        tuple(Key(**{**key.model_dump(), "key": tuple(key.key)}) for key in row.keys),
    )


def _metadata(row: ControlRow, service: Service, whole: ServiceRow) -> Metadata:
    kind = _kinds()[row.kind]
    id = row.id or f"{service.id}-{kind.suffix}"
    mappings = row.mappings or kind.mappings
    return Metadata(
        id=id,
        family="services",
        title=row.title or kind.title.format(name=service.name),
        severity=row.severity or kind.severity,
        risk=row.risk,
        changes=row.changes or changes(row, whole),
        undo=f"hardpoint rollback --control {id}",
        profiles=tuple(row.profiles or kind.profiles),
        mappings=tuple(Reference(name, one) for name, ids in mappings.items() for one in ids),
        sources=tuple(row.sources),
        requires=tuple(row.requires),
        aliases=tuple(row.aliases),
        options=_options(row, service, whole),
    )


def _options(row: ControlRow, service: Service, whole: ServiceRow) -> dict[str, Option]:
    options = {"port": Option(int, service.port, f"The port that {service.name} listens on.")}
    if row.variable or row.flag or row.kind == "loopback":
        options["units"] = Option(
            list[str],
            whole.units,
            f"systemd units that run {service.name} and are not recognised by their command.",
        )
    if row.kind == "loopback":
        options["confine"] = Option(
            bool,
            False,
            "Let systemd cut its units off from every network but loopback, in both directions: for "
            "what has no setting and downloads nothing. Units of the system only.",
        )
    return options
