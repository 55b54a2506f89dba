"""Whom the controls of an agent concern, and whether its installed versions are ones that they know."""

from __future__ import annotations

from dataclasses import dataclass

from hardpoint.control import HOST_SUBJECT, HostView, Scope, Subject
from hardpoint.controls.agents.rows import agents, query
from hardpoint.controls.agents.versions import within
from hardpoint.facts.agents import Agents
from hardpoint.facts.machine import Machine


@dataclass(frozen=True)
class Install:
    """One install of an agent; `user` None: the system's, for everybody. See facts/agents.py."""

    agent: str
    user: str | None
    path: str
    version: str | None
    how: str
    running: bool = False

    @property
    def in_use(self) -> bool:
        """Not only left beside a newer one by the installer."""
        return self.how != "kept" or self.running

    @property
    def tested(self) -> bool:
        """Whether this is a version whose settings were tried."""
        tried = agents()[self.agent].tested
        if tried is None or self.version is None:
            return False
        return within(self.version, tried.since, tried.below)

    @property
    def text(self) -> str:
        return f"{self.version or 'no known version'} at {self.path}"


def installs(host: HostView, agent: str) -> list[Install]:
    """Every install of an agent: of the system first, then of users by name."""
    rows = (row for row in host.read(Agents, **query())["agents"] if row["agent"] == agent)
    return sorted((Install(**row) for row in rows), key=lambda one: (one.user or "", one.path))


def on_host(host: HostView, agent: str) -> list[Subject]:
    """The host itself, where anybody has the agent: for what is set once for all its users."""
    return [HOST_SUBJECT] if installs(host, agent) else []


def users_with(host: HostView, agent: str) -> list[Subject]:
    """The people who can start the agent: everybody where the system has it, else those who have it."""
    users = {one.user for one in installs(host, agent)}
    return [Subject(Scope.USER, name) for name in sorted(_people(host, users))]


def with_any(host: HostView) -> set[str]:
    """Names of the subjects whom some agent concerns: the host, and the people who can start one."""
    users = {row["user"] for row in host.read(Agents, **query())["agents"]}
    return {HOST_SUBJECT.name} | _people(host, users) if users else set()


def _people(host: HostView, users: set[str | None]) -> set[str]:
    """Those in whose homes something is; with the system's, None, everybody whose home is there."""
    everybody = host.read(Machine)["users"] if None in users else []
    return {name for name in users if name} | {
        user["name"] for user in everybody if user["state"] == "ok"
    }


def untested(host: HostView, agent: str, subject: Subject = HOST_SUBJECT) -> str | None:
    """Why the agent's settings may not do here what they did where they were tried, or None.

    Of the host: because of anybody's install; of a user: because of one that they can start. Called in
    `observe`, it makes a control that would be compliant unknown: an older or newer version may ignore a
    key without a word.
    """
    found = [
        one
        for one in installs(host, agent)
        if one.in_use and (subject == HOST_SUBJECT or one.user in (None, subject.name))
    ]
    reason = why_untested(agent, found)
    if reason:
        host.doubt(reason, subject.name)
    return reason


def why_untested(agent: str, found: list[Install]) -> str | None:
    """The same of these installs, in words."""
    row = agents()[agent]
    unknown = [one.text for one in found if not one.tested]
    if not unknown:
        return None
    if row.tested is None:
        return f"no version of {row.name} has been tried"
    return (
        f"{row.name} was tried from {row.tested.since} to below {row.tested.below}; here is "
        + ", ".join(unknown)
    )
