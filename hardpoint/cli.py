"""Commands, nothing else: what was typed becomes a call of the engine, its result a report."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import cache, partial, wraps
from pathlib import Path
from typing import Any

import click
from pyinfra.api import Inventory
from pyinfra.api.host import Host
from rich.text import Text

from hardpoint import __version__, inventory, plan, terminal
from hardpoint.audit import exit_code as audit_exit_code
from hardpoint.control import Control, Registry
from hardpoint.controls import registry as all_controls
from hardpoint.engine import Engine, Rollback, Rollout
from hardpoint.outcome import ExitCode, Report
from hardpoint.output import Files, OutputError
from hardpoint.policy import Policies, Policy, PolicyError, load_policy, policy_table
from hardpoint.policy.problems import did_you_mean
from hardpoint.reports import audit as audit_report
from hardpoint.reports import explain as explanations
from hardpoint.reports import plan as plan_report
from hardpoint.reports import policy as policy_report
from hardpoint.reports import runs as runs_report
from hardpoint.reports import terminal as terminal_report
from hardpoint.reports.forms import FORMS

_HERE = ("here", "@local")
_SSH_CONFIG = "HARDPOINT_SSH_CONFIG"


class UserError(Exception):
    """Something that the person can mend; the text says what and how."""


_TOLD = (
    UserError,
    PolicyError,
    OutputError,
    inventory.InventoryError,
    plan.PlanError,
    terminal.NoTerminal,
)


def run(arguments: list[str] | None = None) -> int:
    """Runs the command; its exit status is one of ExitCode."""
    try:
        return int(cli.main(arguments, prog_name="hardpoint", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
    except _TOLD as error:
        terminal.errors().print(Text(f"hardpoint: {error}"))
    except (KeyboardInterrupt, click.Abort):
        terminal.errors().print("interrupted")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
    return ExitCode.COULD_NOT_RUN


@dataclass(frozen=True)
class Target:
    """What was asked for: which hosts, by which policy, which controls."""

    inventory: str
    policy: str | None
    limit: tuple[str, ...]
    controls: tuple[str, ...]
    families: tuple[str, ...]
    ask_sudo: bool
    sudo_password_command: str | None
    accept_new: bool
    ssh_config: Path | None

    @property
    def words(self) -> str:
        """The inventory and limits as they were typed, for the next command."""
        words = [self.inventory] if self.inventory != "@local" else []
        words += [word for limit in self.limit for word in ("--limit", limit)]
        if self.ssh_config and str(self.ssh_config) != os.environ.get(_SSH_CONFIG):
            words += ["--ssh-config", str(self.ssh_config)]
        return "".join(f" {shlex.quote(word)}" for word in words)


_TARGET_OPTIONS = [
    click.argument("inventory", default="@local"),
    click.option("--policy", metavar="FILE", help="Policy file; default: profile recommended."),
    click.option("--limit", multiple=True, metavar="HOSTS", help="Hosts, globs or groups."),
    click.option("--control", "controls", multiple=True, metavar="ID", help="Only this control."),
    click.option("--family", "families", multiple=True, metavar="NAME", help="Only this family."),
    click.option("--ask-sudo", is_flag=True, help="Ask once for the sudo password."),
    click.option(
        "--sudo-password-command",
        metavar="CMD",
        help="Command that prints a host's sudo password; {host} is its name.",
    ),
    click.option("--accept-new", is_flag=True, help="Trust the key of a host seen first."),
    click.option(
        "--ssh-config",
        type=click.Path(path_type=Path),
        envvar=_SSH_CONFIG,
        show_envvar=True,
        help="Instead of ~/.ssh/config, as ssh -F.",
    ),
]
_YES = click.option("--yes", is_flag=True, help="Do not ask.")


@dataclass(frozen=True)
class Shape:
    """How the report is told: what is printed, and the files that it is written to besides."""

    form: str
    verbose: bool
    files: Files


def _opened(context: click.Context, parameter: click.Parameter, paths: tuple[Path, ...]) -> Files:
    """The report files, until the command ends; a mistake in them is one of usage."""
    try:
        return context.with_resource(Files(paths))
    except OutputError as error:
        raise click.BadParameter(str(error)) from error


_SHAPE_OPTIONS = [
    click.option(
        "--format",
        "form",
        type=click.Choice(["terminal", *FORMS]),
        default="terminal",
        help="What is printed.",
    ),
    click.option(
        "--output",
        "files",
        type=click.Path(path_type=Path),
        multiple=True,
        callback=_opened,
        metavar="FILE",
        help="Write the report there too: NAME.sarif, NAME.xml (JUnit) or NAME.json.",
    ),
    click.option("-v", "--verbose", is_flag=True, help="Also list what holds."),
]


def _gathered(kind: type, options: list[Any], name: str) -> Callable[..., Any]:
    """A decorator that adds options; what was given for them arrives as one value."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def wrapped(**given: Any) -> Any:
            whole = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
            return function(**given, **{name: whole})

        for option in reversed(options):
            wrapped = option(wrapped)
        return wrapped

    return decorate


