"""The same controls under plain pyinfra: `pyinfra INVENTORY deploys/baseline.py [--dry] [--limit]`.

Same policy, skips, waivers and journal. Four things differ, since pyinfra drives: a fact that
can't be read fails the host; what is still wrong afterwards is a last operation that fails; drift
alone leaves the exit status of --dry at 0; what failed is not taken back.

pyinfra orders operations by line and loop position, and hosts that take different ways through a
file make it see a cycle. So every host goes the same way here, through a place of its own for each
(control, subject, number): places only ever grow, whatever a host leaves out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from pyinfra import host, logger
from pyinfra.api import QuoteString, StringCommand, operation
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.operation import OperationMeta

from hardpoint import hostside, journal, plan, remote
from hardpoint.control import HOST_SUBJECT, Control, Registry
from hardpoint.controls import registry as all_controls
from hardpoint.facts.journal import Claims, Runs
from hardpoint.journal import Claim
from hardpoint.judge import error_of
from hardpoint.operations import Desired
from hardpoint.policy import HostPolicy, Policy, PolicyError, Waiver, load_policy
from hardpoint.reading import PlainReader, Unreadable, plain_reader
from hardpoint.reports.text import printable
from hardpoint.view import ControlView


def baseline() -> None:
    """Everything that the policy asks of the host in context."""
    _deploy(lambda control: True)


def family(*names: str) -> None:
    """What the policy asks of some families of controls."""
    _deploy(lambda control: control.metadata.family in names)


def only(name: str) -> None:
    """What the policy asks of one control."""
    _deploy(lambda control: control.id == name)


@dataclass
class HostDeploy:
    """What is asked of one host, and how far it came."""

    policy: HostPolicy
    reader: PlainReader
    judged: frozenset[str] = frozenset()
    done: list[tuple[set[str], str, OperationMeta]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def view(self, control: Control) -> ControlView:
        return ControlView(host, self.reader, self.policy.options, control.id, self.judged)

    def waiver(self, control: Control) -> Waiver | None:
        return self.policy.waiver(control.id)

    def failed(self) -> Iterator[tuple[set[str], str, OperationMeta]]:
        """Operations that failed on this host: their controls, name and result."""
        return (one for one in self.done if one[2].is_complete() and one[2].did_error())

    def add(
        self,
        place: Sequence[object],
        control: str,
        subject: str,
        step: Desired | None,
        owners: Iterable[str] = (),
    ) -> None:
        """One operation, in its place. One that fails stops no other: `verify` tells it in the end."""
        kind = type(step).__name__.lower() if step else "withdraw"
        claim = Claim(_run(), control, subject, journal.operator())
        controls = {control, *owners}
        with _at(*place, kind):
            meta = change(
                step=step,
                claim=claim,
                here=self,
                controls=controls,
                name=f"{control} {subject} {kind}",
                _sudo=self.reader.sudo,
                _timeout=remote.SECONDS,
                _ignore_errors=True,
            )
        self.done.append((controls, f"{control} {subject} {kind}", meta))


def _deploy(wanted: Callable[[Control], bool]) -> None:
    try:
        _prepare([control for control in all_controls() if wanted(control)])
    except Unreadable:  # pyinfra has said why, and goes on without this host
        return


def _prepare(controls: list[Control]) -> None:
    policy = _policy(host.data.get("hardpoint_policy")).for_host(host.name, host.groups)
    here = HostDeploy(policy, plain_reader(host))
    registry = all_controls()
    position = {control.id: number for number, control in enumerate(registry)}
    for control in _withdrawn(here, controls):
        here.add((0, position[control.id]), control.id, HOST_SUBJECT.name, None)
    asked = [control for control in controls if policy.asks(control.id)]
    here.judged = frozenset(control.id for control in asked)
    for place, step in _placed(_steps(here, asked, registry), position):
        owners = (control_id for control_id, _ in step.owners)
        here.add(place, step.control, step.subject, step.desired, owners)
    end = close(here=here, name="hardpoint close", _sudo=here.reader.sudo, _ignore_errors=True)
    here.done.append((set(), "hardpoint close", end))
    observed = [control for control in asked if not _is_waived(here, control)]
    verify(here=here, controls=observed, name="hardpoint verify", _sudo=here.reader.sudo)


def _steps(here: HostDeploy, asked: list[Control], registry: Registry) -> list[plan.Step]:
    """A waiver holds for the deploy too; an expired one leaves the control alone until it is named,
    which only the hardpoint command can do; so for one that wants to be named."""
    desired: dict[tuple[str, str], list[Desired]] = {}
    for control in asked:
        if here.waiver(control) is None and not control.metadata.by_name:
            with _told(here, control):
                view = here.view(control)
                for subject in control.subjects(view):
                    desired[control.id, subject.name] = list(control.harden(view, subject))
    return plan.steps(desired, registry)


def _placed(
    steps: list[plan.Step], position: dict[str, int]
) -> Iterator[tuple[tuple[object, ...], plan.Step]]:
    """Each step with its place: files of all controls before the services that read them."""
    numbers: dict[tuple[object, ...], int] = {}
    for step in steps:
        key = (2 if step.desired.after_files else 1, position[step.control], step.subject)
        numbers[key] = numbers.get(key, -1) + 1
        yield (*key, numbers[key]), step


def _withdrawn(here: HostDeploy, controls: list[Control]) -> list[Control]:
    """What the policy skips although it was applied here."""
    skipped = [control for control in controls if here.policy.skipped(control.id)]
    held = {claim["control"] for claim in here.reader.read(Claims)["claims"]} if skipped else set()
    return [control for control in skipped if control.id in held]


def _is_waived(here: HostDeploy, control: Control) -> bool:
    waiver = here.waiver(control)
    return waiver is not None and not waiver.expired(date.today())


@contextmanager
def _at(*place: object) -> Iterator[None]:
    """Where pyinfra orders the operations that are added in the block."""
    host.loop_position.extend(place)  # type: ignore[arg-type]
    try:
        yield
    finally:
        del host.loop_position[-len(place) :]


@contextmanager
def _told(here: HostDeploy, control: Control) -> Iterator[None]:
    """A control's own mistake is told in the end, and stops no other control."""
    try:
        yield
    except Unreadable:
        raise
    except Exception as error:
        here.errors.append(f"{control.id}: {error_of(error)[1]}")


