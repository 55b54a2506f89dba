"""A service's setting in its own files, in their order of precedence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hardpoint.control import HostView, Subject
from hardpoint.controls.services.rules import Verdict
from hardpoint.controls.services.service import Cause, Key, Row
from hardpoint.facts.settings import Documents
from hardpoint.operations import Desired
from hardpoint.operations.document import Document, Fragment

if TYPE_CHECKING:
    from hardpoint.controls.services.setting import ServiceSetting


@dataclass(frozen=True)
class Judged:
    """A key of a file that is there, and what its rule says. `computed`: only running it tells."""

    row: Row
    key: Key
    value: Any
    verdict: Verdict
    computed: str = ""

    @property
    def place(self) -> str:
        line = self.row.get("lines", {}).get(self.key.name)
        return f"{self.row['path']}:{line}" if line else self.row["path"]


def found(control: ServiceSetting, host: HostView) -> list[Row]:
    """The service's files, all users' and the system's."""
    if not control.knobs.keys:
        return []
    rows = host.read(Documents, documents=control.asked.documents())["documents"]
    return [row for row in rows if any(_is_in(key, row) for key in control.knobs.keys)]


def _is_in(key: Key, row: Row) -> bool:
    return key.lies_at(row["path"]) and row.get("format", "json") == key.format


def _judged(control: ServiceSetting, host: HostView, subject: Subject) -> list[Judged]:
    """Keys that decide for a person (or the system) in their order of precedence: the first wins.
    The system's files decide for everybody, behind his own; so does an environment that isn't his
    (jupyter_core, prefer_environment_over_user)."""
    rows = [row for row in found(control, host) if _owner(row) in (subject.name, "system")]
    judged = []
    for key in control.knobs.keys:
        for row in rows:
            if _is_in(key, row) and row["state"] == "present" and key.name in row["values"]:
                value = row["values"][key.name]
                verdict = control.judge(key.rule, value, host, serves=True)
                computed = row.get("computed", {}).get(key.name, "")
                judged.append(Judged(row, key, value, verdict, computed))
    return sorted(judged, key=lambda one: _owner(one.row) != subject.name)


def _owner(row: Row) -> str:
    return row["user"] or "system"


def hardened(control: ServiceSetting, host: HostView, subject: Subject) -> Iterator[Desired]:
    judged = _judged(control, host, subject)
    for one in judged:
        mine = _owner(one.row) == subject.name
        if mine and not (one.verdict.holds or one.computed or one.verdict.safe is None):
            yield _document(control, subject, one.row, one.key, one.verdict.safe)
    for key, row in _unset(control, host, subject, judged):
        yield _document(control, subject, row, key, control.judge(key.rule, None, host, True).safe)


def _document(
    control: ServiceSetting, subject: Subject, row: Row, key: Key, value: Any
) -> Document:
    fragment = Fragment(control.id, subject.name, key.key, value)
    return Document(row["path"], row["user"], key.format, (fragment,))


def _unset(
    control: ServiceSetting, host: HostView, subject: Subject, judged: list[Judged]
) -> Iterator[tuple[Key, Row]]:
    """Keys whose absence is unsafe, in files of those who use the service."""
    if judged:
        return
    for key in control.knobs.keys:
        for row in found(control, host):
            mine = _owner(row) == subject.name
            if key.pinned and mine and _is_in(key, row) and row["state"] in ("present", "absent"):
                yield key, row


def causes(control: ServiceSetting, host: HostView, subject: Subject) -> Iterator[Cause]:
    judged = _judged(control, host, subject)
    winner = judged[0] if judged else None
    for one in judged:
        of_another = _owner(one.row) != subject.name and one is not winner
        if one.verdict.holds or of_another:
            continue
        said = f"{one.place} has {_said(control, one)}"
        fix = ""
        if one.computed or one.verdict.safe is None:
            fix = f"change {one.place} by hand"
        if winner is not None and winner.verdict.holds:
            text = f"{said}, but {winner.place} wins with {_said(control, winner)}"
            yield Cause(text, None, fix, dormant=True)
            continue
        losers = [other for other in judged if one is winner and other.verdict.holds]
        beaten = "".join(f", which wins over {o.place} ({_said(control, o)})" for o in losers[:1])
        yield Cause(said + beaten, None, fix)


def _said(control: ServiceSetting, one: Judged) -> str:
    if one.key.secret:
        return f"{one.key.name}: {'empty' if not one.value else 'set'}"
    return f"{one.key.name}: {one.computed or json.dumps(one.value)}"
