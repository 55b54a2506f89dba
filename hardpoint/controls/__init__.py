"""All controls, one folder a family: kinds are classes, instances are rows of data."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from hardpoint.control import Registry
from hardpoint.controls.host.reader import SUDOERS, ReaderInstalled
from hardpoint.controls.services import catalogue
from hardpoint.controls.services.setting import ServiceSetting
from hardpoint.facts import READER


@cache
def registry() -> Registry:
    """Every control that hardpoint ships."""
    services = catalogue.load()
    return Registry([*services, ReaderInstalled(readable(services))])


def readable(services: Sequence[ServiceSetting]) -> dict[str, Any]:
    """What the root-owned reader may be asked for: what these controls ask in a check."""
    variables = {s.variable.name for s in services if s.variable}
    documents = [s.wanted_documents() for s in services]
    return {
        "variables": sorted(variables),
        "programs": [],
        "flags": [],
        "identify": sorted({s.service.identify for s in services}),
        "documents": [document for group in documents for document in group],
        "files": [READER, SUDOERS],
        "apps": sorted({s.service.app for s in services if s.service.app}),
        "switches": [s.switch.query for s in services if s.switch],
    }
