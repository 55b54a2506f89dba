"""What `hardpoint audit` prints: what agents did on each host, and what of it needs a look.

As JSON, keys are never renamed or removed without a new `schema_version`:

    schema_version  1
    command         audit; since (as typed); started (UTC, ISO 8601)
    exit_code       0 nothing to see to, 2 findings, 3 something could not be judged
    hosts           a list of
      host
      unjudged      lines: what could not be judged, and why
      findings      a list of seen, who, why, fix, severity
      log           first, last (times of lines), lines, bytes, found (how many problems its chain has),
                    problems, and `period` and `before` in numbers; empty where there is no log

Text from a host is as it was read, so whoever shows it has to escape it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from hardpoint.audit import HostAudit, calls, exit_code, refusals
from hardpoint.outcome import Severity
from hardpoint.reports.layout import cell, paragraph
from hardpoint.reports.text import columns, machine, number, printable

SCHEMA_VERSION = 1
MOST = 4
ROWS = 12

_LOG = ("first", "last", "lines", "bytes", "found", "problems", "period", "before")
_DECISIONS = {"allow": "allowed", "deny": "refused"}


def as_json(hosts: Sequence[HostAudit], since: str, started: str) -> str:
    """The whole as JSON text, indented, without a newline at its end."""
    report = {
        "schema_version": SCHEMA_VERSION,
        "command": "audit",
        "since": since,
        "started": started,
        "exit_code": int(exit_code(list(hosts))),
        "hosts": [_host(host) for host in hosts],
    }
    return json.dumps(report, indent=2, ensure_ascii=True)


def _host(host: HostAudit) -> dict[str, Any]:
    findings = [
        {
            "seen": one.seen,
            "who": one.who,
            "why": one.why,
            "fix": one.fix,
            "severity": (one.severity or Severity.MEDIUM).value,
        }
        for one in host.findings
    ]
    log = {name: host.log[name] for name in _LOG if name in host.log}
    return {"host": host.host, "unjudged": host.unjudged, "findings": findings, "log": log}


def render(hosts: Sequence[HostAudit], since: str, console: Console) -> None:
    """Prints each host: findings first, then what agents did, in numbers."""
    for index, host in enumerate(hosts):
        if index:
            console.print()
        _print_head(host, since, console)
        _print_findings(host, console)
        for why in host.unjudged:
            paragraph(console, Text("not judged: "), Text(printable(why)), hang=12)
        if host.log:
            for title, lines in _sections(host.log["period"]):
                console.print(Text(f"\n{title}"))
                for line in lines:
                    console.print(Text(line), soft_wrap=True)


def _print_head(host: HostAudit, since: str, console: Console) -> None:
    parts = [machine(host.host), f"agents in the last {since}"]
    if host.log:
        state = "its chain is broken" if host.log["found"] else "unchanged since it was written"
        begins = f" from {printable(host.log['first'][:10])}" if host.log["first"] else ""
        parts.append(f"log{begins}, {number(host.log['lines'], 'line')}, {state}")
        parts.append(number(len(host.findings), "finding"))
    paragraph(console, Text(), Text(" · ".join(parts)), hang=2)


def _print_findings(host: HostAudit, console: Console) -> None:
    severities = [(one.severity or Severity.MEDIUM).value for one in host.findings]
    width = max((len(severity) + 2 for severity in severities), default=0)
    for finding, severity in zip(host.findings, severities, strict=True):
        paragraph(console, cell(severity, width), Text(printable(finding.seen)), hang=width)
        for name in ("who", "why", "fix"):
            if text := getattr(finding, name):
                margin = Text(" " * width).append(f"{name}: ", "dim")
                paragraph(console, margin, Text(printable(text)), margin.cell_len)


def _sections(period: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Titles and their lines; without anything done, one line that says so."""
    if not period["kinds"]:
        yield "no agent told of anything in this time", []
        return
    yield "who did how much", columns([_CALL_HEAD, *_call_rows(period)], indent="  ")
    if period["domains"]:
        rows = [(str(n), _DECISIONS.get(d, d), printable(name)) for name, d, n in period["domains"]]
        yield "where to, through the proxy", _some(rows)
    if period["denials"]:
        rows = [
            (str(n), printable(f"{agent} of {user}"), printable(f"{reason or 'no reason'} ({by})"))
            for agent, user, by, reason, n in period["denials"]
        ]
        yield "what was refused", _some(rows)
    if period["errors"]:
        rows = [
            (str(n), printable(f"{agent} of {user}"), printable(reason))
            for agent, user, reason, n in period["errors"]
        ]
        yield "what failed", _some(rows)
    if details := period.get("details"):
        yield "in detail, the latest last (without secrets)", [_line(one) for one in details]


_CALL_HEAD = ("agent", "user", "calls", "refused", "model requests", "errors", "most used")


def _call_rows(period: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    kinds = {(agent, user, kind): count for agent, user, kind, count in period["kinds"]}
    called, refused = calls(period), refusals(period)
    for agent, user in sorted({(agent, user) for agent, user, _ in kinds}):
        tools = called.get((agent, user), {})
        numbers = Counter({tool: sum(of.values()) for tool, of in tools.items()})
        most = ", ".join(f"{tool} {count}" for tool, count in numbers.most_common(MOST))
        yield (
            printable(agent or "?"),
            printable(user),
            str(numbers.total()),
            str(refused.get((agent, user), 0)),
            str(kinds.get((agent, user, "model"), 0)),
            str(kinds.get((agent, user, "error"), 0)),
            printable(most),
        )


def _some(rows: list[tuple[str, ...]]) -> list[str]:
    more = len(rows) - ROWS
    lines = columns(rows[:ROWS], indent="  ")
    return [*lines, f"  and {more} more"] if more > 0 else lines


def _line(one: dict[str, Any]) -> str:
    names = ("time", "user", "agent", "kind", "tool", "decision", "reason", "detail")
    return "  " + printable(" ".join(str(one[name]) for name in names if one.get(name)))
