"""What the policy means for coding agents, said once; each agent's language is made from it.

The options of `agent-policy` add to, and take from, what stands in intention.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import StringConstraints

from hardpoint.control import HostView, Option
from hardpoint.controls.agents.telemetry import LOG, PORT
from hardpoint.facts.machine import Machine

POLICY = "agent-policy"
"""The control whose options they are."""

Profile = Literal["research", "coder", "operator"]
Danger = Literal[
    "force-push", "pipe-to-shell", "delete-outside", "disk", "cloud", "history", "privilege"
]
DANGERS: tuple[str, ...] = get_args(Danger)
Place = Annotated[str, StringConstraints(pattern=r"^[^/~\x00-\x1f][^\x00-\x1f]{0,200}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_*][A-Za-z0-9_*]{0,100}$")]
Domain = Annotated[
    str,
    StringConstraints(
        pattern=r"^(\*\.)?[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,10}(:\d{1,5})?$"
    ),
]

OPTIONS = {
    "profile": Option(
        Profile,
        "coder",
        "What an agent may do: research reads a project and asks its model; coder works in the "
        "project and reaches the domains; operator may install packages too.",
    ),
    "protect_homes": Option(
        list[Place], [], "More that no agent may read, below each home: a folder means all of it."
    ),
    "protect_projects": Option(
        list[Place], [], "More names or paths that no agent may read, at any depth of a project."
    ),
    "exempt": Option(
        list[Place], [], "Names or paths that agents may read although a pattern protects them."
    ),
    "protect_environment": Option(
        list[Name],
        [],
        "More variables that an agent's commands may not see; * stands for any text.",
    ),
    "keep_unwritten_homes": Option(
        list[Place], [], "More that agents may read and never write, below each home."
    ),
    "keep_unwritten_projects": Option(
        list[Place], [], "More that agents may read and never write, in a project."
    ),
    "domains": Option(
        list[Domain],
        [],
        "More hosts that an agent's commands may reach: a name, or *.name for all below it.",
    ),
    "allow_dangerous": Option(
        list[Danger], [], "Classes of dangerous commands that agents may run after all."
    ),
    "mcp_servers": Option(
        list[str], [], "Names of the MCP servers that agents may start; empty: any."
    ),
}
DEFAULTS = {name: option.default for name, option in OPTIONS.items()}


@dataclass(frozen=True)
class Intention:
    """What is protected, dangerous and allowed on one host.

    `home`, `project`, `exempt`, `persistent_home` and `persistent_project` are relative paths or
    fnmatch patterns; `system` is absolute; `homes` are (user, home); `audit_port` is
    where the audit log takes OpenTelemetry.
    """

    profile: str
    home: tuple[str, ...]
    project: tuple[str, ...]
    exempt: tuple[str, ...]
    system: tuple[str, ...]
    environment: tuple[str, ...]
    dangerous: tuple[str, ...]
    domains: tuple[str, ...]
    persistent_home: tuple[str, ...]
    persistent_project: tuple[str, ...]
    mcp_servers: tuple[str, ...]
    homes: tuple[tuple[str, str], ...] = ()
    audit_port: int = PORT


@cache
def _basis() -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_name("intention.yaml").read_text())


def intention(host: HostView) -> Intention:
    """As the policy has it on this host, with the homes that are there."""
    people = host.read(Machine)["users"]
    homes = tuple((one["name"], one["home"]) for one in people)
    port = host.options_of(LOG).get("port", PORT)
    return replace(intended(host.options_of(POLICY), homes), audit_port=port)


def intended(options: Mapping[str, Any], homes: Iterable[tuple[str, str]] = ()) -> Intention:
    """The intention of these options of agent-policy."""
    basis = _basis()
    protected, persistent = basis["protected"], basis["persistent"]
    allowed = options["allow_dangerous"]
    return Intention(
        profile=options["profile"],
        home=_more(protected["home"], options["protect_homes"]),
        project=_more(protected["project"], options["protect_projects"]),
        exempt=_more(protected["exempt"], options["exempt"]),
        system=tuple(protected["system"]),
        environment=_more(basis["environment"], options["protect_environment"]),
        dangerous=tuple(one for one in basis["dangerous"] if one not in allowed),
        domains=_more(basis["network"]["allow"], options["domains"]),
        persistent_home=_more(persistent["home"], options["keep_unwritten_homes"]),
        persistent_project=_more(persistent["project"], options["keep_unwritten_projects"]),
        mcp_servers=tuple(options["mcp_servers"]),
        homes=tuple(homes),
    )


def _more(basis: list[str], added: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*basis, *added]))
