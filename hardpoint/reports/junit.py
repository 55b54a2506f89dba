"""The report as JUnit XML, as Jenkins and GitLab read it.

A suite a host, a test a (control, subject):

    passed   compliant, and nothing else
    failure  exposed, drift
    error    whatever could not be judged: error, unreachable, blocked, unknown, busy, orphaned; a
             host that could not be asked is one test of its suite; so is what a rollback left
    skipped  waived, skipped, not-applicable, and a proof that proved nothing; its text says which

The class of a test is its host and the command, so that a host's name with dots stays whole where a
reader takes what is behind the last dot for the class. Class and name together are unique: GitLab
drops all but the first of equal ones. ASCII; what cannot be seen is escaped, and XML forbids it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from hardpoint.control import HOST_SUBJECT
from hardpoint.outcome import HostReport, Outcome, Proof, Report, Status
from hardpoint.reports.said import headline, lines
from hardpoint.reports.text import printable

_KINDS = {
    Status.EXPOSED: "failure",
    Status.DRIFT: "failure",
    Status.WAIVED: "skipped",
    Status.SKIPPED: "skipped",
    Status.NOT_APPLICABLE: "skipped",
    Status.COMPLIANT: "",
}
"""What each status is; every other one is an error."""

_TAKEN_BACK = {"restored": "", "already": "", "kept": "skipped"}
"""What each result of a rollback is; every other one is an error."""


@dataclass(frozen=True)
class Case:
    """A test: `kind` is failure, error or skipped, or empty where it passed."""

    name: str
    kind: str = ""
    type: str = ""
    message: str = ""
    text: str = ""


def render(report: Report) -> str:
    """The report as XML text, indented, without a newline at its end."""
    root = ET.Element("testsuites", name=f"hardpoint {_command(report)}")
    total: Counter[str] = Counter()
    for host in report.hosts:
        suite, counts = _suite(report, host)
        root.append(suite)
        total += counts
    _count(root, total, report.seconds)
    ET.indent(root)
    return ET.tostring(root, encoding="us-ascii", xml_declaration=True).decode("ascii")


def _suite(report: Report, host: HostReport) -> tuple[ET.Element, Counter[str]]:
    cases = list(_cases(report, host))
    counts = Counter(["tests"] * len(cases) + [case.kind for case in cases if case.kind])
    suite = ET.Element("testsuite", name=printable(host.host), hostname=printable(host.host))
    if report.started:
        suite.set("timestamp", report.started)
    suite.set("skipped", str(counts["skipped"]))
    _count(suite, counts, host.seconds)
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("system", host.system),
        ("profile", report.profile),
        ("policy", host.policy),
    ):
        ET.SubElement(properties, "property", name=name, value=printable(value))
    classname = f"{printable(host.host)}.{_command(report)}"
    for case in cases:
        suite.append(_element(case, classname))
    if host.unseen:
        lines = [printable(line) for line in host.unseen]
        ET.SubElement(suite, "system-err").text = "\n".join(["not everything was seen:", *lines])
    return suite, counts


def _count(element: ET.Element, counts: Counter[str], seconds: float) -> None:
    element.set("tests", str(counts["tests"]))
    element.set("failures", str(counts["failure"]))
    element.set("errors", str(counts["error"]))
    element.set("time", f"{seconds:.3f}")


def _element(case: Case, classname: str) -> ET.Element:
    element = ET.Element("testcase", classname=classname, name=printable(case.name))
    if case.kind:
        result = ET.SubElement(element, case.kind, type=case.type, message=printable(case.message))
        result.text = case.text
    return element


def _command(report: Report) -> str:
    return report.command.split()[0]


def _cases(report: Report, host: HostReport) -> Iterator[Case]:
    if host.unreachable:
        unreachable = Status.UNREACHABLE.value
        yield Case("reach", "error", unreachable, host.unreachable, printable(host.unreachable))
    for outcome in host.outcomes:
        yield _case(outcome)
    yield from _left(report.rolled_back.get(host.host, []))


def _case(outcome: Outcome) -> Case:
    name = outcome.control
    if outcome.subject != HOST_SUBJECT.name:
        name += f" ({outcome.subject})"
    kind = _KINDS.get(outcome.status, "error")
    if not kind and outcome.proof.proof is Proof.INCONCLUSIVE:
        evidence = "; ".join(outcome.proof.evidence)
        message = f"the check holds, its proof was inconclusive: {evidence}"
        return Case(name, "skipped", outcome.proof.proof.value, message, printable(message))
    message = f"{outcome.status}: {headline(outcome)}"
    return Case(name, kind, outcome.status.value, message, "\n".join(_lines(outcome)))


def _lines(outcome: Outcome) -> Iterator[str]:
    """GitLab shows the text alone, so it begins with the status."""
    first, *rest = lines(outcome)
    yield f"{outcome.status}: {first}"
    yield from rest
    if outcome.reason and printable(outcome.reason) != first:
        yield printable(outcome.reason)
    for line in outcome.proof.evidence:
        yield printable(f"proof {outcome.proof.proof}: {line}")
    if outcome.fate:
        yield f"apply: {outcome.fate}"
    for line in outcome.log:
        yield printable(f"log: {line}")


def _left(results: list[dict[str, str]] | str) -> Iterator[Case]:
    """What a rollback did: one test a resource, or one error where it could not begin."""
    if isinstance(results, str):
        yield Case("rollback", "error", "failed", results, printable(results))
        return
    for row in results:
        name, result = f"rollback of {row['resource']}", row["result"]
        kind = _TAKEN_BACK.get(result, "error")
        yield Case(name, kind, result, row["reason"] or result, printable(row["reason"]))
