"""All controls, one folder a family: kinds are classes, instances are rows of data."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from hardpoint.control import Registry
from hardpoint.controls.agents import rows as agents
from hardpoint.controls.agents import version
from hardpoint.controls.containers.daemon import ApiClosed, DefaultAddress
from hardpoint.controls.containers.published import PublishesLoopback
from hardpoint.controls.host.reader import SUDOERS, ReaderInstalled
from hardpoint.controls.host.self_check import SERVICE, TIMER, SelfCheck
from hardpoint.controls.services import catalogue
from hardpoint.controls.services.any_listener import NoExposedListener
from hardpoint.controls.services.setting import ServiceSetting
from hardpoint.facts import READER


@cache
def registry() -> Registry:
    """Every control that hardpoint ships."""
    services = catalogue.load()
    every = NoExposedListener(services[0].asked, services)
    containers = [PublishesLoopback(catalogue.services()), DefaultAddress(), ApiClosed()]
    reader = ReaderInstalled(readable(services))
    return Registry([every, *services, *containers, *version.controls(), reader, SelfCheck()])


def readable(services: Sequence[ServiceSetting]) -> dict[str, Any]:
    """What the root-owned reader may be asked for: what these controls ask in a check."""
    asked = services[0].asked
    units = asked.units()
    return {
        "variables": units["variables"],
        "programs": units["programs"],
        "flags": units["flags"],
        "services": asked.listeners()["services"],
        "documents": [*asked.documents(), DefaultAddress.document],
        "files": [READER, SUDOERS, SERVICE, TIMER],
        "apps": sorted({s.service.app for s in services if s.service.app}),
        "agents": agents.query()["agents"],
        "switches": [s.switch.query for s in services if s.switch],
    }
