"""A service's setting in systemd units: their environment, and the arguments that they give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hardpoint import templates
from hardpoint.control import HostView, Subject
from hardpoint.controls.services import arguments
from hardpoint.controls.services.service import Cause, Row, Variable
from hardpoint.facts.units import Units
from hardpoint.operations import Desired
from hardpoint.operations.command_line import CommandLine
from hardpoint.operations.file import File
from hardpoint.operations.unit import Unit

if TYPE_CHECKING:
    from hardpoint.controls.services.setting import ServiceSetting


def query(control: ServiceSetting, host: HostView) -> dict[str, Any]:
    return control.asked.units(host.options["units"])


def found(control: ServiceSetting, host: HostView) -> list[Row]:
    """Units that run the service: those of the policy, and whatever runs one of its programs."""
    if "units" not in host.options:
        return []
    rows = [row for row in host.read(Units, **query(control, host))["units"] if _can_run(row)]
    return [row for row in rows if row["unit"] in host.options["units"] or _runs(control, row)]


def _can_run(row: Row) -> bool:
    """Not what is masked and has stopped: nobody starts that, and it may never come back."""
    return row.get("load") != "masked" or row["active"] not in ("inactive", "failed")


def _runs(control: ServiceSetting, row: Row) -> bool:
    return bool(arguments.commands(control, row))


def of(control: ServiceSetting, host: HostView, subject: Subject) -> list[Row]:
    return [row for row in found(control, host) if row["manager"] == subject.name]


# What should be


def hardened(control: ServiceSetting, host: HostView, subject: Subject) -> Iterator[Desired]:
    """Drop-ins of ours; then a restart, where the service runs with something else."""
    for row in of(control, host, subject):
        wanted = [
            *_environment(control, host, row),
            *_arguments(control, host, row),
            *_confinement(control, host, row),
        ]
        yield from wanted
        if wanted or runs_with(control, host, row) is not None:
            yield _restart(control, host, row, wanted)


def _environment(control: ServiceSetting, host: HostView, row: Row) -> Iterator[Desired]:
    variable = control.knobs.variable
    if variable is None:
        return
    value = _theirs(control, row)
    verdict = control.judge(variable.rule, value, host, serves=True)
    unsafe = value is not None and not verdict.holds
    ours = f"{_stem(control, row)}.conf" in row["files"]
    if not variable.secret and (variable.pinned or unsafe or ours):
        yield from _drop_in(control, row, variable, verdict.safe)


def _theirs(control: ServiceSetting, row: Row) -> str | None:
    """What a person's own files set: a port or a list that he changes later is followed."""
    theirs = [e for e in chain(control, row) if not _is_our_place(control, e["place"])]
    return theirs[-1]["value"] if theirs else None


def _drop_in(
    control: ServiceSetting, row: Row, variable: Variable, value: str
) -> Iterator[Desired]:
    """A drop-in with an environment file: Environment= would lose to the unit's own
    EnvironmentFile= (systemd.exec(5)). One drop-in for all users' managers, root's own, with a
    file for each user: their ports differ."""
    whose, stem = row["manager"], _stem(control, row)
    environment = f"{stem}.env" if whose == "system" else f"{stem}.{whose}.env"
    source = environment if whose == "system" else f"-{stem}.%u.env"
    yield File(
        environment,
        templates.render(
            "services/variables.env.j2", control=control.id, variables={variable.name: value}
        ),
    )
    yield File(
        f"{stem}.conf",
        templates.render("services/drop-in.conf.j2", control=control.id, source=source),
    )


def _stem(control: ServiceSetting, row: Row) -> str:
    # systemd reads drop-ins sorted by name: ours comes after override.conf and any number.
    where = "system" if row["manager"] == "system" else "user"
    return f"/etc/systemd/{where}/{row['unit']}.d/zz-hardpoint-{control.id}"


def _arguments(control: ServiceSetting, host: HostView, row: Row) -> Iterator[Desired]:
    path = f"{_stem(control, row)}-command.conf"
    return arguments.hardened(control, host, row, path, ours=path in row["files"])


