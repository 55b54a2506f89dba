"""JUnit and SARIF: valid for those who define them, and nothing unknown that reads as a pass."""

from __future__ import annotations

import json as stdlib_json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from hardpoint.outcome import Finding, HostReport, Proof, ProofResult, Report, Severity, Status
from hardpoint.reports import junit, sarif
from tests.unit.golden.samples import REPORTS, all_is_well, every_status, fleet, ollama
from tests.unit.sample_controls import sample_registry

SCHEMA = stdlib_json.loads((Path(__file__).parent / "formats/sarif-schema-2.1.0.json").read_text())
VALID = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker())

HELD = {Status.COMPLIANT, Status.SKIPPED, Status.NOT_APPLICABLE}
NOT_JUDGED = {Status.ERROR, Status.UNREACHABLE, Status.BLOCKED, Status.UNKNOWN, Status.BUSY}


def reports() -> dict[str, Report]:
    """All samples, with and without metadata, and one of a rollback that could not do it all."""
    about = {control.id: control.metadata for control in sample_registry()}
    found = {name: make() for name, make in REPORTS.items()}
    found |= {f"{name}, known": replace(report, about=about) for name, report in found.items()}
    found["nothing"] = Report("check", "minimal", "")
    rows = [
        {"resource": "/etc/a", "result": "restored", "reason": ""},
        {"resource": "/etc/b", "result": "refused", "reason": "changed since"},
        {"resource": "/etc/c", "result": "kept", "reason": "still claimed by b"},
    ]
    rolled_back = {"@local": rows, "ws-2": "asleep"}
    hosts = [*all_is_well().hosts, HostReport("ws-2", unreachable="asleep")]
    found["rollback"] = replace(
        all_is_well(), command="rollback", hosts=hosts, rolled_back=rolled_back
    )
    return found


REPORT = pytest.mark.parametrize("report", reports().values(), ids=list(reports()))


def run_of(report: Report) -> dict:
    (run,) = stdlib_json.loads(sarif.render(report))["runs"]
    return run


def one(status: Status, **others) -> Report:
    host = HostReport("ws-1", "Debian 12", 1, 0.4, 2, outcomes=[ollama("ws-1", status, **others)])
    return Report("check", "minimal", "2026-11-02T10:00:00+00:00", 1, 0.4, [host])


# SARIF


@REPORT
def test_sarif_is_what_the_standard_says(report: Report) -> None:
    text = sarif.render(report)
    VALID.validate(stdlib_json.loads(text))
    assert text.isascii() and all(c == "\n" or c.isprintable() for c in text)


@REPORT
def test_sarif_is_what_github_takes(report: Report) -> None:
    run = run_of(report)
    for rule in run["tool"]["driver"]["rules"]:
        texts = [rule[name]["text"] for name in ("shortDescription", "fullDescription", "help")]
        assert all(texts) and max(map(len, texts[:2])) <= 1024
        assert len(rule.get("properties", {}).get("tags", [])) <= 20
    for result in run["results"]:
        assert result["message"]["text"]
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        for location in result["locations"]:
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            assert uri and not uri.startswith("/") and ":" not in uri


@pytest.mark.parametrize("status", Status)
def test_only_what_holds_is_silent_in_sarif(status: Status) -> None:
    run = run_of(one(status, reason="why so", waiver="until 2027-01-31 by ops: known"))
    (invocation,) = run["invocations"]
    assert bool(run["results"]) == (status not in HELD)
    assert invocation["executionSuccessful"] == (status not in NOT_JUDGED)
    for result in run["results"]:
        assert result["kind"] != "pass"
        assert (result["level"] == "none") == (result["kind"] != "fail")
        assert ("suppressions" in result) == (status is Status.WAIVED)


def test_a_host_that_was_not_asked_makes_the_run_a_failed_one() -> None:
    (invocation,) = run_of(fleet(1))["invocations"]
    said = [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]
    assert not invocation["executionSuccessful"] and invocation["exitCode"] == 2
    assert "nb-07: unreachable: asleep or off: no answer within 10 s" in said


def test_a_waiver_is_a_suppression_with_owner_reason_and_day() -> None:
    waiver = "until 2027-01-31 by mlops: shared rig"
    (result,) = run_of(one(Status.WAIVED, waiver=waiver))["results"]
    (suppression,) = result["suppressions"]
    assert suppression == {"kind": "external", "status": "accepted", "justification": waiver}


@pytest.mark.parametrize(
    ("severity", "level", "score"),
    [
        (Severity.CRITICAL, "error", "9.5"),
        (Severity.HIGH, "error", "8.0"),
        (Severity.MEDIUM, "warning", "5.5"),
        (Severity.LOW, "note", "2.0"),
    ],
)
def test_a_severity_is_a_level_and_a_score(severity: Severity, level: str, score: str) -> None:
    report = one(Status.DRIFT)
    report.hosts[0].outcomes[0].severity = severity
    about = replace(sample_registry()["ollama-loopback"].metadata, severity=severity)
    report.about = {about.id: about}
    run = run_of(report)
    assert run["results"][0]["level"] == level
    assert run["tool"]["driver"]["rules"][0]["properties"]["security-severity"] == score


