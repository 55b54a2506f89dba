"""Proofs: active tests of the effect, asked for explicitly, with canaries only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from pyinfra.api import State
from pyinfra.api.host import Host

from hardpoint.check import HostCheck
from hardpoint.connector import LocalBatchingConnector
from hardpoint.control import Control, Scope, Subject
from hardpoint.outcome import Outcome, Proof, ProofResult, Status
from hardpoint.policy import Policy
from hardpoint.proofs.vantage import NoVantage, Vantage, beside_this_machine, from_here
from hardpoint.session import Session, enter
from hardpoint.view import ControlView, Privileges, windowed_copy

_UNPROVABLE = (Status.NOT_APPLICABLE, Status.SKIPPED, Status.ORPHANED, Status.UNREACHABLE)


class Prover:
    """Proves controls on the hosts that a check has just judged."""

    def __init__(self, session: Session, policy: Policy, controls: list[Control]) -> None:
        self._session = session
        self._policy = policy
        self._controls = {control.id: control for control in controls}

    def prove(self, hosts: list[Host], checks: dict[str, HostCheck]) -> None:
        """Puts a proof beside every outcome. A failed one makes its control exposed."""
        reachable = [host for host in hosts if not checks[host.name].report.unreachable]
        with self._session.phase() as state:
            self._session.each(
                state, reachable, lambda host: self._prove_host(state, host, checks[host.name])
            )

    def _prove_host(self, state: State, host: Host, check: HostCheck) -> None:
        with _vantage_of(host) as vantage:
            for outcome in check.report.outcomes:
                control = self._controls.get(outcome.control)
                if control is not None and outcome.status not in _UNPROVABLE:
                    self._prove_one(state, host, control, outcome, vantage)

    def _prove_one(
        self, state: State, host: Host, control: Control, outcome: Outcome, vantage: Vantage | str
    ) -> None:
        clone, reader = windowed_copy(
            host, lambda request: host.connector.execute([request])[0], Privileges()
        )
        enter(clone, state)
        options = self._policy.for_host(host.name, host.groups).options(control.id)
        scope = Scope.HOST if outcome.subject == "system" else Scope.USER
        subject = Subject(scope, outcome.subject)
        try:
            if isinstance(vantage, str):
                raise NoVantage(vantage)
            result = control.prove(vantage, ControlView(clone, reader, options), subject)
        except NoVantage as problem:
            result = ProofResult(Proof.INCONCLUSIVE, (str(problem),))
        except Exception as error:  # one control's mistake is one proof's result
            result = ProofResult(Proof.INCONCLUSIVE, (f"{type(error).__name__}: {error}",))
        if result is None:
            return
        if reader.problems and result.proof is Proof.PASSED:
            result = ProofResult(Proof.INCONCLUSIVE, (*result.evidence, *reader.problems))
        now = datetime.now(UTC).isoformat(timespec="seconds")
        outcome.proof = ProofResult(result.proof, result.evidence, now)
        if result.proof is Proof.FAILED and outcome.status is not Status.WAIVED:
            outcome.status = Status.EXPOSED


@contextmanager
def _vantage_of(host: Host) -> Iterator[Vantage | str]:
    """Where to look at this host from; a text where there is no such place."""
    if not isinstance(host.connector, LocalBatchingConnector):
        yield from_here(_ssh_port(host))
        return
    with ExitStack() as stack:
        vantage: Vantage | str
        try:
            vantage = stack.enter_context(beside_this_machine())
        except NoVantage as problem:
            vantage = str(problem)
        yield vantage


def _ssh_port(host: Host) -> int:
    transport = host.connector.client.get_transport()
    return transport.getpeername()[1] if transport else 22