_with_target = _gathered(Target, _TARGET_OPTIONS, "target")
_with_shape = _gathered(Shape, _SHAPE_OPTIONS, "shape")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hardpoint")
def cli() -> None:
    """Checks, fixes and proves the security of AI workstations."""


@cli.command()
@_with_target
@_with_shape
def check(target: Target, shape: Shape) -> int:
    """Look, change nothing. Exit: 0 all right, 2 drift or exposure, 3 not all could be judged."""
    with _engine(target, "checking") as engine:
        report, _ = engine.check()
    return _show(report, target, shape)


@cli.command()
@_with_target
@_with_shape
@_YES
@click.option("--canary", type=click.IntRange(0), default=0, help="So many hosts first.")
@click.option("--batch", default="", metavar="N|N%", help="Hosts at a time; default: all.")
@click.option("--max-failures", type=click.IntRange(0), default=0, help="Go on after so many.")
@click.option("--rollback-on-failure", is_flag=True, help="Take back what a control failed at.")
@click.option("--restart-busy", is_flag=True, help="Restart services that are serving somebody.")
@click.option("--plan-out", type=click.Path(path_type=Path), help="Write the plan, change nothing.")
@click.option("--plan", "reviewed", type=click.Path(path_type=Path), help="Apply only this plan.")
def apply(
    target: Target,
    shape: Shape,
    yes: bool,
    canary: int,
    batch: str,
    max_failures: int,
    rollback_on_failure: bool,
    restart_busy: bool,
    plan_out: Path | None,
    reviewed: Path | None,
) -> int:
    """Show the plan, ask, make it true, check again."""
    rollout = Rollout(canary, _batch(batch), max_failures, rollback_on_failure)
    wanted = plan.from_file(reviewed) if reviewed else None
    with _engine(target, "checking", restart_busy) as engine:
        before, checks = engine.check()
        if plan_out:
            plan.to_file(plan_out, before.profile, before.hosts)
            terminal.say(f"{plan_report.plan(before)}\n\nwritten to {plan_out}")
            shape.files.write(before)
            return _exit(before)
        if shape.form == "terminal":
            terminal.say(plan_report.plan(before))
        if _changes(before) and not yes and not terminal.confirm("apply this?", "--yes"):
            shape.files.write(before)
            return _exit(before)
        after = engine.apply(checks, rollout, wanted)
    return _show(after, target, shape)


@cli.command()
@_with_target
@_with_shape
@click.option(
    "--vantage",
    "vantages",
    multiple=True,
    metavar="HOST",
    help="Look from this host of the inventory too; repeatable.",
)
@click.option("--not-from-here", is_flag=True, help="Look from the --vantage hosts alone.")
def prove(target: Target, shape: Shape, vantages: tuple[str, ...], not_from_here: bool) -> int:
    """Test the effect: connect from outside, ask as a foreign web page would; with --family agents,
    run the coding agents against a scripted model (minutes)."""
    others = [name for name in vantages if name not in _HERE]
    if not_from_here and others != list(vantages):
        raise UserError("--not-from-here and --vantage here contradict each other")
    if not_from_here and not others:
        raise UserError("--not-from-here: say from which host to look, with --vantage HOST")
    with _engine(target, "proving") as engine:
        report = engine.prove(others, not not_from_here, "agents" in target.families)
    return _show(report, target, shape)


