"""A program that agents' sandboxes are made of: there, and working for an ordinary user."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hardpoint.control import HOST_SUBJECT, Control, HostView, Metadata, Subject
from hardpoint.controls.agents.rows import query
from hardpoint.facts.agents import Agents
from hardpoint.facts.machine import Machine
from hardpoint.facts.tools import Tools
from hardpoint.operations import Desired
from hardpoint.operations.package import Package
from hardpoint.outcome import Finding

RUNTIME = "sandbox-runtime-installed"


@dataclass(frozen=True)
class Tool:
    """`program` as it is started, `package` as Debian calls it, `agents` those that need it (none
    named: all); sandbox-runtime needs every one. `without`: what they do where it is missing or broken."""

    metadata: Metadata
    program: str
    package: str
    without: str
    agents: tuple[str, ...] = ()


class ToolInstalled(Control):
    """Linux hosts with an agent that needs the tool; there it is started, and does what it is for."""

    def __init__(self, tool: Tool) -> None:
        super().__init__(tool.metadata)
        self.tool = tool

    def subjects(self, host: HostView) -> list[Subject]:
        linux = host.read(Machine)["kernel"] == "Linux"
        there = {row["agent"] for row in host.read(Agents, **query())["agents"]}
        for_all = not self.tool.agents or host.options_of(RUNTIME)["wanted"]
        needed = there if for_all else there & set(self.tool.agents)
        return [HOST_SUBJECT] if linux and needed else []

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        state = self.state(host)
        tool = state["tools"].get(self.tool.program)
        if tool is None or tool["works"] is not False:
            return  # it works, or it could not be tried, and that is noted
        if tool["path"]:
            yield self.broken(state, tool)
        else:
            yield Finding(
                seen=f"{self.tool.package} is not installed: {self.tool.without}",
                who=self.metadata.risk,
                fix=self.installing(state),
            )

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        state = self.state(host)
        if self.missing(state) and state["apt"]:
            yield Package(self.tool.package)

    def state(self, host: HostView) -> dict[str, Any]:
        """The answer of the read `tools`, for this tool alone."""
        return host.read(Tools, tools=[self.tool.program])

    def missing(self, state: dict[str, Any]) -> bool:
        """Whether it is known not to be there."""
        return state["tools"].get(self.tool.program, {}).get("path") == ""

    def installing(self, state: dict[str, Any]) -> str:
        """How to install it here."""
        if state["apt"]:
            return f"apt-get install {self.tool.package}"
        return f"install {self.tool.package} with this system's own package manager"

    def broken(self, state: dict[str, Any], tool: dict[str, Any]) -> Finding:
        """What to say of a tool that is there and fails."""
        return Finding(
            seen=f"{tool['path']} is there and does not work for {state['user']}: {self.tool.without}",
            who=self.metadata.risk,
            why=f"started by {state['user']}, it said: {tool['said']}",
            fix=f"install it anew: apt-get install --reinstall {self.tool.package}"
            if state["apt"]
            else self.installing(state),
        )