@cache
def _run() -> str:
    """One run of the pyinfra command is one run of the journal, on every host."""
    return journal.new_run_id()


@cache
def _policy(path: str | None) -> Policy:
    try:
        return load_policy(path, all_controls())
    except PolicyError as error:  # pyinfra prints its own errors without a traceback
        raise PyinfraError(f"hardpoint_policy: {error}") from error


@operation()
def change(
    step: Desired | None, claim: Claim, here: HostDeploy, controls: set[str]
) -> Iterator[StringCommand]:
    """Makes one thing true, journalled; without a step, takes back all that the control did here.

    + controls: all that want it (a document may be of several)
    """
    if host.state.is_executing:
        here.reader.forget()
        blocker = _blocker(controls, here)
        if blocker:
            yield _failure(f"blocked by {blocker}")
            return
    try:
        if step is None:
            yield hostside.command(
                {"do": "rollback", "control": claim.control, "lease": claim.run, "who": claim.who}
            )
        else:
            yield from type(step).operation._inner(**step.arguments(), claim=claim)
    except Exception as error:  # pyinfra would end the run of all hosts
        said = str(error) if isinstance(error, (PyinfraError, Unreadable)) else error_of(error)[1]
        yield _failure(said)


def _blocker(controls: set[str], here: HostDeploy) -> str:
    """The required control that failed here."""
    registry = all_controls()
    failed = {name for names, _, _ in here.failed() for name in names}
    required = (name for control in controls for name in registry[control].metadata.requires)
    return next((name for name in required if registry.resolve(name) in failed), "")


@operation()
def close(here: HostDeploy) -> Iterator[StringCommand]:
    """Frees the host for the next run, where this one changed something."""
    if host.state.is_executing:
        here.reader.forget()
        runs = here.reader.read(Runs)["runs"]
        if any(run["id"] == _run() and not run["ended"] for run in runs):
            yield journal.close(_run())


@operation()
def verify(here: HostDeploy, controls: Sequence[Control]) -> Iterator[StringCommand]:
    """Fails when something is still exposed, failed, or could not be judged, after everything was
    done. While pyinfra prepares it only says what is exposed now."""
    if host.state.is_executing:
        here.reader.forget()
    try:
        wrong = list(dict.fromkeys(_wrong(here, controls)))
    except Unreadable as error:
        wrong = [str(error)]
    if not wrong:
        host.noop("nothing is exposed")
    elif host.state.is_executing:
        yield _failure(*wrong)
    else:
        for text in wrong:
            host.log_styled(text, fg="yellow", log_func=logger.warning)


def _wrong(here: HostDeploy, controls: Sequence[Control]) -> Iterator[str]:
    for _, name, meta in here.failed():
        said, *log = _said(meta).splitlines()
        yield printable(f"{name} failed: {said}")
        yield from (printable(f"  {line}") for line in log)
    for control in controls:
        with _told(here, control):
            yield from _findings(here, control)
    for error in here.errors:
        yield printable(error)
    for limit in here.reader.limits:
        yield printable(limit["reason"])


def _findings(here: HostDeploy, control: Control) -> list[str]:
    view, waiver = here.view(control), here.waiver(control)
    late = f" (the waiver of {waiver.owner} expired on {waiver.expires})" if waiver else ""
    found = []
    for subject in control.subjects(view):
        for finding in control.observe(view, subject):
            fix = f" ({finding.fix})" if finding.fix else ""
            found.append(f"{control.id} {subject}: {finding.seen}: {finding.why}{fix}{late}")
    return [printable(text) for text in found]


def _said(meta: OperationMeta) -> str:
    """Why an operation failed, in the host's own words."""
    try:
        hostside.reply(meta.stdout)
    except hostside.HostsideError as refusal:
        if refusal.code != "no-reply":
            return refusal.message
    return meta.stderr.strip() or "the connection ended while the change was made"


def _failure(*texts: str) -> StringCommand:
    """A command that fails, and says why."""
    return StringCommand("printf '%s\\n'", *(QuoteString(text) for text in texts), ">&2; false")
