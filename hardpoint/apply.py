"""The apply: what a check found is made true, journalled on the host first, one host at a time safe.

Operations run at once (pyinfra's immediate mode), so that each sees what the one before it did.
A control that fails stops neither the others nor the other hosts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pyinfra.api import State
from pyinfra.api.exceptions import NestedOperationError
from pyinfra.api.host import Host

from hardpoint import hostside, journal, reads, remote
from hardpoint.check import HostCheck
from hardpoint.control import HOST_SUBJECT, Registry
from hardpoint.journal import Claim
from hardpoint.operations import Busy, Refused
from hardpoint.operations.unit import Unit
from hardpoint.outcome import Outcome, Status
from hardpoint.plan import Step, steps
from hardpoint.reading import attach
from hardpoint.session import Session
from hardpoint.view import Privileges, StrictReader, Window, facing

# All of them, since an inventory's group data would decide what is left out.
_AS_ROOT = {"_sudo": True, "_sudo_user": "root", "_timeout": remote.SECONDS}
_TO_DO = (Status.EXPOSED, Status.DRIFT)


Owner = tuple[str, str]
"""(control, subject)"""


@dataclass(frozen=True)
class TakenBack:
    """What a run did for one control on a host was taken back: why, and what could not be."""

    why: str
    problem: str = ""


@dataclass
class HostApply:
    """What happened on one host: reasons of failures, by (control, subject).

    `down` names services that ran before and do not run now, `log` what they said last;
    `taken_back` is by control.
    """

    run: str = ""
    failed: dict[Owner, str] = field(default_factory=dict)
    busy: dict[Owner, str] = field(default_factory=dict)
    blocked: dict[Owner, str] = field(default_factory=dict)
    down: dict[Owner, str] = field(default_factory=dict)
    log: dict[Owner, tuple[str, ...]] = field(default_factory=dict)
    taken_back: dict[str, TakenBack] = field(default_factory=dict)
    unready: set[Owner] = field(default_factory=set)
    """Whose files are not as they should be: their services are not restarted."""
    unnamed: set[Owner] = field(default_factory=set)
    """Whom an apply leaves alone until a person names the control."""

    def stopped(self, owner: Owner) -> bool:
        """Whether nothing more is done for it. One service that fails stops no other."""
        return (
            owner in self.unready
            or owner in self.busy
            or owner in self.blocked
            or owner[0] in self.taken_back
        )

    def fail(self, owner: Owner, told: dict[str, Any], unit: str) -> None:
        """A host's refusal as the failure of a control; its message ends with the log. `unit` is the
        running service that was to be restarted, if any: only that can be down since."""
        said, log = str(told["message"]).partition("\n")[0], map(str, told.get("journal", ()))
        self.failed[owner] = "; ".join(filter(None, (self.failed.get(owner), said)))
        self.log[owner] = (*self.log.get(owner, ()), *log)
        if unit and told.get("down"):
            self.down[owner] = ", ".join(filter(None, (self.down.get(owner), unit)))


class Applier:
    """Applies checks to hosts, under one run id."""

    def __init__(
        self,
        session: Session,
        registry: Registry,
        named: frozenset[str],
        restart_busy: bool,
        takes_back: bool = False,
    ) -> None:
        self._session = session
        self._registry = registry
        self._named = named
        self._restart_busy = restart_busy
        self._takes_back = takes_back
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
        result = HostApply(self.run)
        wrong = {(o.control, o.subject) for o in check.report.outcomes if self._may_change(o)}
        result.unnamed = {
            (o.control, o.subject)
            for o in check.report.outcomes
            if self._waits(o) and o.control not in self._named
        }
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
        todo = steps(wanted, self._registry)
        for step in todo:
            self._do(state, host, step, result)
            if self._takes_back and any(owner in result.failed for owner in step.owners):
                self._take_back(host, step, todo, result, lease=self.run)
        for step in self._end(host, todo, result):
            if self._takes_back:
                self._take_back(host, step, todo, result, lease=None)
        return result

    def _may_change(self, outcome: Outcome) -> bool:
        """A waiver that has expired shows the truth, and is acted on only for a named control."""
        unheld = outcome.waiver != "expired" and not self._waits(outcome)
        return outcome.status in _TO_DO and (unheld or outcome.control in self._named)

    def _waits(self, outcome: Outcome) -> bool:
        return self._registry[outcome.control].metadata.by_name

    def _withdraw(self, host: Host, control: str, result: HostApply) -> None:
        request = {"do": "rollback", "control": control, "lease": self.run, "who": self._who}
        try:
            remote.ask(host, request)
        except (OSError, hostside.HostsideError) as error:
            result.failed[control, HOST_SUBJECT.name] = str(error)

    def _end(self, host: Host, done: list[Step], result: HostApply) -> list[Step]:
        """Frees the host; the steps whose service has died since. Where the host can't be told, its
        lease runs out by itself."""
        fallen: dict[Owner, dict[str, Any]] = {}
        try:
            remote.ask(host, {"do": "close", "run": self.run})
        except OSError:
            pass
        except hostside.HostsideError as error:
            for told in error.reply.get("fallen", []):
                fallen[told["control"], told["subject"]] = told
        for owner, told in fallen.items():
            result.fail(owner, {**told, "down": True}, told["unit"])
        return [step for step in done if (step.control, step.subject) in fallen and _unit_of(step)]

    # Taking back

    def _take_back(
        self, host: Host, failed: Step, todo: list[Step], result: HostApply, lease: str | None
    ) -> None:
        """What this run did for the controls of a step that failed, and for those that need them."""
        for control in dict.fromkeys(name for name, _ in failed.owners):
            if control in result.taken_back:
                continue
            why = next(said for owner, said in result.failed.items() if owner[0] == control)
            for other in reversed(self._dependants(control, todo)):
                problem = self._play_back(host, other, lease)
                result.taken_back[other] = TakenBack(f"it needs {control}, which failed", problem)
            problem = self._play_back(host, control, lease)
            if problem:
                # The service reads what others of this run gave it as well.
                for other in _sharing(failed, todo, {control, *result.taken_back}):
                    said = f"{_unit_of(failed)} did not start without {control} either"
                    result.taken_back[other] = TakenBack(said, self._play_back(host, other, lease))
                problem = self._play_back(host, control, lease)
            result.taken_back[control] = TakenBack(why, problem)

    def _play_back(self, host: Host, control: str, lease: str | None) -> str:
        """What could not be taken back of this run's changes for the control, in words; "" for nothing."""
        asked = {"do": "rollback", "run": self.run, "control": control}
        try:
            reply = remote.ask(host, {**asked, "lease": lease, "who": self._who})
        except (OSError, hostside.HostsideError) as error:
            return str(error)
        left = [one for one in reply["resources"] if one["result"] in ("failed", "refused")]
        reasons = [f"{one['label']}: {one['reason']}".partition("\n")[0] for one in left]
        return "; ".join([*reasons, *reply["warnings"]])

    def _dependants(self, control: str, todo: list[Step]) -> list[str]:
        """Controls of this apply that need the control, directly or not, in the order of steps."""
        found = [control]
        for name in dict.fromkeys(name for step in todo for name, _ in step.owners):
            required = self._registry[name].metadata.requires
            if any(self._registry.resolve(one) in found for one in required):
                found.append(name)
        return found[1:]

    def _do(self, state: State, host: Host, step: Step, result: HostApply) -> None:
        for owner in step.owners:
            blocker = self._blocker(owner[0], result)
            if blocker:
                result.blocked[owner] = f"blocked by {blocker}"
        if any(result.stopped(owner) for owner in step.owners):
            return
        told = self._told(state, host, step)
        for owner in step.owners if told else ():
            if told["error"] == "busy":
                result.busy[owner] = told["message"]
                continue
            result.fail(owner, told, _unit_of(step))
            if not _unit_of(step):
                result.unready.add(owner)

    def _told(self, state: State, host: Host, step: Step) -> dict[str, Any]:
        """Does the step; what kept it from being done as error and message, {} when it is done."""
        claim = Claim(self.run, step.control, step.subject, self._who)
        try:
            step.desired.execute(claim, **_AS_ROOT)
        except Busy as busy:
            return {"error": "busy", "message": str(busy)}
        except (Refused, OSError, hostside.HostsideError) as error:
            return {"error": "failed", "message": str(error)}
        except NestedOperationError:
            return _failure(state, host)
        except Exception as error:  # a control's own mistake is this control's result
            return {"error": "error", "message": f"{type(error).__name__}: {error}"}
        return {}

    def _blocker(self, control: str, result: HostApply) -> str:
        """The required control that failed here."""
        failed = {name for name, _ in (*result.failed, *result.busy, *result.blocked)}
        required = self._registry[control].metadata.requires
        return next((name for name in required if self._registry.resolve(name) in failed), "")


