"""Nothing that decides over an agent has changed since a person looked at it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from pydantic import StringConstraints

from hardpoint.control import Control, HostView, Metadata, Option, Reference, Subject, subjects_of
from hardpoint.controls.agents import review, watched
from hardpoint.controls.agents.installed import with_any
from hardpoint.facts.agents import AgentConfig
from hardpoint.facts.machine import Machine
from hardpoint.operations import Desired
from hardpoint.operations.file import File
from hardpoint.outcome import Finding, Severity

FOLDER = "/var/lib/hardpoint/agents"
MAC = "/var/db/hardpoint/agents"  # its root is read-only, and has no /var/lib
REVIEW = "hardpoint apply --control agent-config-integrity"
FEW = 5  # changes of one folder that are told one by one
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,100}\$?")

METADATA = Metadata(
    id="agent-config-integrity",
    family="agents",
    title="What decides over agents is what a person has reviewed",
    severity=Severity.HIGH,
    risk="whoever writes into an instruction, a skill, a hook or a settings file of an agent commands it "
    "in every session from then on",
    changes=f"Takes the present state as reviewed, and only when it is named: `{REVIEW}`. Then "
    f"{FOLDER}, which is root's alone, holds a keyed fingerprint of each settings file, instruction, skill, "
    "command, plugin and hook of a user and of their projects, with kinds and names of keys that allow "
    "something. The files themselves are never changed.",
    undo="hardpoint rollback --control agent-config-integrity",
    profiles=("recommended", "strict"),
    mappings=(
        Reference("OWASP LLM", "LLM01:2026"),
        Reference("OWASP Agentic", "ASI06:2026"),
        Reference("MITRE ATLAS", "AML.T0081@2026.09"),
        Reference("MITRE ATLAS", "AML.T0080@2026.09"),
        Reference("CIS Controls", "4.1@v8.1"),
        Reference("NIST SP 800-53", "CM-3@r5"),
        Reference("NIST SP 800-53", "SI-7@r5"),
    ),
    sources=(
        "Claude Code docs, settings, memory, skills, hooks, plugins (code.claude.com/docs)",
        "Codex docs, AGENTS.md, config.toml, rules, skills (developers.openai.com/codex)",
        "GitHub docs, Copilot CLI configuration directory (docs.github.com/copilot)",
        "Unicode Technical Standard 39, Security Mechanisms; Unicode TR 51 for emoji sequences",
    ),
    options={
        "accepted": Option(
            list[Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]],
            [],
            "Fingerprints of files with hidden text or a suspicious phrase that somebody has read and "
            "found harmless; the finding has them.",
        )
    },
    by_name=True,
)


class ReviewedConfig(Control):
    """Fingerprints of a user's files for agents, against those of the last review."""

    def __init__(self) -> None:
        super().__init__(METADATA)

    def subjects(self, host: HostView) -> list[Subject]:
        concerned = with_any(host)
        if not concerned:
            return []
        return subjects_of({name for name in _configs(host) if name in concerned})

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        config = _configs(host).get(subject.name)
        if config and _USER.fullmatch(subject.name):
            folder = MAC if host.read(Machine)["kernel"] == "Darwin" else FOLDER
            yield File(f"{folder}/{subject.name}.json", review.text(config), mode="0600")

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        answer = host.read(AgentConfig, **watched.query())
        config = answer["configs"].get(subject.name)
        if config is None:
            return
        yield from self._flagged(config["flags"], host.options["accepted"])
        reviewed = answer["reviewed"].get(subject.name)
        if review.is_review(reviewed):
            yield from self._changed(review.changes(config, reviewed), config["projects"])
        else:
            yield self._never(subject, config)

    def _flagged(self, flags: list[list[Any]], accepted: list[str]) -> Iterator[Finding]:
        for path, fingerprint, what, line in flags:
            if fingerprint not in accepted:
                yield Finding(
                    seen=f"an agent reads {path}, which has something suspicious: {what}",
                    who="whoever wrote it may command the agent behind its person's back",
                    why=f"{path}:{line} has it first",
                    fix=f"read it (cat -A shows what is hidden) and take it out; if it is harmless, in the "
                    f"policy: options: {{{self.id}: {{accepted: ['{fingerprint}']}}}}",
                )

    def _never(self, subject: Subject, config: dict[str, Any]) -> Finding:
        files, projects = len(config["files"]), len(config["projects"])
        return Finding(
            seen=f"nobody has reviewed what decides over the agents of {subject.name} "
            f"(files: {files}, projects: {projects})",
            who=self.metadata.risk,
            fix=f"look at them, then: {REVIEW}",
            severity=Severity.MEDIUM,
        )

    def _changed(self, changes: list[review.Change], projects: list[str]) -> Iterator[Finding]:
        quiet: dict[tuple[str, str], list[str]] = {}
        for change in changes:
            if change.growth:
                yield self._grown(change)
            else:
                place = _place(change.path, projects)
                quiet.setdefault((place, change.state), []).append(change.path)
        for (place, state), paths in quiet.items():
            if len(paths) > FEW:
                names = ", ".join(path.removeprefix(place + "/") for path in paths[:FEW])
                more = f"{names} and {len(paths) - FEW} more"
                yield self._plain(f"{len(paths)} files below {place}", state, f"{place} has {more}")
            else:
                for path in paths:
                    yield self._plain(path, state, f"{path} has another fingerprint")

    def _grown(self, change: review.Change) -> Finding:
        more = "; it ".join(growth.words for growth in change.growth)
        return Finding(
            seen=f"agents may do more than when {change.path} was reviewed: it {more}",
            who=self.metadata.risk,
            why=f"{change.path} has been {_WAS[change.state]} since",
            fix=f"take out what nobody meant, then: {REVIEW}",
            severity=Severity.MEDIUM if all(growth.mild for growth in change.growth) else None,
        )

    def _plain(self, what: str, state: str, why: str) -> Finding:
        return Finding(
            seen=f"{what} {'were' if ' files below ' in what else 'was'} {_WAS[state]} since the review",
            who=self.metadata.risk,
            why=why,
            fix=f"look at it, then: {REVIEW}",
            severity=Severity.MEDIUM,
        )


_WAS = {"new": "added", "changed": "changed", "gone": "removed"}


def _configs(host: HostView) -> dict[str, Any]:
    configs: dict[str, Any] = host.read(AgentConfig, **watched.query())["configs"]
    return configs


def _place(path: str, projects: Iterable[str]) -> str:
    """The project of a path, or else its folder: where changes are told together."""
    inside = [project for project in projects if path.startswith(project + "/")]
    if inside:
        return max(inside, key=len)
    parts = path.split("/")
    dotted = next((n for n, part in enumerate(parts) if part.startswith(".")), len(parts) - 2)
    return "/".join(parts[: min(dotted + 2, len(parts) - 1)])
