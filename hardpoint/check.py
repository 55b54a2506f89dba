"""The check: all controls of all hosts judged from one snapshot a host. Read-only, always."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from pyinfra.api import State
from pyinfra.api.host import Host

from hardpoint import reads
from hardpoint.batch import Answer, Request
from hardpoint.control import HOST_SUBJECT, Control, Registry
from hardpoint.facts.journal import Claims
from hardpoint.facts.machine import Machine
from hardpoint.journal import Claim
from hardpoint.judge import Judgement, judge
from hardpoint.operations import Desired
from hardpoint.outcome import Finding, HostReport, Outcome, Severity, Status
from hardpoint.plan import conflicts
from hardpoint.policy import HostPolicy, Policies
from hardpoint.session import Session, enter
from hardpoint.snapshot import Snapshot
from hardpoint.view import ControlView, Privileges, windowed_copy

Wanted = Callable[[Control], bool]


@dataclass
class HostCheck:
    """What a check found out about one host, and what an apply would do there."""

    report: HostReport
    desired: dict[tuple[str, str], list[Desired]] = field(default_factory=dict)
    busy: dict[tuple[str, str], str] = field(default_factory=dict)
    withdrawn: list[str] = field(default_factory=list)


class Checker:
    """Checks hosts, each under its policy."""

    def __init__(
        self,
        session: Session,
        registry: Registry,
        policies: Policies,
        wanted: Wanted,
        restart_busy: bool = False,
    ) -> None:
        self._session = session
        self._policies = policies
        self._registry = registry
        self._controls = [control for control in registry if wanted(control)]
        self._restart_busy = restart_busy

    @property
    def controls(self) -> list[Control]:
        return self._controls

    def check(self, hosts: list[Host], progress: Callable[[str], None]) -> dict[str, HostCheck]:
        """One HostCheck a host, unreachable ones included."""
        with self._session.phase() as state:

            def one(host: Host) -> HostCheck:
                result = self._check_host(state, host)
                progress(host.name)
                return result

            results = self._session.each(state, hosts, one)
        return {host.name: self._settled(host, results[host.name]) for host in hosts}

    def _settled(self, host: Host, result: HostCheck | BaseException) -> HostCheck:
        if isinstance(result, HostCheck):
            return result
        self._session.forget(host)
        return HostCheck(HostReport(host.name, unreachable=str(result) or type(result).__name__))

    def _check_host(self, state: State, host: Host) -> HostCheck:
        began = time.monotonic()
        execs = self._session.execs(host)
        policy = self._policies.for_host(host.name, host.groups)
        asked = [control for control in self._controls if policy.asks(control.id)]
        snapshot = Snapshot(partial(reads.execute, host.connector.execute))
        privileges = Privileges()
        snapshot.expect(self._ghost_plan(state, host, asked, policy))
        jobs: list[Callable[[], Any]] = [
            partial(_read_machine, state, host, snapshot.ask, privileges)
        ]
        judged = frozenset(control.id for control in asked)
        jobs += [
            partial(self._judge, state, host, control, policy, judged, snapshot, privileges)
            for control in asked
        ]
        (machine, claims, problems), *judgements = snapshot.run(jobs)
        report = HostReport(
            host.name,
            system=machine["system"],
            users=len([user for user in machine["users"] if user["uid"] != 0]),
            unseen=_unseen(machine, privileges, problems),
        )
        desired = {
            (judgement.control.id, subject): items
            for judgement in judgements
            for subject, items in judgement.desired.items()
        }
        report.outcomes = self._outcomes(host, judgements, policy, claims)
        _mark_conflicts(report.outcomes, conflicts(desired))
        report.seconds = time.monotonic() - began
        report.execs = host.connector.execs - execs
        busy = {
            (judgement.control.id, subject): reason
            for judgement in judgements
            for subject, reason in judgement.busy.items()
        }
        return HostCheck(report, desired, busy, _withdrawn(report, policy, self._registry))

    def _judge(
        self,
        state: State,
        host: Host,
        control: Control,
        policy: HostPolicy,
        judged: frozenset[str],
        snapshot: Snapshot,
        privileges: Privileges,
    ) -> Judgement:
        clone, reader = windowed_copy(host, snapshot.ask, privileges, snapshot.expect)
        reader.restart_busy = self._restart_busy
        enter(clone, state)
        view = ControlView(clone, reader, policy.options, control.id, judged)
        return judge(control, view, reader)

    def _ghost_plan(
        self, state: State, host: Host, controls: list[Control], policy: HostPolicy
    ) -> list[Request]:
        """What all controls ask of a host where every answer is empty: sent with the first wave."""
        asked: dict[Request, None] = {}

        def ask(request: Request) -> Answer:
            asked[request] = None
            return Answer()

        _read_machine(state, host, ask, Privileges())
        for control in controls:
            clone, reader = windowed_copy(host, ask, Privileges())
            enter(clone, state)
            view = ControlView(clone, reader, policy.options, control.id)
            _rehearse(control, view)
        enter(host, state)
        return list(asked)

    def _outcomes(
        self,
        host: Host,
        judgements: list[Judgement],
        policy: HostPolicy,
        claims: list[dict[str, Any]],
    ) -> list[Outcome]:
        outcomes = [outcome for judgement in judgements for outcome in judgement.outcomes]
        held = {claim["control"] for claim in claims}
        for outcome in outcomes:
            _orphan_what_is_left_over(outcome, held)
            _waive(outcome, policy)
        _wait_for_required(outcomes, self._registry)
        outcomes += self._not_asked(host, policy, claims)
        return outcomes

    def _not_asked(
        self, host: Host, policy: HostPolicy, claims: list[dict[str, Any]]
    ) -> list[Outcome]:
        """Skipped controls, and whatever was applied here and is no longer asked for."""
        held = {claim["control"] for claim in claims}
        selected = {control.id for control in self._controls}
        found = []
        for control in self._registry:
            if control.id not in selected or policy.asks(control.id):
                continue
            if control.id in held:
                found.append(_orphan(host, control.id, control))
            elif policy.skipped(control.id):
                reason = f"skipped at {policy.skip_origin(control.id)}"
                found.append(_plain(host, control, Status.SKIPPED, reason))
        if len(selected) == len(self._registry):
            unknown = sorted(held - {control.id for control in self._registry})
            found += [_orphan(host, name, None) for name in unknown]
        return found


def _read_machine(
    state: State, host: Host, ask: Callable[[Request], Answer], privileges: Privileges
) -> tuple[dict[str, Any], list[dict[str, Any]], list[str]]:
    clone, reader = windowed_copy(host, ask, privileges)
    enter(clone, state)
    machine = reader.read(Machine)
    claims = reader.read(Claims)["claims"]
    return machine, claims, reader.problems


def _rehearse(control: Control, view: ControlView) -> None:
    """Runs a control against empty answers, only to learn what it asks."""
    claim = Claim("", control.id, HOST_SUBJECT.name, "")
    steps: list[Callable[[], Any]] = [
        lambda: list(control.subjects(view)),
        lambda: list(control.observe(view, HOST_SUBJECT)),
        lambda: [d.plan(claim) for d in control.harden(view, HOST_SUBJECT)],
    ]
    for step in steps:
        try:
            step()
        except Exception:  # an empty answer may break a control here, and nowhere else
            continue


def _unseen(machine: dict[str, Any], privileges: Privileges, problems: list[str]) -> list[str]:
    """What this check could not look at; nothing where the reader answered as root."""
    if privileges.refusal and not machine.get("root"):
        return [f"not everything could be seen: {privileges.refusal}", *problems]
    return problems


def _waive(outcome: Outcome, policy: HostPolicy) -> None:
    """A waiver holds until it expires; then the true status shows, with one finding more."""
    waiver = policy.waiver(outcome.control)
    if waiver is None or outcome.status in (Status.COMPLIANT, Status.NOT_APPLICABLE):
        return
    if waiver.expired(date.today()):
        outcome.findings.append(
            Finding(
                seen=f"the waiver of {waiver.owner} expired on {waiver.expires}",
                why=f"{waiver.place}: {waiver.reason}",
                fix=f"renew it, or: hardpoint apply --control {outcome.control}",
            )
        )
        outcome.waiver = "expired"
    else:
        outcome.waiver = f"until {waiver.expires} by {waiver.owner}: {waiver.reason}"
        outcome.reason = f"{outcome.status} · {outcome.reason}".rstrip(" ·")
        outcome.status = Status.WAIVED


def _mark_conflicts(outcomes: list[Outcome], reasons: dict[tuple[str, str], str]) -> None:
    for outcome in outcomes:
        if (outcome.control, outcome.subject) in reasons:
            outcome.status = Status.ERROR
            outcome.reason = reasons[outcome.control, outcome.subject]


def _wait_for_required(outcomes: list[Outcome], registry: Registry) -> None:
    """A control that needs another one first says so."""
    wrong = {o.control for o in outcomes if o.status in (Status.DRIFT, Status.EXPOSED)}
    for outcome in outcomes:
        after = [name for name in registry[outcome.control].metadata.requires if name in wrong]
        if after and outcome.status in (Status.DRIFT, Status.EXPOSED):
            outcome.reason = f"after {', '.join(after)}"


def _withdrawn(report: HostReport, policy: HostPolicy, registry: Registry) -> list[str]:
    """Controls that the policy skips although they were applied here: an apply takes them back."""
    return [
        outcome.control
        for outcome in report.outcomes
        if outcome.status is Status.ORPHANED
        and outcome.control in registry
        and policy.skipped(outcome.control)
    ]


def _orphan_what_is_left_over(outcome: Outcome, held: set[str]) -> None:
    """What it protected is gone, and what we did for it is still there."""
    if outcome.status is Status.NOT_APPLICABLE and outcome.control in held:
        outcome.status = Status.ORPHANED
        outcome.reason = _left_over(outcome.control)


def _left_over(control: str) -> str:
    return f"applied here, and no longer asked for: hardpoint rollback --control {control}"


def _orphan(host: Host, name: str, control: Control | None) -> Outcome:
    return Outcome(
        host.name,
        name,
        HOST_SUBJECT.name,
        Status.ORPHANED,
        control.metadata.severity if control else Severity.LOW,
        control.metadata.title if control else name,
        _left_over(name),
    )


def _plain(host: Host, control: Control, status: Status, reason: str) -> Outcome:
    return Outcome(
        host.name,
        control.id,
        HOST_SUBJECT.name,
        status,
        control.metadata.severity,
        control.metadata.title,
        reason,
    )
