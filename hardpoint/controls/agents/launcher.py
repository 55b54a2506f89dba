"""hardpoint-run on a host, and the agents that start in it when somebody types their name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

from hardpoint import templates
from hardpoint.control import HOST_SUBJECT, Control, HostView, Metadata, Option, Reference, Subject
from hardpoint.controls.agents.installed import on_host
from hardpoint.controls.agents.intention import POLICY
from hardpoint.controls.agents.rows import agents
from hardpoint.controls.agents.schema import AgentRow
from hardpoint.facts.agents import AgentProcesses
from hardpoint.facts.files import FileStates
from hardpoint.operations import Desired
from hardpoint.operations.file import File
from hardpoint.operations.program import INSTALLED, command, program
from hardpoint.outcome import Finding, Severity

COMMAND = "/usr/local/bin/hardpoint-run"
SHIMS = f"{INSTALLED}/bin"
PROFILE = "/etc/profile.d/zz-hardpoint-agents.sh"
ENVIRONMENT = "/etc/environment.d/90-hardpoint-agents.conf"
FISH = "/etc/fish"
FISH_CONFIG = f"{FISH}/conf.d/zz-hardpoint-agents.fish"

METADATA = Metadata(
    id="agent-launcher",
    family="agents",
    title="Agents without a sandbox of their own start in ours",
    severity=Severity.HIGH,
    risk="whoever writes a page, an issue or a file that the agent reads can read every key and "
    "project of its user, send them anywhere, and change his shell profiles and git hooks",
    changes=f"Installs {COMMAND}, which starts an agent where it sees the project and little else, and "
    "its proxy. For the agents that the option `start` means, puts a command of the same name into "
    f"{SHIMS}, and that folder first on the PATH: {PROFILE}, {ENVIRONMENT} and, where fish is, "
    f"{FISH_CONFIG}.",
    undo="hardpoint rollback --control agent-launcher",
    profiles=("recommended", "strict"),
    mappings=(
        Reference("OWASP LLM", "LLM03:2026"),
        Reference("OWASP LLM", "LLM02:2026"),
        Reference("OWASP Agentic", "ASI05:2026"),
        Reference("MITRE ATLAS", "AML.T0105@2026.09"),
        Reference("MITRE ATLAS", "AML.T0086@2026.09"),
        Reference("MITRE ATLAS", "AML.M0032@2026.09"),
        Reference("CIS Controls", "10.5@v8.1"),
        Reference("NIST SP 800-53", "SC-39@r5"),
        Reference("NIST SP 800-53", "AC-6@r5"),
        Reference("NIST SP 800-53", "SC-7(5)@r5"),
    ),
    sources=(
        "bwrap(1)",
        "environment.d(5)",
        "seccomp(2)",
        "Measured: six agents, approve-everything mode, in a sandbox of bubblewrap (docs/launcher.md)",
    ),
    requires=(POLICY, "bubblewrap-installed"),
    options={
        "start": Option(
            Literal["without-sandbox", "all", "none"],
            "without-sandbox",
            "Which agents start in it when their name is typed: those whose own sandbox does not hold, "
            "all, or none.",
        )
    },
)


class AgentLauncher(Control):
    """The launcher is there, the agents' names lead to it, and no agent runs outside."""

    def __init__(self) -> None:
        super().__init__(METADATA)

    def subjects(self, host: HostView) -> list[Subject]:
        return [HOST_SUBJECT] if any(on_host(host, id) for id in _launched()) else []

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        meant = _meant(host)
        for process in host.read(AgentProcesses, **query())["processes"]:
            id = process["agent"]
            if id in meant and not process["confined"]:
                yield Finding(
                    seen=f"{agents()[id].name} of {process['user']} runs outside the launcher: "
                    f"process {process['pid']}",
                    who=self.metadata.risk,
                    why=f"{process['program']} was started itself, or before the launcher was there",
                    fix=f"end it, and start it as: hardpoint-run {meant[id]}",
                    exposed=True,
                )

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        yield from program("proxy")
        yield from program("launcher")
        run = templates.render("agents/hardpoint-run.j2", launcher=command("launcher"))
        yield File(COMMAND, run, mode="0755")
        programs = sorted(name for id, name in _meant(host).items() if on_host(host, id))
        if not programs:
            return
        for name in programs:
            shim = templates.render("agents/shim.sh.j2", command=COMMAND, program=name)
            yield File(f"{SHIMS}/{name}", shim, mode="0755")
        said = {"folder": SHIMS, "command": COMMAND, "programs": programs}
        functions = [name for name in programs if re.fullmatch(r"[a-z_][a-z0-9_]*", name)]
        yield File(PROFILE, templates.render("agents/profile.sh.j2", functions=functions, **said))
        yield File(ENVIRONMENT, templates.render("agents/environment.conf.j2", **said))
        fish = host.read(FileStates, paths=[FISH])["files"].get(FISH, {})
        if fish.get("type") == "directory":
            yield File(FISH_CONFIG, templates.render("agents/config.fish.j2", **said))


def query() -> dict[str, Any]:
    """What a host is asked for."""
    return {
        "agents": [
            {"id": id, "programs": row.programs, "packages": row.packages}
            for id, row in _launched().items()
        ]
    }


def files() -> list[str]:
    """What it may write, and looks at, but for its programs."""
    shims = [f"{SHIMS}/{row.launch.program}" for row in _launched().values() if row.launch]
    return [COMMAND, PROFILE, ENVIRONMENT, FISH, FISH_CONFIG, *shims]


def _launched() -> dict[str, AgentRow]:
    return {id: row for id, row in agents().items() if row.launch}


def _meant(host: HostView) -> dict[str, str]:
    """{agent: its program} of those that start in the launcher on this host."""
    start = host.options["start"]
    return {
        id: row.launch.program
        for id, row in _launched().items()
        if row.launch and (start == "all" or (start != "none" and not row.launch.own_sandbox))
    }
