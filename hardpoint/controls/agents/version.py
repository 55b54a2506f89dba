"""An agent's version is one that the other controls' rules were tried on."""

from __future__ import annotations

from collections.abc import Iterator

from hardpoint.control import (
    HOST_SUBJECT,
    Control,
    HostView,
    Metadata,
    Reference,
    Subject,
    subjects_of,
)
from hardpoint.controls.agents.installed import Install, installs, why_untested
from hardpoint.controls.agents.rows import agents
from hardpoint.operations import Desired
from hardpoint.outcome import Finding, Severity


def controls() -> list[AgentVersion]:
    """One for each agent of which versions were tried."""
    return [AgentVersion(id) for id, row in agents().items() if row.tested]


class AgentVersion(Control):
    """Unknown outside the tested range; an older one beside a tested one is told."""

    def __init__(self, agent: str) -> None:
        self.agent = agent
        self.name = agents()[agent].name
        super().__init__(_metadata(agent, self.name))

    def subjects(self, host: HostView) -> list[Subject]:
        return subjects_of({_owner(one) for one in installs(host, self.agent)})

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        yield from ()

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        found = [one for one in installs(host, self.agent) if one.in_use]
        mine = [one for one in found if _owner(one) == subject.name]
        reason = why_untested(self.agent, mine)
        if reason:
            host.doubt(reason, subject.name)
        beside = [one for one in found if one.tested and one.user in (None, subject.name)]
        for one in mine:
            if beside and not one.tested:
                yield self._told(one, beside[0])

    def _told(self, one: Install, beside: Install) -> Finding:
        runs = " still runs" if one.running else " is installed"
        return Finding(
            seen=f"{self.name} {one.version or 'of no known version'}{runs} beside {beside.version}",
            who=self.metadata.risk,
            why=f"{one.path} is started by whoever names it, or has it earlier on the PATH than "
            f"{beside.path}",
            fix=_remedy(one),
            severity=Severity.LOW,
        )


def _owner(one: Install) -> str:
    return one.user or HOST_SUBJECT.name


def _remedy(one: Install) -> str:
    if one.how == "kept":
        return f"end the sessions that run {one.path}"
    if one.how == "project":
        return f"update or remove it in the project's package.json ({one.path})"
    return f"update or remove {one.path} in the way it was installed ({one.how})"


def _metadata(agent: str, name: str) -> Metadata:
    return Metadata(
        id=f"{agent}-version",
        family="agents",
        title=f"The version of {name} is one whose settings were tried",
        severity=Severity.MEDIUM,
        risk="another version may ignore a rule, or know a way around it, without a word: you would "
        "believe yourself protected",
        changes="Nothing: versions are told, never changed. Outside the tested range every control of "
        f"{name} is unknown where it would be compliant.",
        undo="nothing to undo",
        profiles=("minimal", "recommended", "strict"),
        mappings=(
            Reference("OWASP LLM", "LLM04:2026"),
            Reference("OWASP Agentic", "ASI04:2026"),
            Reference("CIS Controls", "2.1@v8.1"),
            Reference("NIST SP 800-53", "CM-8@r5"),
        ),
        sources=("Semantic Versioning 2.0.0, 11: precedence (semver.org)",),
    )
