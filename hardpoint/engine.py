"""Plan, check, apply, prove and roll back: the one place that the command line talks to."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pyinfra.api import Inventory
from pyinfra.api.host import Host

from hardpoint import audit, journal, remote
from hardpoint.apply import Applier, HostApply, TakenBack
from hardpoint.check import Checker, HostCheck
from hardpoint.control import Control, Registry
from hardpoint.inventory import named
from hardpoint.outcome import Fate, Finding, HostReport, Outcome, Report, Severity, Status
from hardpoint.plan import moved
from hardpoint.policy import Policies
from hardpoint.prove import Prover
from hardpoint.session import Session

_WRONG = (Status.EXPOSED, Status.DRIFT)
_SETTLED = (Status.COMPLIANT, Status.NOT_APPLICABLE)


@dataclass(frozen=True)
class Rollout:
    """How an apply goes over a fleet: a few hosts first, then batches; when it stops, and whether
    what failed is taken back."""

    canary: int = 0
    batch: str = ""
    max_failures: int = 0
    takes_back: bool = False

    def batches(self, hosts: list[Host]) -> Iterator[list[Host]]:
        """The hosts in the order in which they are changed. Batch: a number or a percentage."""
        rest = list(hosts)
        if self.canary:
            yield rest[: self.canary]
            rest = rest[self.canary :]
        size = self.size(len(hosts))
        while rest:
            yield rest[:size]
            rest = rest[size:]

    def size(self, total: int) -> int:
        if not self.batch:
            return max(total, 1)
        if self.batch.endswith("%"):
            return max(1, math.ceil(total * float(self.batch[:-1]) / 100))
        return max(1, int(self.batch))


RolledBack = dict[str, list[dict[str, str]] | str]
"""host -> its resources with results, or why it could not be rolled back."""


@dataclass(frozen=True)
class Rollback:
    """What to take back: a run, a control, or everything down to its origin."""

    run: str | None
    control: str | None
    to_origin: bool
    force: bool


def _no_progress(total: int) -> AbstractContextManager[Callable[[str], None]]:
    return nullcontext(lambda host: None)


@dataclass
class Engine:
    """One run of the command over some hosts."""

    inventory: Inventory
    hosts: list[Host]
    policies: Policies
    registry: Registry
    wanted: Callable[[Control], bool]
    named: frozenset[str] = frozenset()
    sudo_password: Callable[[str], str | None] = lambda host: None
    accept_new_host_keys: bool = False
    restart_busy: bool = False
    progress: Callable[[int], AbstractContextManager[Callable[[str], None]]] = _no_progress

    def __post_init__(self) -> None:
        self.session = Session(
            self.inventory, self.hosts, self.sudo_password, self.accept_new_host_keys
        )
        self.checker = Checker(
            self.session, self.registry, self.policies, self.wanted, self.restart_busy
        )

    # Commands

    def check(self) -> tuple[Report, dict[str, HostCheck]]:
        """Read-only, always."""
        with _timed() as clock:
            checks = self._check(self.hosts)
        return self._report("check", checks, clock.seconds), checks

    def apply(
        self,
        checks: dict[str, HostCheck],
        rollout: Rollout,
        reviewed: dict[str, list[dict[str, Any]]] | None = None,
    ) -> Report:
        """Makes true what the checks found wrong, batch by batch, then checks again.

        Stops after the batch in which more hosts than `max_failures` are still wrong. A host whose
        state is no longer the reviewed one is left alone.
        """
        with _timed() as clock:
            after = dict(checks)
            applier = Applier(
                self.session, self.registry, self.named, self.restart_busy, rollout.takes_back
            )
            failures, stopped = 0, ""
            for batch in rollout.batches(self.hosts):
                if stopped:
                    _leave_alone(batch, after, stopped)
                    continue
                failures += self._apply_batch(applier, batch, checks, after, reviewed)
                if failures > rollout.max_failures:
                    stopped = f"stopped: {failures} host(s) still wrong after an earlier batch"
        report = self._report("apply", after, clock.seconds)
        report.run = applier.run
        return report

    def prove(
        self, vantages: Sequence[str] = (), from_here: bool = True, with_trials: bool = False
    ) -> Report:
        """Checks, then looks from outside: from this machine, and from these hosts of the inventory;
        `with_trials` runs the hosts' agents as well."""
        others = [named(self.inventory, name) for name in dict.fromkeys(vantages)]
        self.session.include(others)
        with _timed() as clock:
            checks = self._check(self.hosts)
            prover = Prover(
                self.session, self.policies, self.checker.controls, others, from_here, with_trials
            )
            prover.prove(self.hosts, checks)
        return self._report("prove", checks, clock.seconds)

    def rollback(self, what: Rollback) -> Report:
        """Plays the hosts' journals back, then checks; `rolled_back` of the report says how it went."""
        with _timed() as clock:
            results = self._roll_back(what, dry=False)
            checks = self._check(self.hosts)
        report = self._report("rollback", checks, clock.seconds)
        report.rolled_back = results
        return report

    def rollback_plan(self, what: Rollback) -> RolledBack:
        """What a rollback would do; nothing is changed."""
        return self._roll_back(what, dry=True)

    def runs(self) -> dict[str, list[dict[str, Any]] | str]:
        """host -> its runs, newest first, or why they can't be seen."""
        replies = self._ask_all({"do": "runs"})
        return {
            name: str(reply) if isinstance(reply, BaseException) else reply["runs"]
            for name, reply in replies.items()
        }

    def audit(self, hours: int, details: bool) -> list[audit.HostAudit]:
        """What the audit logs of coding agents say of the last hours; judged against the time before."""
        request = {"do": "read", "what": "audit", "since": hours, "details": details}
        replies = self._ask_all(request)
        return [
            audit.judge(name, str(reply) if isinstance(reply, BaseException) else reply)
            for name, reply in replies.items()
        ]

    def close(self) -> None:
        self.session.close()

    # Parts

    def _check(self, hosts: list[Host]) -> dict[str, HostCheck]:
        with self.progress(len(hosts)) as step:
            return self.checker.check(hosts, step)

    def _roll_back(self, what: Rollback, dry: bool) -> RolledBack:
        request = {
            "do": "rollback",
            "run": what.run,
            "control": what.control,
            "to": "origin" if what.to_origin else None,
            "force": what.force,
            "dry": dry,
            "who": journal.operator(),
        }
        return {name: _rolled_back(reply) for name, reply in self._ask_all(request).items()}

    def _ask_all(self, request: dict[str, Any]) -> dict[str, dict[str, Any] | BaseException]:
        with self.session.phase() as state:
            return self.session.each(state, self.hosts, lambda host: remote.ask(host, request))

    def _apply_batch(
        self,
        applier: Applier,
        batch: list[Host],
        before: dict[str, HostCheck],
        after: dict[str, HostCheck],
        reviewed: dict[str, list[dict[str, Any]]] | None,
    ) -> int:
        """Applies to these hosts; how many of them are not as they should be now."""
        refused = _moved_hosts(batch, before, reviewed)
        hosts = [
            h for h in batch if h.name not in refused and not before[h.name].report.unreachable
        ]
        results = applier.apply(hosts, before)
        again = self._check(hosts)
        for host in hosts:
            judge_fates(before[host.name], again[host.name], results[host.name])
            after[host.name] = again[host.name]
        for host in batch:
            if host.name in refused:
                after[host.name] = _refused(before[host.name], refused[host.name])
        return sum(_went_wrong(after[host.name].report) for host in batch)

    def _report(self, command: str, checks: dict[str, HostCheck], seconds: float) -> Report:
        for host in self.hosts:
            checks[host.name].report.policy = self.policies.name(host.name)
        return Report(
            command=command,
            profile=self.policies.profile,
            started=(datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="seconds"),
            controls=len(self.checker.controls),
            seconds=seconds,
            hosts=[checks[host.name].report for host in self.hosts],
            notices=self.policies.notices,
            about={control.id: control.metadata for control in self.checker.controls},
        )


