"""One control on one host: what is there, what would change, and the status that follows.

An unknown never reads as a pass: a read that failed, or that could not see all of it, forbids both
compliant and not-applicable.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field

from hardpoint.control import HOST_SUBJECT, Control, Scope, Subject
from hardpoint.journal import Claim
from hardpoint.operations import Busy, Desired, Refused
from hardpoint.outcome import Change, Finding, Outcome, Severity, Status
from hardpoint.view import ControlView, WindowReader


@dataclass
class Judgement:
    """Outcomes of one control, what it wants of each subject, and for whom it has to wait."""

    control: Control
    outcomes: list[Outcome] = field(default_factory=list)
    desired: dict[str, list[Desired]] = field(default_factory=dict)
    busy: dict[str, str] = field(default_factory=dict)


def judge(control: Control, view: ControlView, reader: WindowReader) -> Judgement:
    """Runs the control's reads and comparisons. Never raises: a control's mistake is its outcome."""
    judgement = Judgement(control)
    try:
        subjects = list(control.subjects(view))
    except Exception as error:
        judgement.outcomes.append(_outcome(control, view, HOST_SUBJECT, error_of(error)))
        return judgement
    looks = [_look(control, view, subject) for subject in subjects]
    # What all subjects need for their comparisons goes out in one wave.
    for item in (item for look in looks for item in look.desired):
        for fact, query in item.reads():
            reader.expect(fact, query)
    for look in looks:
        judgement.desired[look.subject.name] = look.desired
        judgement.outcomes.append(_compare(control, view, reader, look))
        if look.busy:
            judgement.busy[look.subject.name] = look.busy
    judgement.outcomes += _unseen(control, view, reader, subjects)
    if not judgement.outcomes:
        judgement.outcomes.append(_outcome(control, view, HOST_SUBJECT, _nothing_there(reader)))
    return judgement


@dataclass
class _Look:
    """What a control saw of one subject, before anything was compared."""

    subject: Subject
    findings: list[Finding] = field(default_factory=list)
    desired: list[Desired] = field(default_factory=list)
    error: tuple[Status, str] | None = None
    busy: str = ""


def _look(control: Control, view: ControlView, subject: Subject) -> _Look:
    look = _Look(subject)
    try:
        look.findings += control.observe(view, subject)
        look.desired += control.harden(view, subject)
    except Exception as error:
        look.error = error_of(error)
    return look


def _compare(control: Control, view: ControlView, reader: WindowReader, look: _Look) -> Outcome:
    reader.changes, reader.planned_paths = [], set()
    verdict = look.error
    claim = Claim("", control.id, look.subject.name, "")
    try:
        for item in look.desired if verdict is None else ():
            try:
                item.plan(claim)
            except Refused as refused:  # an apply does the others
                look.findings.append(Finding(seen=str(refused), who=control.metadata.risk))
    except Busy as busy:
        look.busy = str(busy)
    except Exception as error:
        verdict = error_of(error)
    status, reason = verdict or _status(look.findings, reader, look.subject)
    if look.busy:
        # What is exposed stays exposed: busy only says why it can't be mended now.
        status = status if status is Status.EXPOSED else Status.BUSY
        reason = look.busy
    return _outcome(control, view, look.subject, (status, reason), look.findings, reader.changes)


def _status(findings: list[Finding], reader: WindowReader, subject: Subject) -> tuple[Status, str]:
    if any(finding.exposed for finding in findings):
        return Status.EXPOSED, ""
    if findings or reader.changes:
        return Status.DRIFT, ""
    concerns = [limit for limit in reader.limits if limit["subject"] in (None, subject.name)]
    reasons = [*reader.problems, *(limit["reason"] for limit in concerns)]
    if reasons:
        return Status.UNKNOWN, _joined(reasons)
    return Status.COMPLIANT, ""


def _unseen(
    control: Control, view: ControlView, reader: WindowReader, subjects: list[Subject]
) -> Iterator[Outcome]:
    """Users that could not be looked at, and are not judged by anything else."""
    judged = {subject.name for subject in subjects}
    hidden: dict[str, list[str]] = {}
    for limit in reader.limits:
        if limit["subject"] is not None and limit["subject"] not in judged:
            hidden.setdefault(limit["subject"], []).append(limit["reason"])
    for name, reasons in hidden.items():
        verdict = (Status.UNKNOWN, _joined(reasons))
        yield _outcome(control, view, Subject(Scope.USER, name), verdict)


def _nothing_there(reader: WindowReader) -> tuple[Status, str]:
    reasons = [*reader.problems, *(limit["reason"] for limit in reader.limits)]
    if reasons:
        return Status.UNKNOWN, _joined(reasons)
    return Status.NOT_APPLICABLE, "nothing here that it protects"


def _joined(reasons: list[str]) -> str:
    return "; ".join(dict.fromkeys(reasons))


def error_of(error: Exception) -> tuple[Status, str]:
    """A mistake of a control's own, with the place where it happened."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return Status.ERROR, f"{type(error).__name__}: {error} ({frame.name}, line {frame.lineno})"


def _outcome(
    control: Control,
    view: ControlView,
    subject: Subject,
    verdict: tuple[Status, str],
    findings: list[Finding] | None = None,
    changes: list[Change] | None = None,
) -> Outcome:
    status, reason = verdict
    return Outcome(
        host=view.name,
        control=control.id,
        subject=subject.name,
        status=status,
        severity=_severity(control, findings or [], bool(changes)),
        title=control.metadata.title,
        reason=reason,
        findings=findings or [],
        changes=list(changes or []),
    )


def _severity(control: Control, findings: list[Finding], drifted: bool) -> Severity:
    """The worst finding's. Drift that nothing contradicts yet, a missing pin, is a low one."""
    if drifted and not findings:
        return Severity.LOW
    severities = [finding.severity or control.metadata.severity for finding in findings]
    return min(severities, key=lambda severity: severity.rank, default=control.metadata.severity)
