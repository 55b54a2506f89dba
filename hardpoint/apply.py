"""The apply: what a check found is made true, journalled on the host first, one host at a time safe.

Operations run at once (pyinfra's immediate mode), so that each sees what the one before it did.
A control that fails stops neither the others nor the other hosts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from pyinfra.api import State
from pyinfra.api.exceptions import NestedOperationError
from pyinfra.api.host import Host

from hardpoint import hostside, journal, remote
from hardpoint.check import HostCheck
from hardpoint.control import HOST_SUBJECT, Registry
from hardpoint.journal import Claim
from hardpoint.operations import Busy, Refused
from hardpoint.outcome import Outcome, Status
from hardpoint.plan import Step, steps
from hardpoint.reading import attach
from hardpoint.session import Session
from hardpoint.view import Privileges, StrictReader, Window, facing

# All of them, since an inventory's group data would decide what is left out.
_AS_ROOT = {"_sudo": True, "_sudo_user": "root", "_timeout": remote.SECONDS}
_TO_DO = (Status.EXPOSED, Status.DRIFT)


@dataclass
class HostApply:
    """What happened on one host: reasons of failures, by (control, subject)."""

    failed: dict[tuple[str, str], str] = field(default_factory=dict)
    busy: dict[tuple[str, str], str] = field(default_factory=dict)
    blocked: dict[tuple[str, str], str] = field(default_factory=dict)


class Applier:
    """Applies checks to hosts, under one run id."""

    def __init__(
        self, session: Session, registry: Registry, named: frozenset[str], restart_busy: bool
    ) -> None:
        self._session = session
        self._registry = registry
        self._named = named
        self._restart_busy = restart_busy
        self.run = journal.new_run_id()
        self._who = journal.operator()

    def apply(self, hosts: list[Host], checks: dict[str, HostCheck]) -> dict[str, HostApply]:
        with self._session.phase(executing=True) as state:
            results = self._session.each(
                state, hosts, lambda host: self._apply_host(state, host, checks[host.name])
            )
        return {
            name: result if isinstance(result, HostApply) else _all_failed(checks[name], result)
            for name, result in results.items()
        }

    def _apply_host(self, state: State, host: Host, check: HostCheck) -> HostApply:
        result = HostApply()
        wrong = {(o.control, o.subject) for o in check.report.outcomes if self._may_change(o)}
        result.busy = {key: reason for key, reason in check.busy.items() if key in wrong}
        wanted = {
            key: items
            for key, items in check.desired.items()
            if key in wrong and key not in result.busy
        }
        if not wanted and not check.withdrawn:
            return result
        _attach_reader(host, self._restart_busy)
        try:
            remote.ask(host, {"do": "begin", "run": self.run, "who": self._who})
        except (OSError, hostside.HostsideError) as error:
            leased = isinstance(error, hostside.HostsideError) and error.code == "busy"
            where = result.busy if leased else result.failed
            where.update(dict.fromkeys(wanted, str(error)))
            return result
        for control in check.withdrawn:
            self._withdraw(host, control, result)
        for step in steps(wanted, self._registry):
            self._do(state, host, step, result)
        self._end(host)
        return result

    def _may_change(self, outcome: Outcome) -> bool:
        """A waiver that has expired shows the truth, and is acted on only for a named control."""
        unheld = outcome.waiver != "expired" or outcome.control in self._named
        return outcome.status in _TO_DO and unheld

    def _withdraw(self, host: Host, control: str, result: HostApply) -> None:
        request = {"do": "rollback", "control": control, "lease": self.run, "who": self._who}
        try:
            remote.ask(host, request)
        except (OSError, hostside.HostsideError) as error:
            result.failed[control, HOST_SUBJECT.name] = str(error)

    def _end(self, host: Host) -> None:
        """Frees the host. Where it can't be told, its lease runs out by itself."""
        try:
            remote.ask(host, {"do": "close", "run": self.run})
        except (OSError, hostside.HostsideError):
            pass

    def _do(self, state: State, host: Host, step: Step, result: HostApply) -> None:
        for owner in step.owners:
            blocker = self._blocker(owner[0], result)
            if blocker:
                result.blocked[owner] = f"blocked by {blocker}"
        if any(o in result.failed or o in result.busy or o in result.blocked for o in step.owners):
            return
        claim = Claim(self.run, step.control, step.subject, self._who)
        try:
            step.desired.execute(claim, **_AS_ROOT)
        except Busy as busy:
            result.busy.update(dict.fromkeys(step.owners, str(busy)))
        except (Refused, OSError, hostside.HostsideError) as error:
            result.failed.update(dict.fromkeys(step.owners, str(error)))
        except NestedOperationError:
            code, message = _failure(state, host)
            where = result.busy if code == "busy" else result.failed
            where.update(dict.fromkeys(step.owners, message))
        except Exception as error:  # a control's own mistake is this control's result
            said = f"{type(error).__name__}: {error}"
            result.failed.update(dict.fromkeys(step.owners, said))

    def _blocker(self, control: str, result: HostApply) -> str:
        """The required control that failed here."""
        failed = {name for name, _ in (*result.failed, *result.busy, *result.blocked)}
        required = self._registry[control].metadata.requires
        return next((name for name in required if self._registry.resolve(name) in failed), "")


def _attach_reader(host: Host, restart_busy: bool) -> None:
    """Facts that operations ask while executing go out one by one: nothing is cached into apply."""
    window = Window(
        host.connector, lambda request: host.connector.execute([request])[0], Privileges()
    )
    reader = StrictReader(facing(host, window), window)
    reader.restart_busy = restart_busy
    attach(host, reader)


def _failure(state: State, host: Host) -> tuple[str, str]:
    """(code, message) of the operation that failed last."""
    meta = state.ops[host][host.op_hash_order[-1]].operation_meta
    output = meta._combined_output
    for line in reversed(output.stdout_lines if output else []):
        try:
            told = json.loads(line)
            return told["error"], told["message"]
        except (ValueError, KeyError, TypeError):
            continue
    lines = output.output_lines if output else []
    return "failed", lines[-1] if lines else "the connection ended while the change was made"


def _all_failed(check: HostCheck, error: BaseException) -> HostApply:
    said = str(error) or type(error).__name__
    return HostApply(
        failed={
            (outcome.control, outcome.subject): said
            for outcome in check.report.outcomes
            if outcome.status in _TO_DO
        }
    )
