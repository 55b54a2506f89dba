"""A service's setting in the arguments of systemd units: they beat variables and files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hardpoint.control import HostView
from hardpoint.controls.services.rules import Verdict
from hardpoint.controls.services.service import Cause, Flag, Row
from hardpoint.operations import Desired
from hardpoint.operations.command_line import CommandLine

if TYPE_CHECKING:
    from hardpoint.controls.services.setting import ServiceSetting

Given = tuple[str, Any]
"""An argument's name, and its value: text, True without one, None where only a run tells it."""


def commands(control: ServiceSetting, row: Row) -> list[Row]:
    """The commands of a unit that run the service."""
    return [one for one in row.get("commands", []) if one["program"] in control.service.programs]


def hardened(
    control: ServiceSetting, host: HostView, row: Row, path: str, ours: bool
) -> Iterator[Desired]:
    """Our drop-in with the unit's own command and the safe argument; it stays once it is there, since
    the unit's own command is judged behind it."""
    flag, found = control.knobs.flag, commands(control, row)
    if flag is None or not found or not all(command["rewritable"] for command in found):
        return
    given = [_given(flag, command) for command in found]
    unsafe = [one for one in given if not _judge(control, host, one).holds]
    if unsafe or ours:
        yield CommandLine(
            row["unit"],
            row["manager"],
            path,
            control.service.programs,
            _wanted(control, host, unsafe + given),
            control.id,
            add=flag.pinned,
        )


def _wanted(control: ServiceSetting, host: HostView, given: list[Given | None]) -> dict[str, Any]:
    """The argument with its safe value, in the name that is in use; no value takes it away."""
    flag = control.knobs.flag
    name, value = next((one for one in given if one), (flag.names[0], None))
    safe = control.judge(flag.rule, value, host, serves=True).safe
    return dict.fromkeys(flag.names) if safe is None else {name: safe}


def _given(flag: Flag, command: Row) -> Given | None:
    present = [(name, command["flags"][name]) for name in flag.names if name in command["flags"]]
    return present[-1] if present else None


def _judge(control: ServiceSetting, host: HostView, given: Given | None) -> Verdict:
    """An argument that is not there is unsafe only where the service's default is."""
    flag = control.knobs.flag
    if given is None and not flag.pinned:
        return Verdict(True, None)
    return control.judge(flag.rule, given[1] if given else None, host, serves=True)


def given(control: ServiceSetting, row: Row) -> str:
    """The argument that beats whatever the environment says, with its place."""
    flag = control.knobs.flag
    said = [
        f"{_shown(control, one)} at {command['place']}"
        for command in commands(control, row)
        if flag and (one := _given(flag, command))
    ]
    return said[-1] if said else ""


def causes(
    control: ServiceSetting, host: HostView, row: Row, variable: list[dict[str, str]]
) -> Iterator[Cause]:
    """`variable`: what the environment says, which the argument beats."""
    for command in commands(control, row) if control.knobs.flag else ():
        one = _given(control.knobs.flag, command)
        if _judge(control, host, one).holds:
            continue
        fix = "" if command["rewritable"] else f"change it in {command['place']} by hand"
        if one is None:
            name = control.knobs.flag.names[0]
            text = f"{command['place']} gives no {name}, and without one it listens everywhere"
        else:
            beaten = "".join(
                f", which wins over {control.knobs.variable.name}={value['value']} ({value['place']})"
                for value in variable
            )
            text = f"{command['place']} gives {_shown(control, one)}{beaten}"
        yield Cause(text, row["unit"], fix)


def _shown(control: ServiceSetting, given: Given) -> str:
    name, value = given
    if value is True or control.knobs.flag.secret:
        return name
    return f"{name} {'(computed when it starts)' if value is None else value}"