class _timed:
    """with _timed() as clock: ... clock.seconds"""

    seconds = 0.0

    def __enter__(self) -> _timed:
        self._began = time.monotonic()
        return self

    def __exit__(self, *exception: object) -> None:
        self.seconds = time.monotonic() - self._began


def _moved_hosts(
    batch: list[Host],
    checks: dict[str, HostCheck],
    reviewed: dict[str, list[dict[str, Any]]] | None,
) -> dict[str, str]:
    """Hosts that are not what was reviewed, with the differences."""
    if reviewed is None:
        return {}
    found = {}
    for host in batch:
        if host.name not in reviewed:
            found[host.name] = "this host is not in the plan"
        elif differences := moved(reviewed[host.name], checks[host.name].report):
            found[host.name] = "the host has moved since the plan: " + "; ".join(differences)
    return found


def _refused(check: HostCheck, reason: str) -> HostCheck:
    for outcome in check.report.outcomes:
        if outcome.status in _WRONG:
            outcome.fate, outcome.reason = Fate.LEFT_ALONE, reason
    return check


def _leave_alone(batch: list[Host], checks: dict[str, HostCheck], reason: str) -> None:
    for host in batch:
        _refused(checks[host.name], reason)


def judge_fates(before: HostCheck, after: HostCheck, result: HostApply) -> None:
    """What became of each outcome, by comparing the two checks and what failed between them."""
    was = {(outcome.control, outcome.subject): outcome for outcome in before.report.outcomes}
    if after.report.unreachable:
        after.report.outcomes = [_lost(outcome) for outcome in was.values()]
    for outcome in after.report.outcomes:
        key = (outcome.control, outcome.subject)
        earlier = was.get(key)
        outcome.fate = _fate(key, earlier, outcome, result)
        told = result.failed.get(key) or result.busy.get(key) or result.blocked.get(key)
        if told:
            outcome.reason = told
        if key in result.unnamed and outcome.status in _WRONG:
            outcome.reason = f"waits for a person: hardpoint apply --control {outcome.control}"
        if key in result.blocked:
            outcome.status = Status.BLOCKED
        outcome.log = result.log.get(key, ())
        if taken := result.taken_back.get(key[0]):
            _tell_taken_back(outcome, taken, told)
        if key in result.down and outcome.fate is not Fate.ROLLED_BACK:
            _tell_outage(outcome, result.down[key], result.run)


