"""Entries of the terminal report: what is said of an outcome, and the same thing said once.

An entry that is equal on many hosts or users is one entry with the list of them.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from hardpoint.control import HOST_SUBJECT
from hardpoint.outcome import (
    Change,
    Fate,
    Finding,
    HostReport,
    Outcome,
    Proof,
    Report,
    Severity,
    Status,
)

Detail = tuple[str, str]

_JUDGED = {Status.EXPOSED, Status.DRIFT}
_QUIET = {Status.SKIPPED, Status.COMPLIANT, Status.NOT_APPLICABLE}
_TOLD_FATES = {Fate.FIXED, Fate.STILL_WRONG, Fate.FAILED, Fate.ROLLED_BACK, Fate.BUSY}


@dataclass(frozen=True)
class Kind:
    """All of an entry that must be equal to be said once. `details` are lines: who, why, fix."""

    label: str
    status: Status
    proof: Proof
    severity: Severity | None
    control: str
    details: tuple[Detail, ...]
    outage: bool = False

    @property
    def order(self) -> tuple[bool, int, int, int, str]:
        """What we broke, what is exposed or has drifted by severity, then the rest by status."""
        band = 0 if self.severity else 1 + self.status.rank
        severity = self.severity.rank if self.severity else 0
        return (not self.outage, band, severity, self.status.rank, self.control)

    @property
    def open(self) -> bool:
        """Whether something is left to do or to find out."""
        return self.status not in {*_QUIET, Status.WAIVED}


@dataclass(frozen=True)
class Sight:
    """What was seen, and on whom."""

    host: str
    subject: str
    seen: str

    def place(self, many_hosts: bool) -> str:
        """The host where there are many, and the user where it is one's; else empty."""
        subject = "" if self.subject == HOST_SUBJECT.name else self.subject
        if not many_hosts:
            return subject
        return f"{self.host} ({subject})" if subject else self.host


@dataclass(frozen=True)
class Entry:
    """One thing to read, seen in one place or in many."""

    kind: Kind
    sights: tuple[Sight, ...]


def entries(report: Report, verbose: bool = False) -> list[Entry]:
    """All entries, worst first. Verbose also tells what holds, is skipped or does not apply."""
    groups: dict[Kind, dict[Sight, None]] = {}
    for host in report.hosts:
        for kind, sight in _of_host(host, verbose):
            groups.setdefault(kind, {})[sight] = None
    found = _unknowns_joined(Entry(kind, tuple(sights)) for kind, sights in groups.items())
    return sorted(found, key=lambda entry: entry.kind.order)


def _unknowns_joined(found: Iterable[Entry]) -> list[Entry]:
    """What could not be judged for one and the same reason is one entry, of all its controls."""
    joined: dict[object, list[Entry]] = {}
    for entry in found:
        unknown = entry.kind.status is Status.UNKNOWN
        key = (replace(entry.kind, control="", details=()), entry.sights) if unknown else id(entry)
        joined.setdefault(key, []).append(entry)
    return [
        group[0]
        if len(group) == 1
        else Entry(
            replace(group[0].kind, control=f"{len(group)} controls", details=()), group[0].sights
        )
        for group in joined.values()
    ]


def _of_host(host: HostReport, verbose: bool) -> Iterator[tuple[Kind, Sight]]:
    if host.unreachable:
        status = Status.UNREACHABLE
        kind = Kind(status.value, status, Proof.NOT_RUN, None, "", ())
        yield kind, Sight(host.host, HOST_SUBJECT.name, host.unreachable)
    for outcome in host.outcomes:
        told = (
            outcome.status not in _QUIET
            or outcome.fate in _TOLD_FATES
            or outcome.proof.proof is not Proof.NOT_RUN
        )
        if told or verbose:
            yield from _of_outcome(outcome, verbose)


def _of_outcome(outcome: Outcome, verbose: bool) -> Iterator[tuple[Kind, Sight]]:
    """One entry a finding; one with the reason where there is none, or none is of interest."""
    findings = [] if outcome.status in {*_QUIET, Status.WAIVED} else outcome.findings
    changes_told = False
    for number, finding in enumerate(findings or [Finding(seen=summary(outcome))]):
        status = outcome.status
        if findings and status in _JUDGED:
            status = Status.EXPOSED if finding.exposed else Status.DRIFT
        tell_changes = not changes_told and (verbose or not finding.fix)
        changes_told = changes_told or tell_changes
        details = [
            *_of_finding(finding, outcome, outcome.changes if tell_changes else ()),
            *_around(outcome, bool(findings)),
            *(("log", line) for line in outcome.log if number == 0),
            *(_evidence(outcome) if number == _with_evidence(outcome, findings) else ()),
        ]
        kind = Kind(
            label=outcome.fate.value if outcome.fate in _TOLD_FATES else status.value,
            status=status,
            proof=outcome.proof.proof,
            severity=(finding.severity or outcome.severity) if status in _JUDGED else None,
            control=outcome.control,
            details=tuple(detail for detail in details if detail[1]),
            outage=bool(outcome.down) and number == 0,
        )
        yield kind, Sight(outcome.host, outcome.subject, finding.seen)


def summary(outcome: Outcome) -> str:
    """What to say of an outcome without findings."""
    if outcome.status is Status.WAIVED and outcome.waiver:
        return outcome.waiver
    if outcome.reason:
        return outcome.reason
    if outcome.status in _JUDGED and outcome.title:
        return f"does not hold: {outcome.title}"
    return outcome.title or outcome.status.value


def _of_finding(finding: Finding, outcome: Outcome, changes: Iterable[Change]) -> Iterator[Detail]:
    yield "who", finding.who
    yield "why", finding.why
    yield "fix", finding.fix
    if outcome.status is Status.ORPHANED and not finding.fix:
        yield "fix", f"hardpoint rollback --control {shlex.quote(outcome.control)}"
    done = outcome.fate in {Fate.FIXED, Fate.STILL_WRONG}
    for change in changes:
        place = f" ({change.place})" if change.place not in change.summary else ""
        yield ("did" if done else "fix"), change.summary + place


def _around(outcome: Outcome, has_findings: bool) -> Iterator[Detail]:
    """What is said of the outcome as a whole: reason, waiver."""
    if has_findings:
        yield "note", outcome.reason
    if outcome.status is not Status.WAIVED:
        yield "waiver", outcome.waiver


def _with_evidence(outcome: Outcome, findings: list[Finding]) -> int:
    """The finding that the evidence stands under, once: the proof's own, else the first."""
    seen = outcome.proof.seen
    return next((n for n, finding in enumerate(findings) if finding.seen in seen), 0)


def _evidence(outcome: Outcome) -> Iterator[Detail]:
    for evidence in outcome.proof.evidence:
        yield "proof", evidence
