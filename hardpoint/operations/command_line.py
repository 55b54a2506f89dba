"""A unit's command with other flags: a drop-in of ours that repeats ExecStart=, made on the host.

Arguments can hold keys: neither they nor the drop-in's content ever come here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyinfra import host
from pyinfra.api import StringCommand, operation

from hardpoint import hostside, journal
from hardpoint.facts import Read
from hardpoint.facts.units import CommandLineState
from hardpoint.journal import Claim
from hardpoint.operations import Desired, Refused
from hardpoint.operations.file import fingerprint, refuse_what_is_in_the_way
from hardpoint.outcome import Change
from hardpoint.reading import reader_of


@operation()
def command_line(
    unit: str,
    manager: str,
    path: str,
    programs: tuple[str, ...],
    flags: Mapping[str, str | None],
    add: bool,
    control: str,
    claim: Claim,
) -> Iterator[StringCommand]:
    """Puts the drop-in in place, or takes it away where the unit's own command says all; journalled.

    + unit: such as vllm.service
    + manager: system, or a user: one drop-in serves the managers of all users
    + path: of the drop-in, in /etc/systemd/system/UNIT.d or /etc/systemd/user/UNIT.d
    + programs: patterns (payload/command_line.py); the flags of what they match are changed
    + flags: name to value, None to take the flag away
    + add: whether a flag that is not there is added
    + control: whose name the drop-in bears
    """
    reader = reader_of(host)
    query = _query(unit, manager, path, programs, flags, add, control)
    state = reader.read(CommandLineState, **query)
    if state["reason"]:
        raise Refused(state["reason"])
    wanted, present = state["wanted"], state["present"]
    if wanted == present:
        host.noop(f"{unit} has the wanted command")
        return
    refuse_what_is_in_the_way(path, present)
    summary = _summary(unit, path, flags, wanted)
    change = Change(summary, path, fingerprint(present), fingerprint(wanted))
    reader.announce(change, [path])
    resource = {"type": "file", "path": path, "user": None}
    intended = {"absent": True} if wanted["type"] == "absent" else {"mode": wanted["mode"]}
    yield journal.record(claim, resource, intended)
    more = {"drop_in": query, "expected": wanted.get("sha256")}
    yield hostside.command(claim.request("command_line", resource, **more))


def _query(
    unit: str,
    manager: str,
    path: str,
    programs: tuple[str, ...],
    flags: Mapping[str, str | None],
    add: bool,
    control: str,
) -> dict[str, Any]:
    """The same for all users of a unit, so that it is asked once."""
    return {
        "unit": unit,
        "scope": "system" if manager == "system" else "user",
        "path": path,
        "control": control,
        "programs": list(programs),
        "flags": dict(flags),
        "add": add,
    }


def _summary(
    unit: str, path: str, flags: Mapping[str, str | None], wanted: Mapping[str, Any]
) -> str:
    if wanted["type"] == "absent":
        return f"remove {path}: {unit} says the same itself"
    said = ", ".join(f"without {n}" if v is None else f"with {n} {v}" for n, v in flags.items())
    return f"run {unit} {said}: {path}"


@dataclass(frozen=True)
class CommandLine(Desired):
    """A unit whose programs run with these flags. A `Unit` with `path` in its files makes it run so."""

    operation = command_line

    unit: str
    manager: str
    path: str
    programs: tuple[str, ...]
    flags: Mapping[str, str | None]
    control: str
    add: bool = True

    def reads(self) -> list[tuple[type[Read], dict[str, Any]]]:
        return [(CommandLineState, _query(**self.arguments()))]
