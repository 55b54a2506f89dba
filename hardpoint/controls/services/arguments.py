"""A service's setting in the arguments of systemd units: they beat variables and files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hardpoint.control import HostView
from hardpoint.controls.services.service import Cause, Row
from hardpoint.operations import Desired

if TYPE_CHECKING:
    from hardpoint.controls.services.setting import ServiceSetting


def commands(control: ServiceSetting, row: Row) -> list[Row]:
    """The commands of a unit that run the service."""
    return [one for one in row.get("commands", []) if one["program"] in control.service.programs]


def hardened(control: ServiceSetting, host: HostView, row: Row) -> Iterator[Desired]:
    yield from ()


def given(control: ServiceSetting, row: Row) -> str:
    """The argument that beats whatever the environment says, with its place."""
    return ""


def causes(
    control: ServiceSetting, host: HostView, row: Row, variable: list[dict[str, str]]
) -> Iterator[Cause]:
    yield from ()
