"""In which ways the agents of a host are started, for their trials."""

from __future__ import annotations

from hardpoint.control import HostView
from hardpoint.controls.agents.installed import installs
from hardpoint.controls.agents.rows import agents
from hardpoint.facts.machine import Machine
from hardpoint.facts.trust import Trust
from hardpoint.proofs.trials import KNOWN, LAUNCHER, Agent


def ways(host: HostView, agent: str) -> list[Agent]:
    """Each install, as its user starts it; the system's as one of its users does.

    An agent whose own sandbox holds is tried by its own means, and by the launcher where that is there;
    another one by the launcher alone, or as it is where there is none.
    """
    launch = agents()[agent].launch
    if agent not in KNOWN or launch is None:
        return []
    found = host.read(Trust, paths=[LAUNCHER])["paths"].get(LAUNCHER, {}).get("found")
    ours = [LAUNCHER] if found else []
    means = [None, *ours] if launch.own_sandbox or not ours else ours
    users = [(one.path, one.user or _somebody(host)) for one in installs(host, agent) if one.in_use]
    return [
        Agent(agent, path, user, launcher)
        for path, user in dict.fromkeys(users)
        if user
        for launcher in means
    ]


def _somebody(host: HostView) -> str:
    """One of the people of the host, not root where there is another."""
    people = [user for user in host.read(Machine)["users"] if user["state"] == "ok"]
    return min(people, key=lambda user: (user["uid"] == 0, user["name"]))["name"] if people else ""
