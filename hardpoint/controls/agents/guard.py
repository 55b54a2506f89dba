"""The guard that agents ask before each tool call: installed before any agent is told of it."""

from __future__ import annotations

from collections.abc import Iterator

from hardpoint.control import HOST_SUBJECT, Control, HostView, Metadata, Reference, Subject
from hardpoint.controls.agents import hooks
from hardpoint.controls.agents.installed import on_host
from hardpoint.controls.agents.intention import POLICY
from hardpoint.operations import Desired
from hardpoint.operations.program import folder, program
from hardpoint.outcome import Severity

METADATA = Metadata(
    id="agent-guard",
    family="agents",
    title="A guard that agents can't change judges their tool calls",
    severity=Severity.MEDIUM,
    risk="a list of forbidden texts lets the same command pass in other words; and an agent whose hook "
    "is missing or broken runs everything unasked",
    changes=f"Installs {folder('guard')}, root's alone: it reads a tool call, follows it through quoting, "
    "variables, nested shells and links, and answers by the policy. It is a second layer; the sandbox "
    "is the first.",
    undo="hardpoint rollback --control agent-guard",
    profiles=("recommended", "strict"),
    requires=(POLICY,),
    mappings=(
        Reference("OWASP LLM", "LLM03:2026"),
        Reference("OWASP Agentic", "ASI02:2026"),
        Reference("OWASP Agentic", "ASI05:2026"),
        Reference("MITRE ATLAS", "AML.T0050@2026.09"),
        Reference("MITRE ATLAS", "AML.M0028@2026.09"),
        Reference("CIS Controls", "2.7@v8.1"),
        Reference("NIST SP 800-53", "AC-3@r5"),
        Reference("NIST SP 800-53", "CM-7@r5"),
    ),
    sources=(
        "https://code.claude.com/docs/en/hooks",
        "https://developers.openai.com/codex/hooks/",
        "https://geminicli.com/docs/hooks/reference",
        "https://docs.github.com/en/copilot/reference/hooks-reference",
        "https://opencode.ai/docs/plugins",
        "https://cursor.com/docs/hooks",
    ),
)


class GuardInstalled(Control):
    """The guard is on a host where somebody has an agent that can ask it."""

    def __init__(self) -> None:
        super().__init__(METADATA)

    def subjects(self, host: HostView) -> list[Subject]:
        return [HOST_SUBJECT] if any(on_host(host, agent) for agent in hooks.AGENTS) else []

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        yield from program("guard")
