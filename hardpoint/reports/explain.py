"""What `hardpoint explain ID` and `hardpoint controls` print: a control's metadata in words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from hardpoint.control import Control, Metadata, Registry
from hardpoint.reports.options import type_words
from hardpoint.reports.text import columns, printable, value

if TYPE_CHECKING:
    from hardpoint.policy import PolicyRow

WAIVER_DAYS = 90


def explain(
    control: Control,
    rows: Iterable[PolicyRow] | None = None,
    host: str = "HOST",
    today: date | None = None,
) -> str:
    """Why the control matters, what it changes, how to undo it, how to be excused from it.

    `rows` are the control's rows of `policy_table` for the host: they add what is asked there.
    """
    about = control.metadata
    sections = [
        f"{about.id} · {about.severity.value} · {about.family}\n{about.title}",
        _section("Why", about.risk),
        _section("What it changes", about.changes),
        _section("How it is undone", "\n".join(undo(about))),
        _options(about, list(rows or ())),
        _section("To be excused from it, put this into the policy", _waiver(about, host, today)),
        _section("Needs first", "\n".join(about.requires)),
        _section("In the profiles", ", ".join(about.profiles)),
        _section("Older names", ", ".join(about.aliases)),
        _section("Maps to", "\n".join(_mappings(about))),
        _section("Read more", "\n".join(about.sources)),
    ]
    return "\n\n".join(section for section in sections if section)


def undo(about: Metadata) -> list[str]:
    """How the control is taken back, and the command where the text does not name it."""
    command = f"hardpoint rollback --control {about.id}"
    return [about.undo] if command in about.undo else [about.undo, command]


def list_controls(registry: Registry) -> str:
    """All controls: a line each, under its family."""
    ordered = sorted(registry, key=lambda control: control.metadata.family)
    rows = columns((c.id, c.metadata.severity.value, c.metadata.title) for c in ordered)
    lines = []
    pairs = zip(ordered, rows, strict=True)
    for family, members in groupby(pairs, key=lambda pair: pair[0].metadata.family):
        lines += ["", family, *(f"  {row}" for _, row in members)]
    return "\n".join(lines[1:]) or "there are no controls"


def _section(title: str, text: str) -> str:
    lines = [f"  {line}" if line else "" for line in text.splitlines()]
    return "\n".join([title, *lines]) if text else ""


def _options(about: Metadata, rows: list[PolicyRow]) -> str:
    """Each option with its default, and with its value here where the policy is known."""
    here = {row.option: row for row in rows if row.option}
    lines = [f"here: {row.state} ({row.state_origin})" for row in rows[:1]]
    for name, option in about.options.items():
        lines.append(f"{name}: {type_words(option.type)}; default {value(option.default)}")
        lines.append(f"  {option.help}")
        if name in here:
            lines.append(f"  here: {value(here[name].value)} ({printable(here[name].origin)})")
    return _section("Options" if about.options else "Policy", "\n".join(lines))


def _waiver(about: Metadata, host: str, today: date | None) -> str:
    expires = (today or date.today()) + timedelta(days=WAIVER_DAYS)
    return f"""\
waivers:
  - control: {about.id}
    hosts: [{json.dumps(host)}]
    owner: "who answers for it"
    reason: "why it can't hold there"
    expires: {expires}"""


def _mappings(about: Metadata) -> list[str]:
    rows = [(reference.framework, reference.id) for reference in about.mappings]
    return columns(rows) if rows else []
