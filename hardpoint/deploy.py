"""The same controls under plain pyinfra: `pyinfra INVENTORY deploys/baseline.py [--dry] [--limit]`.

Same policy, skips, waivers and journal. Three things differ, since pyinfra drives: a fact that
can't be read fails the host; what is still wrong afterwards is a last operation that fails; drift
alone leaves the exit status of --dry at 0.

pyinfra orders operations by line and loop position, and hosts that take different ways through a
file make it see a cycle. So every host walks the whole catalogue here, and decides inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache

from pyinfra import host
from pyinfra.api import QuoteString, StringCommand, operation

from hardpoint import journal, plan
from hardpoint.control import Control, Registry
from hardpoint.controls import registry as all_controls
from hardpoint.facts.journal import Runs
from hardpoint.journal import Claim
from hardpoint.operations import Desired
from hardpoint.policy import HostPolicy, Policy, load_policy
from hardpoint.reading import needs_sudo, reader_of
from hardpoint.reports.text import printable
from hardpoint.view import ControlView

DesiredOf = dict[tuple[str, str], list[Desired]]


def baseline() -> None:
    """Everything that the policy asks of the host in context."""
    _deploy(lambda control: True)


def family(name: str) -> None:
    """What the policy asks of one family of controls."""
    _deploy(lambda control: control.metadata.family == name)


def _deploy(wanted: Callable[[Control], bool]) -> None:
    registry = all_controls()
    policy = _policy(host.data.get("hardpoint_policy")).for_host(host.name, host.groups)
    asked = [control for control in registry if wanted(control) and _is_asked(control, policy)]
    desired: DesiredOf = {}
    for control in asked:
        desired.update(_desired(control, policy))
    steps = plan.steps(desired, registry)
    _add(registry, [step for step in steps if not step.desired.after_files])
    _add(registry, [step for step in steps if step.desired.after_files])
    sudo = needs_sudo(host)
    verify(controls=asked, policy=policy, name="hardpoint verify", _sudo=sudo)
    close(name="hardpoint close the journal's run", _sudo=sudo)


def _add(registry: Registry, steps: Sequence[plan.Step]) -> None:
    for control in host.loop(list(registry)):
        for step in host.loop([step for step in steps if step.control == control.id]):
            claim = Claim(_run(), step.control, step.subject, journal.operator())
            step.desired.execute(claim, _sudo=needs_sudo(host))


@cache
def _run() -> str:
    """One run of the pyinfra command is one run of the journal, on every host."""
    return journal.new_run_id()


@cache
def _policy(path: str | None) -> Policy:
    return load_policy(path, all_controls())


def _is_asked(control: Control, policy: HostPolicy) -> bool:
    """A waiver holds for the deploy too; an expired one leaves the control alone until it is named,
    which only the hardpoint command can do."""
    return policy.asks(control.id) and policy.waiver(control.id) is None


def _view(control: Control, policy: HostPolicy) -> ControlView:
    return ControlView(host, reader_of(host), policy.options(control.id))


def _desired(control: Control, policy: HostPolicy) -> DesiredOf:
    view = _view(control, policy)
    return {
        (control.id, subject.name): list(control.harden(view, subject))
        for subject in control.subjects(view)
    }


@operation()
def verify(controls: Sequence[Control], policy: HostPolicy) -> Iterator[StringCommand]:
    """Fails when something is still exposed, or could not be judged, after everything was done."""
    if not host.state.is_executing:
        host.noop("looks at the effect when everything is done")
        return
    wrong = [text for control in controls for text in _wrong(control, policy)]
    wrong += [printable(limit["reason"]) for limit in reader_of(host).limits]
    if not wrong:
        host.noop("nothing is exposed")
        return
    yield StringCommand("printf '%s\\n'", *(QuoteString(text) for text in wrong), ">&2; false")


def _wrong(control: Control, policy: HostPolicy) -> Iterator[str]:
    view = _view(control, policy)
    for subject in control.subjects(view):
        for finding in control.observe(view, subject):
            fix = f" ({finding.fix})" if finding.fix else ""
            yield printable(f"{control.id} {subject}: {finding.seen}: {finding.why}{fix}")


@operation()
def close() -> Iterator[StringCommand]:
    """Frees the host for the next run, where this one changed something."""
    if host.state.is_executing:
        runs = reader_of(host).read(Runs)["runs"]
        if any(run["id"] == _run() and not run["ended"] for run in runs):
            yield journal.close(_run())