def test_a_fingerprint_lasts_while_the_words_change() -> None:
    def fingerprint(report: Report) -> str:
        return run_of(report)["results"][0]["partialFingerprints"]["primaryLocationLineHash"]

    first = one(Status.EXPOSED, findings=[Finding("Ollama 0.30 answers on 10.0.0.1", exposed=True)])
    later = one(Status.UNKNOWN, reason="no root")
    elsewhere = replace(first, hosts=[HostReport("b", outcomes=[ollama("b", Status.DRIFT)])])
    assert fingerprint(first) == fingerprint(later) != fingerprint(elsewhere)


def test_a_cause_in_a_file_is_a_place_on_its_host() -> None:
    causes = [
        Finding("b", why="/etc/environment:7 sets X=1; /etc/profile:2 sets X=2"),
        Finding("c", why="no setting says so: look at /proc/1/cmdline"),
        Finding("d", why="/home/me/policy.yaml:9: a waiver of the one who checks"),
        Finding("e", why="/home/a/my settings.json has networkInterface: 0.0.0.0"),
    ]
    (result,) = run_of(one(Status.DRIFT, findings=causes))["results"]
    first, second = (location["physicalLocation"] for location in result["locations"])
    assert first == {
        "artifactLocation": {"uri": "ws-1/etc/environment", "uriBaseId": "HOSTS"},
        "region": {"startLine": 7},
    }
    assert second["artifactLocation"]["uri"] == "ws-1/home/a/my%20settings.json"
    assert "region" not in second
    (name,) = result["locations"][0]["logicalLocations"]
    assert name["fullyQualifiedName"] == "ws-1/ollama-loopback/system"


def test_a_host_gives_no_link_to_a_reader() -> None:
    trap = "[look here](https://evil.example)"
    text = sarif.render(one(Status.UNKNOWN, reason=trap))
    assert "](" not in text


# JUnit: the rules of Jenkins' junit-10.xsd, and what GitLab reads

ATTRIBUTES = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {
        "name", "tests", "failures", "errors", "time", "skipped", "timestamp", "hostname",
    },
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "classname"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
    "system-err": set(),
}  # fmt: skip
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase", "system-err"},
    "properties": {"property"},
    "testcase": {"failure", "error", "skipped"},
}
REQUIRED = {
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name", "classname"},
    "property": {"name", "value"},
}


@REPORT
def test_junit_is_what_jenkins_and_gitlab_read(report: Report) -> None:
    text = junit.render(report)
    root = ET.fromstring(text)
    assert text.isascii() and all(c == "\n" or c.isprintable() for c in text)
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.keys()) <= ATTRIBUTES[element.tag]
        assert set(element.keys()) >= REQUIRED.get(element.tag, set())
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
    cases = root.findall(".//testcase")
    names = [(case.get("classname"), case.get("name")) for case in cases]
    assert len(set(names)) == len(names)
    assert all(len(case) <= 1 for case in cases)
    for element in (root, *root):
        for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            assert int(element.get(attribute)) == len(element.findall(f".//{tag}"))


@pytest.mark.parametrize("status", Status)
def test_only_what_holds_passes_in_junit(status: Status) -> None:
    kinds = {Status.EXPOSED: "failure", Status.DRIFT: "failure", Status.COMPLIANT: None}
    kinds |= dict.fromkeys([Status.WAIVED, Status.SKIPPED, Status.NOT_APPLICABLE], "skipped")
    case = ET.fromstring(junit.render(one(status, reason="why so"))).find(".//testcase")
    assert [child.tag for child in case] == list(filter(None, [kinds.get(status, "error")]))


def test_a_host_that_was_not_asked_is_an_error_of_its_suite() -> None:
    root = ET.fromstring(junit.render(fleet(1)))
    suite = next(suite for suite in root if suite.get("name") == "nb-07")
    (case,) = suite.findall("testcase")
    assert case.find("error").get("type") == "unreachable"


def test_a_proof_that_proved_nothing_is_no_pass() -> None:
    no_answer = ProofResult(Proof.INCONCLUSIVE, ("nothing answers",), "")
    report = one(Status.COMPLIANT, proof=no_answer)
    case = ET.fromstring(junit.render(report)).find(".//testcase")
    assert "inconclusive" in case.find("skipped").get("message")


def test_a_rollback_that_was_refused_is_an_error() -> None:
    report = reports()["rollback"]
    cases = ET.fromstring(junit.render(report)).findall(".//testcase")
    kinds = {case.get("name"): [child.tag for child in case] for case in cases}
    assert kinds["rollback of /etc/a"] == []
    assert kinds["rollback of /etc/b"] == ["error"]
    assert kinds["rollback of /etc/c"] == ["skipped"]
    assert kinds["rollback"] == ["error"]
    assert not run_of(report)["invocations"][0]["executionSuccessful"]


def test_the_counts_of_both_are_those_of_the_report() -> None:
    report, counts = every_status(), every_status().counts()
    root = ET.fromstring(junit.render(report))
    assert int(root.get("failures")) == counts[Status.EXPOSED] + counts[Status.DRIFT]
    assert len(run_of(report)["results"]) == sum(
        count for status, count in counts.items() if status not in HELD
    )
