"""What the agents' audit log of a host says: findings from the numbers that the host gave. Pure.

A period is compared with the host's own days before it; without such days the comparison is not made, and
that is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hardpoint.outcome import ExitCode, Finding, Severity

SERVICE = "hardpoint-audit.service"
STATE = "/var/lib/hardpoint-audit"
LOGS = "/var/log/hardpoint/agents"

TIMES = 3
"""So many times the busiest day (of errors: hour) before is a finding ..."""
FLOORS = {"calls": 200, "denials": 10, "errors": 20}
"""... from so many on."""

MORE = "..."
"""The name of all that a host has no row for; see payload/audit_summary.py."""

_CHAIN = {
    "edit": "line {seq} of the agents' audit log was changed after it was written",
    "gap": "{count} line(s) of the agents' audit log are missing, from line {seq} on",
    "order": "line {seq} of the agents' audit log stands where it was not written",
    "cut": "the last {count} line(s) of the agents' audit log are missing, from line {seq} on",
    "key": "the key of the agents' audit log is gone: nothing shows whether lines were changed",
    "state": "the state of the agents' audit log is missing or was changed: nothing shows whether "
    "lines are missing at its ends",
}
_NOTES = {
    "key lost": ("the key of the agents' audit log was lost, and made anew", Severity.CRITICAL),
    "state lost": ("the state of the agents' audit log was lost", Severity.CRITICAL),
    "removed before its time, for the quota": (
        "old files of the audit log were removed before their time: the quota is too small",
        Severity.MEDIUM,
    ),
    "lost while the disk was full": (
        "events were lost while the disk was full",
        Severity.MEDIUM,
    ),
    "not forwarded": ("lines were not forwarded: the endpoint was away too long", Severity.LOW),
}


def chain_findings(log: Mapping[str, Any]) -> Iterator[Finding]:
    """What contradicts that the log is as it was written; `log` as facts.audit.Audit has it."""
    for problem in log["problems"]:
        more = log["found"] - len(log["problems"])
        yield Finding(
            seen=_CHAIN.get(
                problem["what"], "the agents' audit log is not as it was written"
            ).format(**problem),
            who="whoever did that can hide what an agent did; only root can, or a broken disk",
            why=_place(problem) + (f" (and {more} more)" if more else ""),
            fix=f"keep a copy of {LOGS} and {STATE} and find out who was root; then begin anew: "
            f"systemctl stop {SERVICE}, move both away, systemctl start {SERVICE}",
            severity=Severity.CRITICAL,
        )


def _place(problem: Mapping[str, Any]) -> str:
    if problem["what"] in ("key", "state"):
        return f"{STATE}/{problem['file']} is not as the writer left it"
    if not problem["file"]:
        return f"{LOGS} ends before the line that {STATE}/state.json names"
    return f"{LOGS}/{problem['file']} has a chain that does not hold"


@dataclass
class HostAudit:
    """One host: what it said, what contradicts, and what could not be judged."""

    host: str
    log: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    unjudged: list[str] = field(default_factory=list)


def judge(host: str, reply: Mapping[str, Any] | str) -> HostAudit:
    """A host's reply to the read `audit` with `since`, or why there is none."""
    if isinstance(reply, str):
        return HostAudit(host, unjudged=[reply])
    unread = [limit["reason"] for limit in reply["limits"]]
    if unread or not reply["present"]:
        absent = "there is no audit log here: hardpoint apply --control agent-audit-log"
        return HostAudit(host, unjudged=unread or [absent])
    findings = list(chain_findings(reply))
    if reply["socket"] is None:
        findings.append(_silent())
    findings += _of_notes(reply["period"]["notes"])
    period, before = reply["period"], reply["before"]
    unjudged = [
        f"all {table}: there are more than the host tells of"
        for table in ("domains", "calls")
        if any(row[0] == MORE for row in period[table])
    ]
    if before["days"]:
        findings += [*_new_domains(period, before), *_peaks(period, before)]
    elif period["days"]:
        unjudged.append(
            "new domains and rates: the log has no day before this period to compare with; "
            f"it begins on {reply['first'][:10]}, so ask for less time"
        )
    return HostAudit(host, dict(reply), findings, unjudged)


def exit_code(hosts: list[HostAudit]) -> ExitCode:
    if any(host.findings for host in hosts):
        return ExitCode.DRIFT
    return ExitCode.NOT_JUDGED if any(host.unjudged for host in hosts) else ExitCode.COMPLIANT


def calls(period: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, dict[str, int]]]:
    """(agent, user) -> tool -> {"allow": n, "deny": m}.

    The guard and the agent itself may both tell of one call: the one who told of more is counted.
    """
    told: dict[tuple[str, str], dict[str, dict[str, dict[str, int]]]] = {}
    for agent, user, tool, by, decision, count in period["calls"]:
        tools = told.setdefault((agent, user), {}).setdefault(by, {})
        tools.setdefault(tool, {"allow": 0, "deny": 0})[decision] = count
    return {who: max(by.values(), key=_total) for who, by in told.items()}


def refusals(period: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    """(agent, user) -> how much was refused, of calls and connections; counted as `calls` are."""
    told: dict[tuple[str, str], Counter[str]] = {}
    for agent, user, by, _, count in period["denials"]:
        told.setdefault((agent, user), Counter())[by] += count
    return {who: max(by.values()) for who, by in told.items()}


def _total(tools: Mapping[str, Mapping[str, int]]) -> int:
    return sum(sum(counts.values()) for counts in tools.values())


def _silent() -> Finding:
    return Finding(
        seen="the writer of the audit log does not run: what agents do is not written down",
        fix=f"systemctl status {SERVICE}; hardpoint apply --control agent-audit-log",
        severity=Severity.HIGH,
    )


def _of_notes(notes: list[list[Any]]) -> Iterator[Finding]:
    """What the writer itself noted: what it could not write, and for whom."""
    for reason, about, count in notes:
        if reason.startswith("dropped: "):
            yield Finding(
                seen=f"{count} event(s) of {about} were not written: {reason[len('dropped: ') :]}",
                who=f"what agents of {about} did then is not known",
                why="one user may send only so much, so that nobody can push out what others did",
                severity=Severity.MEDIUM,
            )
        elif reason in _NOTES:
            words, severity = _NOTES[reason]
            yield Finding(seen=f"{words} ({count})", severity=severity)


def _new_domains(period: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[Finding]:
    known = {domain for domain, _, _ in before["domains"]}
    for domain, decision, count in period["domains"]:
        if domain not in known and decision == "allow":
            yield Finding(
                seen=f"agents connected to {domain}, where none did before ({count}x)",
                who="if nobody meant that, data may have left by it",
                fix="take it from network.allow of the policy, if agents need not reach it",
                severity=Severity.MEDIUM,
            )


def _peaks(period: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[Finding]:
    """What there was more of in one day (of errors: hour) than ever before."""
    for what, floor in FLOORS.items():
        once = {tuple(names): count for *names, count in before["peaks"].get(what, [])}
        for *names, count in period["peaks"].get(what, []):
            usual = once.get(tuple(names), 0)
            if count >= floor and count > TIMES * usual:
                agent, user = names[:2]
                span = "hour" if what == "errors" else "day"
                yield Finding(
                    seen=f"{agent} of {user} had {count} {what} in one {span}; before, at most {usual}",
                    who="an agent that loops, was hijacked, or is used by somebody else looks so",
                    fix="see what it did: hardpoint audit --details",
                    severity=Severity.MEDIUM,
                )
