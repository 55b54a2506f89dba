"""All controls, one folder a family: kinds are classes, instances are rows of data."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from hardpoint.control import Registry
from hardpoint.controls.agents import launcher, shadows, version, watched
from hardpoint.controls.agents import rows as agents
from hardpoint.controls.agents.audit_log import UNIT, AuditLog
from hardpoint.controls.agents.coverage import Coverage
from hardpoint.controls.agents.guard import GuardInstalled
from hardpoint.controls.agents.integrity import ReviewedConfig
from hardpoint.controls.agents.language import Keys, OwnFile
from hardpoint.controls.agents.languages import languages
from hardpoint.controls.agents.layers import AgentLayer
from hardpoint.controls.agents.policy import PATH, AgentPolicy
from hardpoint.controls.agents.secret_links import NoSecretLinks
from hardpoint.controls.containers.daemon import ApiClosed, DefaultAddress
from hardpoint.controls.containers.published import PublishesLoopback
from hardpoint.controls.host.reader import SUDOERS, ReaderInstalled
from hardpoint.controls.host.self_check import SERVICE, TIMER, SelfCheck
from hardpoint.controls.services import catalogue
from hardpoint.controls.services.any_listener import NoExposedListener
from hardpoint.controls.services.setting import ServiceSetting
from hardpoint.controls.tools import bubblewrap, sandbox_runtime
from hardpoint.controls.tools.rows import tools
from hardpoint.facts import READER
from hardpoint.operations.program import installed_files


@cache
def registry() -> Registry:
    """Every control that hardpoint ships."""
    services = catalogue.load()
    every = NoExposedListener(services[0].asked, services)
    containers = [PublishesLoopback(catalogue.services()), DefaultAddress(), ApiClosed()]
    coverage = [Coverage(one) for one in languages()]
    agent_controls = [AgentPolicy(), *agent_layers(), *coverage, *version.controls()]
    agent_controls += [GuardInstalled(), NoSecretLinks(), ReviewedConfig(), AuditLog(), *tools()]
    agent_controls += [launcher.AgentLauncher()]
    reader = ReaderInstalled(readable(services))
    return Registry([every, *services, *containers, *agent_controls, reader, SelfCheck()])


@cache
def agent_layers() -> tuple[AgentLayer, ...]:
    """What each coding agent is told, layer by layer."""
    return tuple(AgentLayer(one, layer) for one in languages() for layer in one.layers)


def readable(services: Sequence[ServiceSetting]) -> dict[str, Any]:
    """What the root-owned reader may be asked for: what these controls ask in a check."""
    asked = services[0].asked
    units = asked.units()
    pieces = [piece for layer in agent_layers() for piece in layer.pieces]
    return {
        "variables": [*units["variables"], *shadows.variables()],
        "programs": units["programs"],
        "flags": units["flags"],
        "services": asked.listeners()["services"],
        "documents": [
            *asked.documents(),
            DefaultAddress.document,
            *shadows.documents(),
            *(_document(piece) for piece in pieces if isinstance(piece, Keys)),
        ],
        "files": [
            *(READER, SUDOERS, SERVICE, TIMER, PATH, UNIT),
            *installed_files(),
            *(*bubblewrap.FILES, *sandbox_runtime.FILES, *launcher.files()),
            *(piece.path for piece in pieces if isinstance(piece, OwnFile)),
        ],
        "trusted": sorted({path for one in languages() for path in one.trusted}),
        "apps": sorted({s.service.app for s in services if s.service.app}),
        "agents": agents.query()["agents"],
        "tools": [one.tool.program for one in tools()],
        "packages": [one.tool.package for one in tools()],
        "watched": watched.query()["watched"],
        "switches": [s.switch.query for s in services if s.switch],
    }


def _document(piece: Keys) -> dict[str, Any]:
    return {
        "path": piece.path,
        "format": piece.format,
        "keys": [list(key) for key in piece.values],
    }