@cli.command()
@_with_target
@_with_shape
@_YES
@click.option("--run", "run_id", metavar="RUN", help="What this run changed (see: runs).")
@click.option("--to", type=click.Choice(["origin"]), help="All that hardpoint ever changed.")
@click.option("--force", is_flag=True, help="Also what was changed by somebody else since.")
def rollback(
    target: Target,
    shape: Shape,
    yes: bool,
    run_id: str | None,
    to: str | None,
    force: bool,
) -> int:
    """Play the journal back: --run RUN, --control ID, or --to origin."""
    if not (run_id or to or target.controls):
        raise UserError("say what to take back: --run RUN, --control ID or --to origin")
    if len(target.controls) > 1:
        raise UserError("one --control at a time")
    control = target.controls[0] if target.controls else None
    with _engine(target, "rolling back", any_control=True) as engine:
        what = Rollback(run_id, control, bool(to), force)
        if not yes:
            _print_rollback(engine.rollback_plan(what))
            if not terminal.confirm("roll this back?", "--yes"):
                return ExitCode.COMPLIANT
        report = engine.rollback(what)
    if shape.form == "terminal":
        _print_rollback(report.rolled_back)
    return _show(report, target, shape)


@cli.command()
@_with_target
def runs(target: Target) -> int:
    """What was applied, by whom, and what of it still stands."""
    with _engine(target, "asking") as engine:
        found = engine.runs()
    terminal.say(runs_report.render(found))
    unseen = any(isinstance(rows, str) for rows in found.values())
    return ExitCode.NOT_JUDGED if unseen else ExitCode.COMPLIANT


@cli.command()
@_with_target
@click.option("--since", default="7d", metavar="7d|24h|4w", help="How far back; default: 7d.")
@click.option("--details", is_flag=True, help="Also the lines of refusals, errors and connections.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    help="What is printed.",
)
def audit(target: Target, since: str, details: bool, form: str) -> int:
    """What coding agents did, and whether it differs from before. Exit: 0 as usual, 2 findings, 3 not all
    could be judged."""
    hours = _hours(since)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    with _engine(target, "asking") as engine:
        found = engine.audit(hours, details)
    if form == "json":
        click.echo(audit_report.as_json(found, since, started))
    else:
        audit_report.render(found, since, terminal.output())
    return audit_exit_code(found)


@cli.command()
@click.argument("control", required=False)
def controls(control: str | None) -> int:
    """List all controls, or tell about one."""
    registry = all_controls()
    text = explanations.list_controls(registry) if not control else _explained(control, None)
    terminal.say(text)
    return ExitCode.COMPLIANT


@cli.command()
@click.argument("control")
@click.option("--policy", metavar="FILE")
def explain(control: str, policy: str | None) -> int:
    """Why a control matters, what it changes, how to undo it, how to be excused from it."""
    terminal.say(_explained(control, policy))
    return ExitCode.COMPLIANT


@cli.group()
def policy() -> None:
    """The policy in force."""


@policy.command()
@click.argument("host", default="@local")
@click.option("--policy", "path", metavar="FILE")
@click.option("--inventory", "inventory_name", help="Where the host's groups are listed.")
def show(host: str, path: str | None, inventory_name: str | None) -> int:
    """Each value with its origin."""
    registry = all_controls()
    groups: list[str] = []
    if inventory_name:
        loaded = inventory.load(inventory_name)
        found = inventory.limited(loaded, [host])[0]
        groups, path = list(found.groups), path or _policy_path(found, inventory_name)
    rows = policy_table(load_policy(path, registry), registry, host, groups)
    terminal.say(policy_report.render(rows))
    return ExitCode.COMPLIANT


# Parts


@contextmanager
def _engine(
    target: Target, doing: str, restart_busy: bool = False, any_control: bool = False
) -> Iterator[Engine]:
    """An engine for the target; every mistake in it is told before a host is contacted."""
    registry = all_controls()
    if not any_control:
        _known(registry, target)
    loaded = inventory.load(target.inventory, target.ssh_config)
    hosts = inventory.limited(loaded, list(target.limit))
    policies = _policies(target, loaded, hosts, registry)
    engine = Engine(
        loaded,
        hosts,
        policies,
        registry,
        _wanted(registry, target),
        frozenset(registry.resolve(name) for name in target.controls if name in registry),
        _sudo_password(target),
        target.accept_new,
        restart_busy,
        partial(terminal.progress, doing),
    )
    try:
        yield engine
    finally:
        engine.close()


