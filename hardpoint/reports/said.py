"""What is said of one outcome, line by line, where a report is read by programs first."""

from __future__ import annotations

from collections.abc import Iterator

from hardpoint.outcome import Finding, Outcome, Status
from hardpoint.reports.entries import summary
from hardpoint.reports.text import printable

_WRONG = {Status.EXPOSED, Status.DRIFT}


def headline(outcome: Outcome) -> str:
    """The one line that a list shows: what was seen first, or why it is as it is."""
    if outcome.status in _WRONG and outcome.findings:
        return printable(outcome.findings[0].seen)
    return printable(summary(outcome))


def lines(outcome: Outcome) -> list[str]:
    """All that is said, the headline first: findings with who, why and fix, or else the reason, and
    what would change."""
    said = [line for finding in outcome.findings for line in _finding(finding)]
    said = said or [headline(outcome)]
    if outcome.status in _WRONG:
        said += [printable(f"change: {change.summary}") for change in outcome.changes]
    return said


def _finding(finding: Finding) -> Iterator[str]:
    yield printable(finding.seen)
    for label in ("who", "why", "fix"):
        if part := getattr(finding, label):
            yield printable(f"{label}: {part}")
