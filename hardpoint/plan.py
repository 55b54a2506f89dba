"""The order in which what controls want is done, and the plan that a person reviews. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hardpoint.control import Registry
from hardpoint.operations import Desired
from hardpoint.operations.document import Conflict, Document, Fragment, merged
from hardpoint.outcome import Change, HostReport, Status

SCHEMA_VERSION = 1


class PlanError(Exception):
    """A plan file can't be used; the text says why."""


@dataclass(frozen=True)
class Step:
    """One thing to make true, and for whom: `owners` are all (control, subject) that want it."""

    control: str
    subject: str
    desired: Desired
    owners: tuple[tuple[str, str], ...]


def steps(desired: Mapping[tuple[str, str], Iterable[Desired]], registry: Registry) -> list[Step]:
    """What to do, in order: requirements first; files before the services that read them; a
    document once, with the fragments of all controls."""
    order = {control.id: position for position, control in enumerate(registry)}
    ordered = sorted(desired.items(), key=lambda item: (order[item[0][0]], item[0][1]))
    flat = [
        Step(control, subject, item, ((control, subject),))
        for (control, subject), items in ordered
        for item in items
    ]
    files = [step for step in flat if not step.desired.after_files]
    services = [step for step in flat if step.desired.after_files]
    return [*_once_per_document(files), *services]


def conflicts(
    desired: Mapping[tuple[str, str], Iterable[Desired]],
) -> dict[tuple[str, str], str]:
    """(control, subject) -> why its document can't be written: two controls want different values."""
    fragments: dict[tuple[str, str | None], list[Fragment]] = {}
    for items in desired.values():
        for item in items:
            if isinstance(item, Document):
                fragments.setdefault((item.path, item.user), []).extend(item.fragments)
    found = {}
    for group in fragments.values():
        try:
            merged(group)
        except Conflict as conflict:
            found.update({(f.control, f.subject): str(conflict) for f in conflict.fragments})
    return found


def _once_per_document(flat: list[Step]) -> Iterator[Step]:
    documents: dict[tuple[str, str | None], Step] = {}
    for step in flat:
        if isinstance(step.desired, Document):
            key = (step.desired.path, step.desired.user)
            documents[key] = _joined(documents[key], step) if key in documents else step
    for step in flat:
        if not isinstance(step.desired, Document):
            yield step
        elif (whole := documents.pop((step.desired.path, step.desired.user), None)) is not None:
            yield whole


def _joined(one: Step, two: Step) -> Step:
    assert isinstance(one.desired, Document) and isinstance(two.desired, Document)
    both = one.desired.joined(two.desired)
    return Step(one.control, one.subject, both, (*one.owners, *two.owners))


# A plan as a file


def to_file(path: Path, policy: str, reports: Iterable[HostReport]) -> None:
    """Writes what an apply would change. Raises PlanError."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "policy": policy,
        "hosts": {report.host: changes_of(report) for report in reports if not report.unreachable},
    }
    try:
        path.write_text(json.dumps(content, indent=2, ensure_ascii=True) + "\n", encoding="utf-8")
    except OSError as error:
        raise PlanError(f"{path}: {error.strerror}") from error


def from_file(path: Path) -> dict[str, list[dict[str, Any]]]:
    """host -> changes, as `to_file` wrote them. Raises PlanError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PlanError(f"{path}: this is not a plan: {error}") from error
    if not isinstance(content, dict) or content.get("schema_version") != SCHEMA_VERSION:
        raise PlanError(f"{path}: not a plan of this version; make it anew with apply --plan-out")
    if not isinstance(content.get("hosts"), dict):
        raise PlanError(f"{path}: it names no hosts; make it anew with apply --plan-out")
    return content["hosts"]


def changes_of(report: HostReport) -> list[dict[str, Any]]:
    """Everything that an apply would change on this host, comparable with a later look."""
    return [
        {"control": outcome.control, "subject": outcome.subject, **_fields(change)}
        for outcome in report.outcomes
        if outcome.status in (Status.EXPOSED, Status.DRIFT)
        for change in outcome.changes
    ]


def _fields(change: Change) -> dict[str, str]:
    return {
        "summary": change.summary,
        "place": change.place,
        "before": change.before,
        "after": change.after,
    }


def moved(reviewed: list[dict[str, Any]], report: HostReport) -> list[str]:
    """How the host differs from what was reviewed; empty when it doesn't."""
    now = changes_of(report)
    more = [f"now also: {_said(change)}" for change in now if change not in reviewed]
    less = [f"no longer: {_said(change)}" for change in reviewed if change not in now]
    return more + less


def _said(change: dict[str, Any]) -> str:
    return f"{change['control']} {change['subject']}: {change['summary']} (was {change['before']})"
