"""What hardpoint found out: statuses, findings, outcomes and the reports made of them.

Reports (terminal, JSON, JUnit, SARIF) are functions of these values and know nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hardpoint.control import Metadata
    from hardpoint.proofs.trials import Trial


class Status(StrEnum):
    """The state of one control on one subject, worst first."""

    EXPOSED = "exposed"
    DRIFT = "drift"
    ERROR = "error"
    UNREACHABLE = "unreachable"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"
    BUSY = "busy"
    ORPHANED = "orphaned"
    WAIVED = "waived"
    SKIPPED = "skipped"
    COMPLIANT = "compliant"
    NOT_APPLICABLE = "not-applicable"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Status).index(self)


class Severity(StrEnum):
    """How much it matters when the control does not hold, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Severity).index(self)


class Proof(StrEnum):
    """The result of an active test of the effect."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    NOT_RUN = "not run"


class Fate(StrEnum):
    """What an apply did for one control on one subject."""

    FIXED = "fixed"
    ALREADY_RIGHT = "already right"
    STILL_WRONG = "still wrong"
    FAILED = "failed"
    ROLLED_BACK = "rolled back"
    BUSY = "busy"
    LEFT_ALONE = "left alone"


class ExitCode(IntEnum):
    """Exit codes of the `hardpoint` command."""

    COMPLIANT = 0  # everything holds; waived and not-applicable count as such
    COULD_NOT_RUN = 1  # bad usage, policy or inventory; a --limit that matches nothing
    DRIFT = 2  # something is exposed or has drifted
    NOT_JUDGED = 3  # neither, but something could not be judged
    INTERRUPTED = 130


_DRIFTED = {Status.EXPOSED, Status.DRIFT}
_PLACE = re.compile(r"(?P<path>/[^:;]+?)(?::(?P<line>[1-9][0-9]{0,8}) | (?:sets|has) )")
_HELD = {Status.WAIVED, Status.SKIPPED, Status.COMPLIANT, Status.NOT_APPLICABLE}


@dataclass(frozen=True)
class Finding:
    """Something that contradicts a control's goal, in the words a person reads.

    `seen` is the consequence in plain words; `who` says who could do what with it; `why` names
    the cause, and begins with its place where that is a file (`/etc/x.conf:3 sets ...`,
    `/etc/x.json has ...`); `fix` is what apply would do, or the exact command where it can't.
    `exposed` is an observed effect (whatever the files say); otherwise it is drift.
    """

    seen: str
    who: str = ""
    why: str = ""
    fix: str = ""
    exposed: bool = False
    severity: Severity | None = None

    @property
    def place(self) -> tuple[str, int | None] | None:
        """The host's file that is the cause, with its line where that is known."""
        found = _PLACE.match(self.why)
        return (found["path"], int(found["line"]) if found["line"] else None) if found else None


@dataclass(frozen=True)
class Change:
    """One thing that an operation would change, or has changed.

    `before` and `after` are short fingerprints of the state; a reviewed plan is compared by them.
    """

    summary: str
    place: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class ProofResult:
    """What a proof saw, and when (UTC, ISO 8601).

    `seen` is what contradicts the goal, in the words of a finding; `vantages` the result from each
    place that was looked from, whose lines of the evidence begin with its name.
    """

    proof: Proof
    evidence: tuple[str, ...] = ()
    at: str = ""
    seen: tuple[str, ...] = ()
    vantages: Mapping[str, Proof] = field(default_factory=dict)


@dataclass
class Outcome:
    """The result of one control on one subject of one host.

    `down` names a service that ran before the apply and does not run after it; `log` are the last
    lines that a service said which did not start.
    """

    host: str
    control: str
    subject: str
    status: Status
    severity: Severity
    title: str = ""
    reason: str = ""
    findings: list[Finding] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    proof: ProofResult = field(default_factory=lambda: ProofResult(Proof.NOT_RUN))
    fate: Fate | None = None
    waiver: str = ""
    down: str = ""
    log: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.host, self.control, self.subject)


@dataclass
class HostReport:
    """One host of a run: what it is, how it was reached, what came out.

    `policy` is the file that says what is asked of it, or the profile where there is none.
    """

    host: str
    system: str = ""
    users: int = 0
    seconds: float = 0.0
    execs: int = 0
    unreachable: str = ""
    unseen: list[str] = field(default_factory=list)
    policy: str = ""
    outcomes: list[Outcome] = field(default_factory=list)
    trials: list[Trial] = field(default_factory=list)

    @property
    def status(self) -> Status:
        """The worst status of all outcomes; unreachable when the host could not be asked."""
        if self.unreachable:
            return Status.UNREACHABLE
        return worst(outcome.status for outcome in self.outcomes)


@dataclass
class Report:
    """All that one command found out."""

    command: str
    profile: str
    started: str
    controls: int = 0
    seconds: float = 0.0
    hosts: list[HostReport] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    rolled_back: dict[str, list[dict[str, str]] | str] = field(default_factory=dict)
    run: str = ""
    about: dict[str, Metadata] = field(default_factory=dict)
    """What the controls of this run are, by id."""

    def outcomes(self) -> Iterator[Outcome]:
        for host in self.hosts:
            yield from host.outcomes

    def counts(self) -> dict[Status, int]:
        """How many (host, control, subject) have each status; an unreachable host counts once."""
        counts = dict.fromkeys(Status, 0)
        for host in self.hosts:
            if host.unreachable:
                counts[Status.UNREACHABLE] += 1
            for outcome in host.outcomes:
                counts[outcome.status] += 1
        return counts

    @property
    def exit_code(self) -> ExitCode:
        statuses = {host.status for host in self.hosts}
        statuses |= {outcome.status for outcome in self.outcomes()}
        if statuses & _DRIFTED:
            return ExitCode.DRIFT
        if statuses - _HELD:
            return ExitCode.NOT_JUDGED
        return ExitCode.COMPLIANT


def worst(statuses: Iterable[Status]) -> Status:
    """The worst of the statuses; not-applicable where there is none."""
    return min(statuses, key=lambda status: status.rank, default=Status.NOT_APPLICABLE)
