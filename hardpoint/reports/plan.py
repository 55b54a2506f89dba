"""What apply would do, for a person to say yes to, and what a rollback has done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from hardpoint.control import HOST_SUBJECT
from hardpoint.outcome import HostReport, Outcome, Report, Status
from hardpoint.reports.text import columns, machine, number, printable

_ACTED_ON = {Status.EXPOSED, Status.DRIFT}
_LEFT = {Status.ERROR, Status.BLOCKED, Status.UNKNOWN, Status.BUSY, Status.ORPHANED}


def plan(report: Report) -> str:
    """Hosts, controls, changes: made of the report of a check. Equal hosts are told together."""
    hosts: dict[str, list[str]] = {}
    for host in report.hosts:
        hosts.setdefault(_of_host(host), []).append(machine(host.host))
    parts = [f"{', '.join(names)}{body}" for body, names in hosts.items()]
    changed = [outcome for outcome in report.outcomes() if _acts(outcome) and outcome.changes]
    total = number(sum(len(outcome.changes) for outcome in changed), "change")
    on = number(len({outcome.host for outcome in changed}), "host")
    return "\n\n".join([*parts, f"{total} on {on}" if changed else "nothing to change"])


def rollback(results: Iterable[Mapping[str, str]]) -> str:
    """A line for each resource: result, resource, reason. A result is such a mapping."""
    rows = [
        tuple(printable(result.get(key, "")) for key in ("result", "resource", "reason"))
        for result in results
    ]
    return "\n".join(columns(rows)) if rows else "nothing to roll back"


def _of_host(host: HostReport) -> str:
    """All that is said of a host after its name."""
    if host.unreachable:
        return f": unreachable, {printable(host.unreachable)}"
    lines = [line for outcome in host.outcomes for line in _of_outcome(outcome)]
    if not lines:
        return ": nothing to change"
    return "\n".join(["", *lines])


def _acts(outcome: Outcome) -> bool:
    return outcome.status in _ACTED_ON


def _of_outcome(outcome: Outcome) -> Iterator[str]:
    subject = "" if outcome.subject == HOST_SUBJECT.name else f" ({printable(outcome.subject)})"
    name = printable(outcome.control) + subject
    if outcome.status in _LEFT:
        reason = f", {printable(outcome.reason)}" if outcome.reason else ""
        yield f"  {name}: left alone ({outcome.status.value}{reason})"
    if not _acts(outcome):
        return
    yield f"  {name}"
    yield from (f"    {printable(change.summary)}" for change in outcome.changes)
    if not outcome.changes:
        remedies = [finding.fix for finding in outcome.findings if finding.fix]
        yield from (f"    for you to do: {printable(remedy)}" for remedy in remedies)
        if not remedies:
            yield f"    {printable(outcome.reason) or 'nothing that hardpoint can change'}"
