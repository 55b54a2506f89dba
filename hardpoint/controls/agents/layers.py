"""A layer of one agent: the policy's meaning in that agent's language, put in place and kept.

`claude-code-sandbox` is an instance: the layer `sandbox` as languages/claude_code.py says it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from hardpoint.control import Control, HostView, Metadata, Reference, Subject, Vantage
from hardpoint.controls.agents.installed import on_host, untested
from hardpoint.controls.agents.intention import DEFAULTS, POLICY, intended, intention
from hardpoint.controls.agents.language import Keys, Language, OwnFile
from hardpoint.controls.agents.rows import agents
from hardpoint.controls.agents.shadows import shadowed
from hardpoint.controls.agents.tried import ways
from hardpoint.facts.trust import Trust
from hardpoint.operations import Desired
from hardpoint.operations.document import Document, Fragment
from hardpoint.operations.file import File
from hardpoint.outcome import Finding, ProofResult, Severity


@cache
def _kinds() -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_name("layers.yaml").read_text())


class AgentLayer(Control):
    """One layer of one agent, system-wide; it concerns a host where anybody has that agent."""

    def __init__(self, language: Language, layer: str) -> None:
        kind, self.name = _kinds()[layer], agents()[language.agent].name
        self.language, self.layer = language, layer
        id = f"{language.agent}-{layer}"
        super().__init__(
            Metadata(
                id=id,
                family="agents",
                title=kind["title"].format(name=self.name),
                severity=Severity(kind["severity"]),
                risk=kind["risk"].format(name=self.name),
                changes=kind["changes"].format(name=self.name),
                undo=f"hardpoint rollback --control {id}",
                profiles=tuple(kind["profiles"]),
                mappings=tuple(
                    Reference(framework, name)
                    for framework, names in kind["mappings"].items()
                    for name in names
                ),
                sources=language.sources,
                requires=(POLICY, *kind.get("requires", ()), *language.requires.get(layer, ())),
            )
        )

    @property
    def pieces(self) -> tuple[OwnFile | Keys, ...]:
        """What it would write for a policy that has something for each key: what a check reads."""
        every = intended({**DEFAULTS, "mcp_servers": ["any"]})
        return self.language.layers[self.layer](every).pieces

    def subjects(self, host: HostView) -> list[Subject]:
        return on_host(host, self.language.agent)

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        """Others' hands on what the agent obeys; a version that nobody tried is noted."""
        untested(host, self.language.agent)
        paths = self.language.trusted
        states = host.read(Trust, paths=list(paths))["paths"] if paths else {}
        for path in paths:
            weak = states.get(path, {}).get("weak")
            if weak:
                yield Finding(
                    seen=f"{self.name} obeys {path}, which is not root's alone",
                    who="whoever can change it decides what the agent may do",
                    why=f"{weak} belongs to somebody else, or others may write there",
                    fix=f"sudo chown root:root {weak} && sudo chmod go-w {weak}",
                )
        mine = tuple(one for one in self.language.shadows if one.layer == self.layer)
        yield from shadowed(host, mine)

    def prove(self, vantage: Vantage, host: HostView, subject: Subject) -> ProofResult | None:
        groups = _kinds()[self.layer].get("proven_by")
        return vantage.tried(ways(host, self.language.agent), groups) if groups else None

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        words = self.language.layers[self.layer](intention(host))
        for piece in words.pieces:
            yield self._desired(piece, subject)

    def _desired(self, piece: OwnFile | Keys, subject: Subject) -> Desired:
        if isinstance(piece, OwnFile):
            return File(piece.path, piece.content)
        fragments = tuple(
            Fragment(
                self.id,
                subject.name,
                key,
                value,
                merge="union" if key in piece.union else "conflict",
            )
            for key, value in piece.values.items()
        )
        return Document(piece.path, None, piece.format, fragments)
