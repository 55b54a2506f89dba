"""The report as SARIF 2.1.0, as code scanning reads it (OASIS, with errata 01).

A rule is a control, a result is an outcome that is not as it should be:

    exposed, drift           kind fail; its level follows the worst finding's severity
    waived                   the same with a suppression: external, accepted, by whom, until when, why
    error, unreachable, blocked, unknown, busy
                             kind open: not enough is known; a notification says it too
    orphaned                 kind review: a person has to look
    compliant, skipped, not-applicable
                             none, since readers take each result for an alert, whatever its kind

So no result means "holds" only where `executionSuccessful` is true: it is false when something could
not be judged, as when a host could not be asked.

GitHub wants a physical location for every result, relative to its repository. Ours are on hosts: each
host is a folder (`alpha/etc/environment`), below a base that this machine cannot resolve. The
fingerprint is made of host, control and subject, nothing that changes from run to run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from hardpoint import __version__
from hardpoint.control import HOST_SUBJECT, Metadata
from hardpoint.outcome import HostReport, Outcome, Report, Severity, Status
from hardpoint.reports.said import headline, lines
from hardpoint.reports.text import printable

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
BASE = "HOSTS"

_DESCRIPTION_LENGTH = 1024  # GitHub takes no more of a rule's descriptions
_TAGS = 20  # nor more tags

_LEVELS = {
    Severity.CRITICAL: ("error", "9.5"),
    Severity.HIGH: ("error", "8.0"),
    Severity.MEDIUM: ("warning", "5.5"),
    Severity.LOW: ("note", "2.0"),
}
"""A severity as SARIF's level, and as the score that GitHub makes its own severity of."""

_KINDS = {
    Status.EXPOSED: "fail",
    Status.DRIFT: "fail",
    Status.WAIVED: "fail",
    Status.ORPHANED: "review",
    Status.ERROR: "open",
    Status.UNREACHABLE: "open",
    Status.BLOCKED: "open",
    Status.UNKNOWN: "open",
    Status.BUSY: "open",
}
"""The statuses that are results."""

_NOT_JUDGED = {status for status, kind in _KINDS.items() if kind == "open"}


def render(report: Report) -> str:
    """The report as JSON text in ASCII, indented, without a newline at its end."""
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report)]}
    return json.dumps(log, indent=2, ensure_ascii=True)


def _run(report: Report) -> dict[str, Any]:
    rules = _rules(report)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    return {
        "tool": {"driver": _driver(rules)},
        "originalUriBaseIds": {
            BASE: {"description": {"text": "A folder a host; in it the file system of that host."}}
        },
        "invocations": [_invocation(report, index)],
        "results": [
            _result(outcome, index) for outcome in report.outcomes() if outcome.status in _KINDS
        ],
        "properties": {"command": printable(report.command), "profile": printable(report.profile)},
    }


def _driver(rules: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": "hardpoint",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": rules,
    }


# Rules


def _rules(report: Report) -> list[dict[str, Any]]:
    """All controls that were asked for, and those that only a host's journal still knows."""
    rules = [_rule(metadata) for metadata in report.about.values()]
    strangers = {
        outcome.control: outcome for outcome in report.outcomes() if outcome.status in _KINDS
    }
    known = set(report.about)
    return rules + [_bare_rule(o) for name, o in strangers.items() if name not in known]


def _rule(about: Metadata) -> dict[str, Any]:
    frameworks = [f"{reference.framework} {reference.id}" for reference in about.mappings]
    parts = [
        f"Risk: {about.risk}",
        f"What apply does: {about.changes}",
        f"Undo: {about.undo}",
        f"Sources: {'; '.join(about.sources)}" if about.sources else "",
    ]
    rule = _described(about.id, about.title, about.risk, "\n\n".join(filter(None, parts)))
    level, score = _LEVELS[about.severity]
    rule["defaultConfiguration"] = {"level": level}
    rule["properties"] = {
        "security-severity": score,
        "tags": ["security", about.family, *frameworks][:_TAGS],
    }
    return rule


def _bare_rule(outcome: Outcome) -> dict[str, Any]:
    title = outcome.title or outcome.control
    return _described(printable(outcome.control), title, title, title)


def _described(name: str, short: str, full: str, text: str) -> dict[str, Any]:
    return {
        "id": name,
        "shortDescription": {"text": _plain(short)[:_DESCRIPTION_LENGTH]},
        "fullDescription": {"text": _plain(full)[:_DESCRIPTION_LENGTH]},
        "help": {"text": "\n\n".join(map(_plain, text.split("\n\n")))},
    }