def _attach_reader(host: Host, restart_busy: bool) -> None:
    """Facts that operations ask while executing go out one by one: nothing is cached into apply."""
    window = Window(host.connector, reads.one_by_one(host.connector.execute), Privileges())
    reader = StrictReader(facing(host, window), window)
    reader.restart_busy = restart_busy
    attach(host, reader)


def _unit_of(step: Step) -> str:
    """The service that a step restarts, "" for other steps."""
    return step.desired.unit if isinstance(step.desired, Unit) else ""


def _sharing(failed: Step, todo: list[Step], but: set[str]) -> list[str]:
    """Other controls of this apply that want the same service restarted, the last one first."""
    if not isinstance(failed.desired, Unit):
        return []
    unit = (failed.desired.unit, failed.desired.manager)
    users = [
        step.control
        for step in todo
        if isinstance(step.desired, Unit) and (step.desired.unit, step.desired.manager) == unit
    ]
    return [name for name in reversed(list(dict.fromkeys(users))) if name not in but]


def _failure(state: State, host: Host) -> dict[str, Any]:
    """The reply of the operation that failed last: error, message, perhaps down and journal."""
    meta = state.ops[host][host.op_hash_order[-1]].operation_meta
    output = meta._combined_output
    for line in reversed(output.stdout_lines if output else []):
        try:
            hostside.reply(line)
        except hostside.HostsideError as refusal:
            if refusal.code != "no-reply":
                return {**refusal.reply, "error": refusal.code, "message": refusal.message}
    lines = output.output_lines if output else []
    said = lines[-1] if lines else "the connection ended while the change was made"
    return {"error": "failed", "message": said}


def _all_failed(check: HostCheck, error: BaseException) -> HostApply:
    said = str(error) or type(error).__name__
    return HostApply(
        failed={
            (outcome.control, outcome.subject): said
            for outcome in check.report.outcomes
            if outcome.status in _TO_DO
        }
    )
