"""A systemd service that has read its present configuration: reload and restart, from state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyinfra import host
from pyinfra.api import StringCommand, operation

from hardpoint import hostside, journal
from hardpoint.facts.units import Units
from hardpoint.journal import Claim
from hardpoint.operations import Busy, Desired, Refused
from hardpoint.outcome import Change
from hardpoint.reading import Reader, reader_of


@operation()
def unit(
    unit: str,
    manager: str,
    files: tuple[str, ...],
    query: dict[str, Any],
    variables: tuple[str, ...],
    flags: tuple[str, ...],
    claim: Claim,
) -> Iterator[StringCommand]:
    """Reloads the manager and restarts the service where it runs with an older configuration.

    + unit: such as ollama.service
    + manager: system, or the user whose manager runs it
    + files: what this control puts in place for it
    + query: what the control reads units with (one read serves both)
    + variables, flags: those that the running process must have as its files say
    """
    reader = reader_of(host)
    row = find(reader, unit, manager, query)
    if row is None or not row["running_manager"]:
        host.noop(f"{unit} is not loaded: it reads its files when it starts")
        return
    planned = () if host.state.is_executing else reader.planned_paths
    coming = sorted(set(planned) & {*files, *row["files"]})
    actions = ["daemon-reload"] if row["reload_needed"] or coming else []
    # One that waits between two crashes, or has done its work, reads its files when it starts.
    runs = row["active"] in ("active", "activating") and row["alive"]
    reason = (_stale(row, coming, variables) or _other_flag(row, flags)) if runs else ""
    if reason and (obstacle := _obstacle(row)):
        raise Refused(obstacle)
    if reason:
        actions.append("restart")
    if not actions:
        host.noop(f"{unit} runs with its present configuration")
        return
    if reason and row["clients"] and not reader.restart_busy:
        clients = ", ".join(row["clients"][:3])
        raise Busy(f"{unit} is serving {clients}: try again later, or use --restart-busy")
    reader.announce(_change(unit, manager, actions, reason))
    resource = {"type": "unit", "unit": unit, "manager": manager}
    yield journal.record(claim, resource, {"active": row["active"]})
    yield hostside.command(
        claim.request("unit", resource, unit=unit, manager=manager, actions=actions)
    )


def find(reader: Reader, unit: str, manager: str, query: dict[str, Any]) -> dict[str, Any] | None:
    """The row of one unit of one manager; None where it doesn't exist."""
    rows = reader.read(Units, **query)["units"]
    matching = (row for row in rows if row["unit"] == unit and row["manager"] == manager)
    return next(matching, None)


def _obstacle(row: dict[str, Any]) -> str:
    """Why systemd would not start it again; "" where it would."""
    whose = "" if row["manager"] == "system" else "--user "
    if row["load"] == "masked":
        remedy = f"stop it (systemctl {whose}stop {row['unit']}), or unmask it"
        return f"{row['unit']} is masked and still runs as it was started: {remedy}"
    if row["load"] in ("bad-setting", "error"):
        verify, reload = (f"systemd-analyze {whose}verify", f"systemctl {whose}daemon-reload")
        remedy = f"mend them ({verify} {row['unit']}), then {reload}"
        return f"{row['unit']} runs as it was started, and systemd refuses its files: {remedy}"
    return ""


def _stale(row: dict[str, Any], coming: list[str], variables: tuple[str, ...]) -> str:
    """Why the running process does not have the configuration that is on disk; "" if it has."""
    if coming:
        return f"{coming[0]} will change"
    if row["reload_needed"]:
        return "systemd has not read its files again"
    if row["started"] is not None and row["started"] < row["newest"]:
        return "it started before its files were changed"
    running = row["running"]
    if running is not None:
        for name in variables:
            chain = row["settings"].get(name)
            configured = chain[-1]["value"] if chain else None
            if running.get(name) != configured:
                return f"it runs with another {name}"
    return ""


def _other_flag(row: dict[str, Any], flags: tuple[str, ...]) -> str:
    """Why the main process has other arguments than the unit gives it, as far as both are known."""
    for runs in row.get("running_commands") or ():
        meant = [c["flags"] for c in row["commands"] if c["program"] == runs["program"]]
        for name in flags:
            values = [given.get(name, "") for given in meant]
            if values and None not in values and runs["flags"].get(name, "") not in values:
                return f"it runs with another {name}"
    return ""


def _change(unit: str, manager: str, actions: list[str], reason: str) -> Change:
    whose = "" if manager == "system" else f" of {manager}"
    if "restart" in actions:
        return Change(f"restart {unit}{whose}: {reason}", unit, "running", "restarted")
    return Change(f"reload systemd{whose}: files of {unit} change", unit, "loaded", "reloaded")


@dataclass(frozen=True)
class Unit(Desired):
    """A service that, if it runs, runs with what its files say now."""

    operation = unit
    after_files = True

    unit: str
    manager: str
    files: tuple[str, ...]
    query: dict[str, Any]
    variables: tuple[str, ...]
    flags: tuple[str, ...] = ()
