"""Where a service gets its setting from on macOS: launchd's environment, jobs, the app's switches.

Declared and fixture-tested only: nothing here has run on a Mac. Other systems are not asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hardpoint import templates
from hardpoint.control import HOST_SUBJECT, HostView, Subject
from hardpoint.facts.launchd import Launchd
from hardpoint.facts.machine import Machine
from hardpoint.operations import Desired
from hardpoint.operations.file import File
from hardpoint.operations.launchd import LaunchdEnvironment

if TYPE_CHECKING:
    from hardpoint.controls.services.setting import ServiceSetting

AGENTS = "/Library/LaunchAgents"


@dataclass(frozen=True)
class Switch:
    """A switch of an app, in a table of a database below the home; on is unsafe, and beats the
    environment. Never written by us: the app keeps its settings in memory and writes them back."""

    path: str
    table: str
    column: str
    words: str

    @property
    def query(self) -> dict[str, str]:
        return {"path": self.path, "table": self.table, "column": self.column}


def query(control: ServiceSetting) -> dict[str, Any]:
    """What a control asks launchd."""
    return {
        "variables": [control.knobs.variable.name] if control.knobs.variable else [],
        "apps": [control.service.app] if control.service.app else [],
        "switches": [control.switch.query] if control.switch else [],
    }


def facts(control: ServiceSetting, host: HostView) -> dict[str, Any]:
    """What is there; nothing where the system isn't macOS, without a question."""
    asked = query(control)
    if host.read(Machine).get("kernel") != "Darwin" or not any(asked.values()):
        return Launchd.default()
    return host.read(Launchd, **asked)


def owners(control: ServiceSetting, host: HostView) -> set[str]:
    """Whom it concerns: the launch agent is the system's, a session and a switch are a person's."""
    found = facts(control, host)
    pinned = _wants_agent(control, found)
    concerned = {row["user"] or "system" for row in found["jobs"]}
    concerned |= {row["user"] for row in found["switches"]}
    concerned |= {
        row["user"] for row in found["sessions"] if pinned or _value(control, row) is not None
    }
    return concerned | {"system"} if pinned else concerned


def hardened(control: ServiceSetting, host: HostView, subject: Subject) -> Iterator[Desired]:
    """A launch agent for every login to come, and the variable in the sessions that there are."""
    found = facts(control, host)
    pinned = _wants_agent(control, found)
    if pinned and subject == HOST_SUBJECT:
        yield _agent(control, control.judge_login(None, host).safe)
    for row in found["sessions"]:
        value = _value(control, row)
        if row["user"] != subject.name or (value is None and not pinned):
            continue
        verdict = control.judge_login(value, host)
        if not verdict.holds:
            name = control.knobs.variable.name
            yield LaunchdEnvironment(subject.name, name, verdict.safe, query(control))


def _wants_agent(control: ServiceSetting, found: dict[str, Any]) -> bool:
    """Whether the service is used here: its app is installed, or somebody's session has a value."""
    used = found["apps"] or found["switches"] or any(_value(control, r) for r in found["sessions"])
    return control.knobs.variable is not None and control.knobs.variable.pinned and bool(used)


def _value(control: ServiceSetting, session: dict[str, Any]) -> str | None:
    return session["values"].get(control.knobs.variable.name) if control.knobs.variable else None


def _agent(control: ServiceSetting, value: str) -> File:
    content = templates.render(
        "services/launch-agent.plist.j2",
        control=control.id,
        label=_label(control),
        variable=control.knobs.variable.name,
        value=value,
    )
    return File(f"{AGENTS}/{_label(control)}.plist", content, owner="root:wheel")


def _label(control: ServiceSetting) -> str:
    return f"hardpoint.{control.id}"


def causes(control: ServiceSetting, host: HostView, subject: Subject) -> Iterator[tuple[str, str]]:
    """(what makes it unsafe, the remedy where only a person can change it)."""
    found = facts(control, host)
    for row in found["switches"]:
        if row["user"] == subject.name and row["on"]:
            yield (
                f"{row['path']} has {control.switch.table}.{control.switch.column} on, "
                f"which beats the environment",
                f"as {subject}: {control.switch.words}",
            )
    for row in found["sessions"]:
        value = _value(control, row)
        if row["user"] != subject.name or value is None:
            continue
        if not control.judge_login(value, host).holds:
            yield f"launchctl getenv {control.knobs.variable.name} says {value} for {subject}", ""
    for row in found["jobs"]:
        if (row["user"] or "system") != subject.name or row["label"] == _label(control):
            continue
        if not control.judge_login(row["value"], host).holds:
            yield f"{row['path']} sets {row['name']}={row['value']}", _without(row)


def _without(job: dict[str, Any]) -> str:
    """How a person takes a variable out of a job of his own."""
    whose = f"as {job['user']}: " if job["user"] else "as root: "
    path, domain = _quoted(job["path"]), _domain(job)
    out = f"launchctl bootout {domain}/{job['label']}"
    if job["how"] == "setenv":
        return f"{whose}{out}; rm {path}"
    return (
        f"{whose}{out}; plutil -remove EnvironmentVariables.{job['name']} {path}; "
        f"launchctl bootstrap {domain} {path}"
    )


def _domain(job: dict[str, Any]) -> str:
    return "system" if "/LaunchDaemons/" in job["path"] else "gui/$(id -u)"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def of_launchd(row: dict[str, Any]) -> tuple[list[str], list[str]] | None:
    """Why a listener is there, and how its owner restarts it; None where launchd doesn't run it."""
    app, job = row.get("app", ""), row.get("job", "")
    since = datetime.fromtimestamp(row["started"]).strftime("%F %H:%M") if row["started"] else "?"
    if job:
        domain = "system" if row["user"] == "root" else "gui/$(id -u)"
        why = f"launchd runs it as {job}, pid {row['pid']} of {row['user']}, since {since}"
        return [why], [f"then as {row['user']}: launchctl kickstart -k {domain}/{job}"]
    if app:
        name = app.rpartition("/")[2].removesuffix(".app")
        why = f"the app {name} runs it, pid {row['pid']} of {row['user']}, since {since}"
        again = f"osascript -e 'quit app \"{name}\"'; sleep 5; open -a {_quoted(app)}"
        return [why], [f"then as {row['user']}: {again}"]
    return None
