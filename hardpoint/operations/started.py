"""A systemd unit of ours that is enabled and started, from its state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyinfra import host
from pyinfra.api import StringCommand, operation

from hardpoint import hostside, journal
from hardpoint.facts import Read
from hardpoint.facts.unit_states import UnitStates
from hardpoint.journal import Claim
from hardpoint.operations import Desired
from hardpoint.outcome import Change
from hardpoint.reading import reader_of


@operation()
def started(unit: str, files: tuple[str, ...], claim: Claim) -> Iterator[StringCommand]:
    """Enables a unit of the system and starts it: it is there now, and after the next boot.

    + unit: such as hardpoint-check.timer
    + files: unit files that this control puts in place, its own and of what it starts
    """
    reader = reader_of(host)
    names = [path.rpartition("/")[2] for path in files]
    states = reader.read(UnitStates, units=names)["units"]
    planned = () if host.state.is_executing else reader.planned_paths
    coming = sorted(set(planned) & set(files))
    actions = _until_started(states.get(unit), coming or _unread(states))
    if not actions:
        host.noop(f"{unit} is enabled and started")
        return
    what = " and ".join(action for action in actions if action != "daemon-reload")
    reader.announce(Change(f"{what} {unit}", unit, _said(states.get(unit)), "enabled, active"))
    resource = {"type": "unit", "unit": unit, "manager": "system"}
    yield journal.record(claim, resource, {"enabled": "enabled", "active": "active"})
    yield hostside.command(
        claim.request("unit", resource, unit=unit, manager="system", actions=actions)
    )


def _unread(states: dict[str, dict[str, Any]]) -> list[str]:
    """Units whose files systemd has not read as they are now."""
    return [name for name, state in states.items() if state["reload_needed"]]


def _until_started(state: dict[str, Any] | None, changed: list[str]) -> list[str]:
    """What is to be done; a running one restarts where its files, or those of what it starts, differ."""
    enabled = state is not None and state["enabled"] == "enabled"
    active = state is not None and state["active"] in ("active", "activating")
    actions = [] if enabled else ["enable"]
    actions += [] if active and not changed else ["restart" if active else "start"]
    return ["daemon-reload", *actions] if actions else []


def _said(state: dict[str, Any] | None) -> str:
    if state is None or state["load"] != "loaded":
        return "absent"
    return f"{state['enabled'] or 'not enabled'}, {state['active']}"


@dataclass(frozen=True)
class Started(Desired):
    """A unit of ours that runs now and after the next boot."""

    operation = started
    after_files = True

    unit: str
    files: tuple[str, ...]

    def reads(self) -> list[tuple[type[Read], dict[str, Any]]]:
        return [(UnitStates, {"units": [path.rpartition("/")[2] for path in self.files]})]