def _tell_taken_back(outcome: Outcome, taken: TakenBack, failure: str | None) -> None:
    if outcome.fate is Fate.ROLLED_BACK:
        outcome.reason = f"rolled back: {taken.why}"
    elif taken.problem and outcome.fate is not Fate.ALREADY_RIGHT:
        why = failure or taken.why
        outcome.reason = f"{why}; it could not be taken back: {taken.problem}"


def _tell_outage(outcome: Outcome, unit: str, run: str) -> None:
    """The worst that an apply can do. It never reads as a pass, whatever the files say now."""
    outcome.down = unit
    outcome.findings.insert(
        0,
        Finding(
            seen=f"{unit} ran before this apply and does not run now",
            who="nobody can use it until this is taken back, or it is mended",
            fix=f"hardpoint rollback --run {run} --control {outcome.control}",
            severity=Severity.CRITICAL,
        ),
    )
    if outcome.status is not Status.EXPOSED:
        outcome.status = Status.DRIFT


def _fate(key: tuple[str, str], earlier: Outcome | None, now: Outcome, result: HostApply) -> Fate:
    was_wrong = earlier is not None and earlier.status in _WRONG
    taken = result.taken_back.get(key[0])
    if key in result.busy:
        return Fate.BUSY
    if taken and not taken.problem and (was_wrong or key in result.failed):
        return Fate.ROLLED_BACK
    if key in result.down:
        return Fate.STILL_WRONG
    if key in result.failed or (taken and was_wrong):
        return Fate.FAILED
    if key in result.blocked:
        return Fate.LEFT_ALONE
    if now.status in _SETTLED:
        return Fate.FIXED if was_wrong else Fate.ALREADY_RIGHT
    if now.status in _WRONG and not now.waiver and key not in result.unnamed:
        return Fate.STILL_WRONG
    return Fate.LEFT_ALONE


def _lost(outcome: Outcome) -> Outcome:
    """The host went away during the apply: nothing is known of this outcome any more."""
    outcome.status = Status.UNREACHABLE
    return outcome


def _went_wrong(report: HostReport) -> bool:
    return bool(report.unreachable) or any(
        outcome.fate in (Fate.STILL_WRONG, Fate.FAILED, Fate.ROLLED_BACK)
        for outcome in report.outcomes
    )


def _rolled_back(reply: dict[str, Any] | BaseException) -> list[dict[str, str]] | str:
    if isinstance(reply, BaseException):
        return str(reply)
    return [
        {"result": one["result"], "resource": one["label"], "reason": one["reason"] or ""}
        for one in reply["resources"]
    ]
