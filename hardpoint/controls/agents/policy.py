"""The policy for agents on a host: one file that our guard, launcher and proxy obey."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hardpoint.control import (
    HOST_SUBJECT,
    Control,
    HostView,
    Metadata,
    Reference,
    Subject,
    Vantage,
)
from hardpoint.controls.agents.installed import on_host
from hardpoint.controls.agents.intention import OPTIONS, POLICY, Intention, intention
from hardpoint.controls.agents.rows import agents
from hardpoint.controls.agents.schema import AgentRow
from hardpoint.controls.agents.telemetry import LOG, PORT
from hardpoint.controls.agents.tried import ways
from hardpoint.operations import Desired
from hardpoint.operations.file import File
from hardpoint.outcome import ProofResult, Severity

PATH = "/etc/hardpoint/agents.json"

METADATA = Metadata(
    id=POLICY,
    family="agents",
    title="Coding agents have one policy of what they may do",
    severity=Severity.MEDIUM,
    risk="what one agent is forbidden another does: each has its own rules, or none",
    changes=f"Writes {PATH}, root's alone and readable by all: what is protected, dangerous and allowed, "
    "as hardpoint's guard, launcher and proxy read it. The other controls of agents say the same in each "
    "agent's own language.",
    undo=f"hardpoint rollback --control {POLICY}",
    profiles=("minimal", "recommended", "strict"),
    mappings=(
        Reference("OWASP LLM", "LLM03:2026"),
        Reference("OWASP Agentic", "ASI02:2026"),
        Reference("MITRE ATLAS", "AML.M0026@2026.09"),
        Reference("CIS Controls", "4.1@v8.1"),
        Reference("NIST SP 800-53", "AC-6@r5"),
        Reference("NIST SP 800-53", "CM-6@r5"),
    ),
    sources=(
        "https://genai.owasp.org/llm-top-10/",
        "https://atlas.mitre.org/mitigations/AML.M0026",
    ),
    options=OPTIONS,
)


class AgentPolicy(Control):
    """The file is there and says what the policy means."""

    def __init__(self) -> None:
        super().__init__(METADATA)

    def subjects(self, host: HostView) -> list[Subject]:
        return [HOST_SUBJECT] if any(on_host(host, agent) for agent in agents()) else []

    def prove(self, vantage: Vantage, host: HostView, subject: Subject) -> ProofResult | None:
        """All that is meant, by whatever layer holds it."""
        return vantage.tried([way for agent in agents() for way in ways(host, agent)])

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        yield File(PATH, compiled(intention(host), host.options_of(LOG)["port"]))


def compiled(meant: Intention, log: int = PORT) -> str:
    """The file's text: version 1, as docs/agents.md describes it. log: port of the audit log."""
    content = {
        "version": 1,
        "protected": {
            "home": meant.home,
            "project": meant.project,
            "exempt": meant.exempt,
            "system": meant.system,
        },
        "environment": meant.environment,
        "dangerous": meant.dangerous,
        "network": {"allow": meant.domains},
        "persistent": {"home": meant.persistent_home, "project": meant.persistent_project},
        "profile": meant.profile,
        "mcp_servers": meant.mcp_servers,
        "agents": {id: _agent(row, log) for id, row in agents().items() if row.launch},
    }
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def _agent(row: AgentRow, log: int) -> dict[str, Any]:
    launch = row.launch
    assert launch is not None
    return {
        "program": launch.program,
        "provider": [*launch.provider, f"127.0.0.1:{log}"],
        "state": launch.state,
        "settings": launch.settings,
        "copied": launch.copied,
        "environment": launch.environment,
        "confined": not launch.own_sandbox,
    }