# Results


def _result(outcome: Outcome, index: dict[str, int]) -> dict[str, Any]:
    kind = _KINDS[outcome.status]
    rule = printable(outcome.control)
    result: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": index[rule],
        "kind": kind,
        "level": _LEVELS[outcome.severity][0] if kind == "fail" else "none",
        "message": {"text": _message(outcome)},
        "locations": _locations(outcome),
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(outcome)},
        "properties": _properties(outcome),
    }
    if outcome.status is Status.WAIVED:
        result["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": _plain(outcome.waiver)}
        ]
    return result


def _message(outcome: Outcome) -> str:
    """Its first line is all that a list of alerts shows."""
    if outcome.status in _NOT_JUDGED:
        return _plain(f"not judged ({outcome.status}): {headline(outcome)}")
    return "\n".join(map(_plain, lines(outcome)))


def _properties(outcome: Outcome) -> dict[str, Any]:
    found = {
        "status": outcome.status.value,
        "host": printable(outcome.host),
        "subject": printable(outcome.subject),
        "fate": outcome.fate.value if outcome.fate else None,
        "proof": outcome.proof.proof.value,
    }
    return {name: value for name, value in found.items() if value is not None}


def _fingerprint(outcome: Outcome) -> str:
    key = json.dumps(outcome.key, ensure_ascii=True)
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _locations(outcome: Outcome) -> list[dict[str, Any]]:
    """The files that are the cause, or else the host alone; each with what it was seen on."""
    causes = dict.fromkeys(finding.place for finding in outcome.findings if finding.place)
    places: list[tuple[str, int | None] | None] = [*causes] or [None]
    return [
        {
            "physicalLocation": _physical(outcome.host, place),
            "logicalLocations": [
                {
                    "name": printable(outcome.subject),
                    "kind": "user" if outcome.subject != HOST_SUBJECT.name else "host",
                    "fullyQualifiedName": "/".join(map(printable, outcome.key)),
                }
            ],
        }
        for place in places
    ]


def _physical(host: str, place: tuple[str, int | None] | None) -> dict[str, Any]:
    path, line = place or ("", None)
    uri = quote(printable(host), safe="@") + quote(printable(path))
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri, "uriBaseId": BASE}}
    if line:
        physical["region"] = {"startLine": line}
    return physical


# The run itself


def _invocation(report: Report, index: dict[str, int]) -> dict[str, Any]:
    notes = list(_notifications(report, index))
    invocation = {
        "executionSuccessful": all(note["level"] == "note" for note in notes),
        "exitCode": int(report.exit_code),
        "toolExecutionNotifications": notes,
    }
    if report.started:
        invocation["startTimeUtc"] = report.started.replace("+00:00", "Z")
    return invocation


def _notifications(report: Report, index: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Whatever kept this run from judging: an error where it is ours or the host's, a warning where
    something could not be seen."""
    for host in report.hosts:
        yield from _of_host(host, index)
    for name, results in report.rolled_back.items():
        for line in _not_taken_back(results):
            yield _note("error", line, name)
    for notice in report.notices:
        yield {"level": "note", "message": {"text": _plain(notice)}}


def _of_host(host: HostReport, index: dict[str, int]) -> Iterator[dict[str, Any]]:
    if host.unreachable:
        yield _note("error", f"unreachable: {host.unreachable}", host.host)
    for line in host.unseen:
        yield _note("warning", line, host.host)
    for outcome in host.outcomes:
        if outcome.status in _NOT_JUDGED:
            level = "error" if outcome.status is Status.ERROR else "warning"
            note = _note(level, _message(outcome), host.host)
            rule = printable(outcome.control)
            note["associatedRule"] = {"id": rule, "index": index[rule]}
            yield note


def _not_taken_back(results: list[dict[str, str]] | str) -> list[str]:
    if isinstance(results, str):
        return [f"not rolled back: {results}"]
    return [
        f"{row['result']}: {row['resource']}: {row['reason']}"
        for row in results
        if row["result"] not in ("restored", "already", "kept")
    ]


def _note(level: str, text: str, host: str) -> dict[str, Any]:
    return {
        "level": level,
        "message": {"text": f"{printable(host)}: {_plain(text)}"},
        "locations": [{"physicalLocation": _physical(host, None)}],
    }


def _plain(text: str) -> str:
    """Text that no reader takes for a link: `[text](target)` is one in SARIF's messages (3.11.6)."""
    return printable(text).replace("](", "] (")