def _confinement(control: ServiceSetting, host: HostView, row: Row) -> Iterator[Desired]:
    """For a service without a setting, by policy: systemd itself lets nobody else in (or out)."""
    if host.options.get("confine") and row["manager"] == "system":
        yield File(
            _confining(control, row),
            templates.render("services/confined.conf.j2", control=control.id),
        )


def _confining(control: ServiceSetting, row: Row) -> str:
    return f"{_stem(control, row)}-confined.conf"


def is_confined(control: ServiceSetting, host: HostView, listener: Row) -> bool:
    """Whether systemd drops what comes to a unit's listener from elsewhere."""
    return any(
        _confining(control, row) in row["files"] and not row["reload_needed"]
        for row in found(control, host)
        if (row["unit"], row["manager"]) == (listener["unit"], listener.get("manager"))
    )


def _restart(control: ServiceSetting, host: HostView, row: Row, wanted: list[Desired]) -> Unit:
    paths = tuple(item.path for item in wanted if isinstance(item, File | CommandLine))
    variables = (control.knobs.variable.name,) if control.knobs.variable else ()
    flags = control.knobs.flag.names if control.knobs.flag else ()
    return Unit(row["unit"], row["manager"], paths, query(control, host), variables, flags)


# What is there


def chain(control: ServiceSetting, row: Row) -> list[dict[str, str]]:
    """Everything that sets the variable for a unit; the last one is in force."""
    variable = control.knobs.variable
    return row["settings"].get(variable.name, []) if variable else []


def is_ours(control: ServiceSetting, row: Row) -> bool:
    """Whether a drop-in of this control is in place."""
    return any(_is_our_place(control, path) for path in row["files"])


def _is_our_place(control: ServiceSetting, place: str) -> bool:
    name = f"/zz-hardpoint-{control.id}"
    return place.startswith("/etc/systemd/") and (f"{name}." in place or f"{name}-co" in place)


def runs_with(control: ServiceSetting, host: HostView, row: Row) -> str | None:
    """The value that its process was started with, where it breaks the rule."""
    variable = control.knobs.variable
    value = (row["running"] or {}).get(variable.name) if variable else None
    if variable is None or value is None:
        return None
    return None if control.judge(variable.rule, value, host, serves=True).holds else value


# Why


def causes(control: ServiceSetting, host: HostView, subject: Subject) -> Iterator[Cause]:
    """What each unit gives to the service that breaks the rule; arguments beat variables."""
    for row in of(control, host, subject):
        yield from arguments.causes(control, host, row, chain(control, row)[-1:])
        yield from _variable_causes(control, host, row, overridden=arguments.given(control, row))


def _variable_causes(
    control: ServiceSetting, host: HostView, row: Row, overridden: str
) -> Iterator[Cause]:
    variable = control.knobs.variable
    for last in chain(control, row)[-1:] if variable else ():
        if control.judge(variable.rule, last["value"], host, serves=True).holds:
            continue
        name, place = variable.name, last["place"]
        said = f"{place} sets {control.shown(variable, last['value'])}"
        if overridden:
            yield Cause(f"{said}, but {overridden} wins", row["unit"], dormant=True)
            continue
        fix = f"remove {name} from {place}: it is read after hardpoint's drop-in"
        yield Cause(said, row["unit"], fix if is_ours(control, row) else "")


def running_causes(control: ServiceSetting, host: HostView, subject: Subject) -> Iterator[Cause]:
    """Services whose process has an unsafe value that their files no longer give it."""
    variable = control.knobs.variable
    for row in of(control, host, subject) if variable else ():
        value, last = runs_with(control, host, row), chain(control, row)[-1:]
        if value is None or [value] == [one["value"] for one in last]:
            continue
        started = f"{row['unit']} was started with {control.shown(variable, value)}"
        either = f"it is older than its settings, or ExecStart= of {row['fragment']} says so"
        yield Cause(f"{started}: {either}", row["unit"], _settled_fix(control, row))


def _settled_fix(control: ServiceSetting, row: Row) -> str:
    """The remedy where a restart has not helped: the service has all its files already."""
    young = row["reload_needed"] or (row["started"] or 0) < row["newest"]
    if not is_ours(control, row) or young:
        return ""
    return f"take {control.knobs.variable.name} out of ExecStart= of {row['fragment']}"