def _policies(target: Target, loaded: Inventory, hosts: list[Host], registry: Registry) -> Policies:
    """The policy of each host: the one that was typed, or the one that its group data names."""
    names = {host.name for host in loaded}
    groups = {group for host in loaded for group in host.groups}

    @cache
    def policy_of(path: str | None) -> Policy:
        chosen = load_policy(path, registry)
        if target.inventory == "@local":
            return chosen
        return replace(chosen, notices=(*chosen.notices, *chosen.strangers(names, groups)))

    paths = {host.name: target.policy or _policy_path(host, target.inventory) for host in hosts}
    return Policies({name: policy_of(path) for name, path in paths.items()})


def _policy_path(host: Host, inventory_name: str) -> str | None:
    """The policy that the host's group data names; a relative path begins at the inventory."""
    path = host.data.get("hardpoint_policy")
    if path is None or Path(path).is_absolute():
        return path
    beside = Path(inventory_name).parent / path
    return str(beside) if beside.exists() else path


def _known(registry: Registry, target: Target) -> None:
    for name in target.controls:
        if name not in registry:
            hint = did_you_mean(name, registry.names(), "hardpoint controls lists them")
            raise UserError(f"no control is called {name}{hint}")
    families = {control.metadata.family for control in registry}
    for name in target.families:
        if name not in families:
            hint = did_you_mean(name, families, f"there are {', '.join(sorted(families))}")
            raise UserError(f"no family is called {name}{hint}")


def _wanted(registry: Registry, target: Target) -> Callable[[Control], bool]:
    ids = {registry.resolve(name) for name in target.controls if name in registry}

    def wanted(control: Control) -> bool:
        named = not target.controls or control.id in ids
        return named and (not target.families or control.metadata.family in target.families)

    return wanted


def _sudo_password(target: Target) -> Callable[[str], str | None]:
    if target.ask_sudo:
        password = terminal.ask_password("sudo password: ")
        return lambda host: password
    command = target.sudo_password_command
    if command is None:
        return lambda host: None
    return cache(lambda host: _password_from(command, host))


def _password_from(command: str, host: str) -> str:
    words = [word.replace("{host}", host) for word in shlex.split(command)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"--sudo-password-command: {error}") from error
    if done.returncode != 0:
        raise UserError(f"--sudo-password-command failed for {host}: exit {done.returncode}")
    return done.stdout.rstrip("\n")


def _batch(text: str) -> str:
    number = text.removesuffix("%")
    if text and not (number.isdigit() and int(number) > 0):
        raise UserError(f"--batch {text}: a number of hosts, or a percentage such as 10%")
    return text


def _hours(text: str) -> int:
    found = re.fullmatch(r"([1-9][0-9]{0,3})([hdw])", text)
    if not found:
        raise UserError(f"--since {text}: hours, days or weeks, such as 24h, 7d or 4w")
    return min(int(found[1]) * {"h": 1, "d": 24, "w": 168}[found[2]], 3650 * 24)


def _changes(report: Report) -> bool:
    return any(plan.changes_of(host) for host in report.hosts)


def _explained(control: str, path: str | None) -> str:
    registry = all_controls()
    if control not in registry:
        hint = did_you_mean(control, registry.names(), "hardpoint controls lists them")
        raise UserError(f"no control is called {control}{hint}")
    chosen: Policy = load_policy(path, registry)
    rows = [
        r for r in policy_table(chosen, registry, "@local") if r.control == registry[control].id
    ]
    return explanations.explain(registry[control], rows)


def _print_rollback(results: dict[str, Any]) -> None:
    for host, rows in results.items():
        said = rows if isinstance(rows, str) else plan_report.rollback(rows)
        terminal.say(f"{host}\n{said}" if len(results) > 1 else said)


def _show(report: Report, target: Target, shape: Shape) -> int:
    shape.files.write(report)
    if shape.form in FORMS:
        click.echo(FORMS[shape.form](report))
    else:
        report.command += target.words
        terminal_report.render(report, terminal.output(), shape.verbose)
    return _exit(report)


def _exit(report: Report) -> int:
    return int(report.exit_code)
