"""A service's setting where people start it: login environments, shell profiles, desktop entries,
crontabs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hardpoint.control import HostView, Subject
from hardpoint.controls.services.rules import Computed, Verdict
from hardpoint.controls.services.service import Cause, Row
from hardpoint.facts.settings import Assignments
from hardpoint.operations import Desired
from hardpoint.operations.document import Document, Fragment

if TYPE_CHECKING:
    from hardpoint.controls.services.setting import ServiceSetting


def found(control: ServiceSetting, host: HostView) -> list[Row]:
    """The lines that give the variable or the argument, all users' and the system's."""
    if not _names(control):
        return []
    rows = host.read(Assignments, **control.asked.assignments())["assignments"]
    return [row for row in rows if _concerns(control, row)]


def _names(control: ServiceSetting) -> set[str]:
    variable, flag = control.knobs.variable, control.knobs.flag
    names = {variable.name} if variable and not variable.generic else set()
    return names | set(flag.names if flag else ())


def _concerns(control: ServiceSetting, row: Row) -> bool:
    if len(row["key"]) == 1:
        return row["name"] in _names(control)
    return row["key"][0] in control.service.programs and row["name"] in _names(control)


def _by_setting(control: ServiceSetting, host: HostView, subject: Subject) -> list[list[Row]]:
    """Lines of one file that are changed together, since they set one name."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in found(control, host):
        if (row["user"] or "system") == subject.name:
            groups.setdefault((row["path"], *row["key"]), []).append(row)
    return list(groups.values())


def hardened(control: ServiceSetting, host: HostView, subject: Subject) -> Iterator[Desired]:
    for rows in _by_setting(control, host, subject):
        first, values = rows[0], _values_wanted(control, host, rows)
        wrong = any(not _judge(control, host, row).holds for row in rows)
        if wrong and len(values) == 1 and None not in values:
            fragment = Fragment(control.id, subject.name, tuple(first["key"]), *values)
            yield Document(first["path"], first["user"], first["format"], (fragment,))


def _values_wanted(control: ServiceSetting, host: HostView, rows: list[Row]) -> set[str]:
    """What the lines of one file should say. Where they differ (loopback at home, a server's
    name elsewhere), only their owner can change them: an edit would make them all the same."""
    verdicts = [(row, _judge(control, host, row)) for row in rows]
    said = {row["raw"] if row["value"] is None else row["value"] for row, v in verdicts if v.holds}
    return (said - {""}) | {verdict.safe for _, verdict in verdicts if not verdict.holds}


def _judge(control: ServiceSetting, host: HostView, row: Row) -> Verdict:
    value = Computed(row["raw"]) if row["value"] is None else row["value"]
    if len(row["key"]) > 1:
        return control.judge(control.knobs.flag.rule, value, host, serves=True)
    return control.judge_login(value, host)


def causes(control: ServiceSetting, host: HostView, subject: Subject) -> Iterator[Cause]:
    for rows in _by_setting(control, host, subject):
        wanted = _values_wanted(control, host, rows)
        for row in rows:
            if _judge(control, host, row).holds:
                continue
            place, name = f"{row['path']}:{row['line']}", row["name"]
            fix = ""
            if len(wanted) > 1:
                fix = f"change {place} by hand: other lines of that file set {name} otherwise"
            elif None in wanted:
                fix = f"take {name} out of {place}"
            yield Cause(f"{place} {_said(control, row)}", fix=fix)


def _said(control: ServiceSetting, row: Row) -> str:
    if row["name"] in control.asked.secrets:
        return f"has an empty {row['name']}"
    shown = row["raw"] if row["value"] is None else row["value"]
    if len(row["key"]) == 1:
        return f"sets {row['name']}={shown}"
    return f"gives {row['name']}" + ("" if shown is True else f" {shown}")
