"""Proofs: active tests of the effect, asked for explicitly, with canaries only."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pyinfra.api import State
from pyinfra.api.host import Host

from hardpoint import reads, remote
from hardpoint.check import HostCheck
from hardpoint.connector import LocalBatchingConnector
from hardpoint.control import Control, Scope, Subject
from hardpoint.outcome import Finding, Outcome, Proof, ProofResult, Status
from hardpoint.policy import Policies
from hardpoint.proofs import places
from hardpoint.proofs.places import Place
from hardpoint.proofs.trials import SECONDS, Trials
from hardpoint.proofs.vantage import SSH_PORT, Vantage
from hardpoint.session import Session, enter
from hardpoint.snapshot import Snapshot
from hardpoint.view import ControlView, Privileges, windowed_copy

_UNPROVABLE = (Status.NOT_APPLICABLE, Status.SKIPPED, Status.ORPHANED, Status.UNREACHABLE)


class Prover:
    """Proves controls on the hosts that a check has just judged.

    Looks from this machine, if `from_here`, and from each host of `vantages`; `with_trials` runs the
    hosts' agents as well.
    """

    def __init__(
        self,
        session: Session,
        policies: Policies,
        controls: list[Control],
        vantages: Sequence[Host] = (),
        from_here: bool = True,
        with_trials: bool = False,
    ) -> None:
        self._session = session
        self._policies = policies
        self._controls = {control.id: control for control in controls}
        self._vantages = vantages
        self._with_trials = with_trials
        self._here = [places.here()] if from_here else []

    def prove(self, hosts: list[Host], checks: dict[str, HostCheck]) -> None:
        """Puts a proof beside every outcome. A failed one makes its control exposed."""
        reachable = [host for host in hosts if not checks[host.name].report.unreachable]
        with self._session.phase() as state:
            others = self._other_places(state)
            self._session.each(
                state,
                reachable,
                lambda host: self._prove_host(state, host, checks[host.name], others),
            )

    def _other_places(self, state: State) -> list[Place]:
        connected = self._session.each(state, self._vantages, lambda host: None)
        return [
            places.on(host)
            if connected[host.name] is None
            else places.nowhere(host.name, str(connected[host.name]), is_host=True)
            for host in self._vantages
        ]

    def _prove_host(self, state: State, host: Host, check: HostCheck, others: list[Place]) -> None:
        snapshot = Snapshot(partial(reads.execute, host.connector.execute))
        trials = Trials(partial(_ask_long, host)) if self._with_trials else None
        with _vantage_of(host, self._here, others, trials) as vantage:
            snapshot.run(
                [
                    partial(self._prove_one, state, host, control, outcome, vantage, snapshot)
                    for outcome in check.report.outcomes
                    if outcome.status not in _UNPROVABLE
                    and (control := self._controls.get(outcome.control))
                ]
            )
        check.report.trials = trials.all if trials else []

    def _prove_one(
        self,
        state: State,
        host: Host,
        control: Control,
        outcome: Outcome,
        vantage: Vantage,
        snapshot: Snapshot,
    ) -> None:
        clone, reader = windowed_copy(host, snapshot.ask, Privileges())
        enter(clone, state)
        options_of = self._policies.for_host(host.name, host.groups).options
        scope = Scope.HOST if outcome.subject == "system" else Scope.USER
        subject = Subject(scope, outcome.subject)
        try:
            view = ControlView(clone, reader, options_of, control.id)
            result = control.prove(vantage, view, subject)
        except Exception as error:  # one control's mistake is one proof's result
            result = ProofResult(Proof.INCONCLUSIVE, (f"{type(error).__name__}: {error}",))
        if result is None:
            return
        if reader.problems and result.proof is Proof.PASSED:
            result = replace(
                result, proof=Proof.INCONCLUSIVE, evidence=(*result.evidence, *reader.problems)
            )
        now = datetime.now(UTC).isoformat(timespec="seconds")
        outcome.proof = replace(result, at=now)
        if result.proof is Proof.FAILED:
            _contradict(outcome, control, result)


def _contradict(outcome: Outcome, control: Control, result: ProofResult) -> None:
    """The effect was seen, whatever the check made of the files."""
    outcome.findings += [Finding(seen, control.metadata.risk, exposed=True) for seen in result.seen]
    if outcome.status is not Status.WAIVED:
        outcome.status = Status.EXPOSED


@contextmanager
def _vantage_of(
    host: Host, here: list[Place], others: list[Place], trials: Trials | None
) -> Iterator[Vantage]:
    """All places to look at this host from."""
    if not isinstance(host.connector, LocalBatchingConnector):
        yield Vantage([*here, *others], [_ssh_port(host)], trials=trials)
        return
    if not here:
        yield Vantage(others, trials=trials)
        return
    with ExitStack() as stack:
        try:
            beside = stack.enter_context(places.beside_this_machine())
        except places.NoVantage as problem:
            nowhere = places.nowhere("beside it", str(problem))
            yield Vantage([nowhere, *others], trials=trials)
            return
        ports = [beside.listener, SSH_PORT]
        yield Vantage([beside.place, *others], ports, beside.own, trials)


def _ask_long(host: Host, request: dict[str, Any]) -> dict[str, Any]:
    return remote.ask(host, request, seconds=2 * SECONDS)


def _ssh_port(host: Host) -> int:
    """Where its sshd listens; through a jump host or a ProxyCommand the connection can't tell."""
    transport = host.connector.client.get_transport()
    if transport and isinstance(transport.sock, socket.socket):
        return transport.getpeername()[1]
    return int(host.data.get("ssh_port") or SSH_PORT)
