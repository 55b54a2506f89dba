"""What an agent's language can't say: told by name, unless another layer of this run holds it."""

from __future__ import annotations

from collections.abc import Iterator

from hardpoint.control import Control, HostView, Metadata, Reference, Subject
from hardpoint.controls.agents.installed import on_host
from hardpoint.controls.agents.intention import intention
from hardpoint.controls.agents.language import Language, Unsaid
from hardpoint.controls.agents.rows import agents
from hardpoint.operations import Desired
from hardpoint.outcome import Finding, Severity


class Coverage(Control):
    """Everything that the policy means is held for this agent by some layer."""

    def __init__(self, language: Language) -> None:
        self.language, self.name = language, agents()[language.agent].name
        id = f"{language.agent}-coverage"
        super().__init__(
            Metadata(
                id=id,
                family="agents",
                title=f"Every part of the policy is held for {self.name} by some layer",
                severity=Severity.MEDIUM,
                risk="a person believes himself protected by a policy that this agent has no words for",
                changes="Nothing: it names what is open, and which control would hold it.",
                undo=f"hardpoint rollback --control {id}",
                profiles=("recommended", "strict"),
                mappings=(
                    Reference("OWASP LLM", "LLM03:2026"),
                    Reference("MITRE ATLAS", "AML.M0028@2026.09"),
                    Reference("CIS Controls", "4.1@v8.1"),
                    Reference("NIST SP 800-53", "CM-6@r5"),
                ),
                sources=language.sources,
            )
        )

    def subjects(self, host: HostView) -> list[Subject]:
        return on_host(host, self.language.agent)

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        yield from ()

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        meant = intention(host)
        for translate in self.language.layers.values():
            for unsaid in translate(meant).unsaid:
                if not set(unsaid.covered_by) & set(host.judged):
                    yield self._open(unsaid)

    def _open(self, unsaid: Unsaid) -> Finding:
        controls = " or ".join(unsaid.covered_by)
        return Finding(
            seen=f"{self.name} can't be told: {unsaid.what}",
            who=self.metadata.risk,
            why=f"no layer of this policy holds it for {self.name}",
            fix=f"ask for {controls} in the policy" if controls else "",
        )
