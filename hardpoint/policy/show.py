"""What `hardpoint policy show HOST` lists: each value with its origin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from hardpoint.control import Registry
from hardpoint.policy.model import HostPolicy, Policy


@dataclass(frozen=True)
class PolicyRow:
    """One option of one control on one host; a control without options has one row, with none.

    `state` is asked, skipped, waived, waiver expired or not in profile; `state_origin` is what
    made it so (`policy.yaml:7`, `profile recommended`).
    """

    control: str
    state: str
    state_origin: str
    option: str = ""
    value: Any = None
    origin: str = ""


def policy_table(
    policy: Policy,
    registry: Registry,
    host: str,
    groups: Iterable[str] = (),
    today: date | None = None,
) -> list[PolicyRow]:
    """All controls as the policy has them on a host, in the order of the registry."""
    here = policy.for_host(host, groups)
    return [row for control in registry for row in _rows(here, control.id, today or date.today())]


def _rows(here: HostPolicy, control: str, today: date) -> Iterator[PolicyRow]:
    state, state_origin = _state(here, control, today)
    options = here.options(control)
    if not options:
        yield PolicyRow(control, state, state_origin)
    for name, value in options.items():
        yield PolicyRow(control, state, state_origin, name, value, here.origin(control, name))


def _state(here: HostPolicy, control: str, today: date) -> tuple[str, str]:
    profile = f"profile {here.policy.profile}"
    if not here.in_profile(control):
        return "not in profile", profile
    if here.skipped(control):
        return "skipped", here.skip_origin(control)
    waiver = here.waiver(control)
    if waiver is None:
        return "asked", profile
    return ("waiver expired" if waiver.expired(today) else "waived"), str(waiver.place)
