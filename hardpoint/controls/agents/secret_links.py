"""No name inside a project leads to a secret: a hard link beat every vendor's sandbox."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import StringConstraints

from hardpoint.control import Control, HostView, Metadata, Option, Reference, Subject, subjects_of
from hardpoint.controls.agents.installed import with_any
from hardpoint.controls.agents.intention import intention
from hardpoint.facts.agents import SecretLinks
from hardpoint.operations import Desired
from hardpoint.outcome import Finding, Severity

Folder = Annotated[str, StringConstraints(pattern=r"^(/[^/\x00-\x1f]{1,200}){1,20}$")]

METADATA = Metadata(
    id="secret-links",
    family="agents",
    title="No name inside a project leads to a secret",
    severity=Severity.HIGH,
    risk="an agent that works in the project, and whoever writes its instructions, reads the secret under "
    "a name that no deny rule and no vendor's sandbox knows",
    changes="Nothing: links are told with both paths and never deleted. The launcher masks them.",
    undo="nothing to undo",
    profiles=("minimal", "recommended", "strict"),
    mappings=(
        Reference("OWASP LLM", "LLM02:2026"),
        Reference("OWASP Agentic", "ASI03:2026"),
        Reference("MITRE ATLAS", "AML.T0055@2026.09"),
        Reference("MITRE ATLAS", "AML.T0086@2026.09"),
        Reference("CIS Controls", "3.3@v8.1"),
        Reference("NIST SP 800-53", "AC-3@r5"),
        Reference("NIST SP 800-53", "AC-6@r5"),
    ),
    sources=(
        "link(2), a hard link is the same inode; proc(5), fs.protected_hardlinks",
        "Measured: a hard link in the project was read in every sandbox of six agents (docs/agents.md)",
    ),
    options={
        "projects": Option(
            list[Folder],
            [],
            "Folders with projects, besides the git repositories below the homes: /srv/work.",
        )
    },
)


class NoSecretLinks(Control):
    """Secrets have one name each, as far as projects are concerned."""

    def __init__(self) -> None:
        super().__init__(METADATA)

    def subjects(self, host: HostView) -> list[Subject]:
        """People with projects, where there is an agent that could work in them."""
        agents = with_any(host)
        if not agents:
            return []
        return subjects_of(set(_links(host)["projects"]) & agents)

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        yield from ()

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        for link in _links(host)["links"]:
            if (link["user"] or "system") == subject.name:
                yield self._told(link)

    def _told(self, link: dict[str, Any]) -> Finding:
        path, secret = link["path"], link["secret"]
        hard = link["kind"] == "hard"
        how = "is another name of" if hard else "leads to"
        what = "the same inode" if hard else "a symbolic link"
        return Finding(
            seen=f"{path} {how} {secret}",
            who=self.metadata.risk,
            why=f"{path} has {what}",
            fix=f"if nothing needs it: {_remedy(path)} (what it leads to stays)",
            exposed=True,
        )


def _remedy(path: str) -> str:
    """A name that can't be shown as it is can't be typed either."""
    if path.isprintable():
        return f"rm -- {shlex.quote(path)}"
    return "remove it by hand, its name has characters that are shown escaped here"


def _links(host: HostView) -> dict[str, Any]:
    meant = intention(host)
    protected = {
        "home": list(meant.home),
        "project": list(meant.project),
        "exempt": list(meant.exempt),
        "system": list(meant.system),
    }
    return host.read(SecretLinks, protected=protected, roots=list(host.options["projects"]))
