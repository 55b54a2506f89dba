"""What `hardpoint audit` makes of a log: numbers on the host, findings and words here."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from hardpoint.audit import HostAudit, exit_code, judge
from hardpoint.hostside.payload import audit_chain, main, read_audit
from hardpoint.outcome import ExitCode
from hardpoint.reports import audit as report
from tests.unit.agents.audit_program import DAY, NOON, Log

NOW = NOON + 10 * DAY


def call(tool: str = "Bash", decision: str = "allow", **more: str) -> dict[str, str]:
    return {
        "kind": "tool",
        "agent": "claude-code",
        "tool": tool,
        "decision": decision,
        "by": "otel",
    } | more


def went(domain: str, decision: str = "allow") -> dict[str, str]:
    where = f"{domain}:443"
    return {
        "kind": "network",
        "agent": "codex",
        "by": "proxy",
        "decision": decision,
        "detail": where,
    }


def failed(reason: str = "api_error, 500") -> dict[str, str]:
    return {"kind": "error", "agent": "claude-code", "reason": reason, "by": "otel"}


@pytest.fixture
def log(tmp_path: Path, monkeypatch: Any) -> Log:
    """Three quiet days of alice, then it is a week later."""
    made = Log(tmp_path)
    for _ in range(3):
        for event in [*[call()] * 70, call("Read"), went("api.anthropic.com"), failed()]:
            made.tell(event)
        made.clock.go(DAY)
    made.clock.go(NOW - 3600 - made.clock.now)
    monkeypatch.setattr(audit_chain, "LOGS", str(made.logs))
    monkeypatch.setattr(audit_chain, "STATE", str(made.state))
    monkeypatch.setattr(read_audit.time, "time", lambda: NOW)
    monkeypatch.setattr(
        read_audit, "_state", lambda path, kind: {"mode": "0666", "owner": "root:root"}
    )
    monkeypatch.setattr(read_audit.os, "geteuid", lambda: 0)
    return made


def judged(log: Log, hours: int = 168, **more: Any) -> HostAudit:
    log.store.sync()
    reply = main.answer({"do": "read", "what": "audit", "since": hours, **more})
    assert reply.pop("ok"), reply
    return judge("ws-1", json.loads(json.dumps(reply)))


def seen(host: HostAudit) -> list[str]:
    return [finding.seen for finding in host.findings]


def test_a_week_like_the_others_is_no_finding(log: Log) -> None:
    for event in [*[call()] * 150, went("api.anthropic.com"), failed()]:
        log.tell(event)
    host = judged(log)
    assert (seen(host), host.unjudged, exit_code([host])) == ([], [], ExitCode.COMPLIANT)
    assert host.log["period"]["calls"] == [["claude-code", "alice", "Bash", "otel", "allow", 150]]
    assert host.log["before"]["days"] == 3


def test_more_of_anything_than_ever_is_told(log: Log) -> None:
    for event in [*[call()] * 250, *[call(decision="deny")] * 12, *[failed()] * 25]:
        log.tell(event)
    assert sorted(seen(judged(log))) == [
        "claude-code of alice had 12 denials in one day; before, at most 0",
        "claude-code of alice had 25 errors in one hour; before, at most 1",
        "claude-code of alice had 262 calls in one day; before, at most 71",
    ]


def test_a_new_domain_is_told_and_one_that_was_refused_is_not(log: Log) -> None:
    for event in (went("api.anthropic.com"), went("paste.example"), went("evil.example", "deny")):
        log.tell(event)
    (finding,) = seen(judged(log))
    assert finding == "agents connected to paste.example, where none did before (1x)"


def test_without_days_before_nothing_is_compared_and_that_is_said(log: Log) -> None:
    log.tell(went("paste.example"))
    host = judged(log, hours=24 * 30)
    assert seen(host) == [] and host.unjudged[0].startswith(
        "new domains and rates: the log has no day"
    )
    assert exit_code([host]) == ExitCode.NOT_JUDGED


def test_a_broken_chain_and_what_was_not_written_are_told(log: Log) -> None:
    dropped = {"kind": "audit", "reason": "dropped: too many a second", "count": 7, "about": "bob"}
    log.tell(dropped, "root")
    log.store.sync()
    path = log.files()[0]
    path.write_bytes(path.read_bytes().replace(b'"Read"', b'"Edit"'))
    assert seen(judged(log)) == [
        "line 72 of the agents' audit log was changed after it was written",
        "7 event(s) of bob were not written: too many a second",
    ]


def test_the_guard_and_the_agent_may_both_tell_of_a_call(log: Log) -> None:
    for event in (call(), call(by="guard"), call("Read", by="guard")):
        log.tell(event)
    assert "alice  2      0" in words(log)


def test_commands_leave_the_host_only_when_asked_for(log: Log) -> None:
    log.tell(call(decision="deny", detail="cat .env", reason="secret path"))
    assert "cat .env" not in json.dumps(judged(log).log)
    assert judged(log, details=True).log["period"]["details"][0]["detail"] == "cat .env"


def test_no_number_of_names_makes_the_answer_long(log: Log) -> None:
    for number in range(2000):
        log.tell(call(f"tool-{number}") | {"agent": f"agent-{number}"})
        log.tell(went(f"{number}.example"))
    host = judged(log)
    period = host.log["period"]
    assert len(json.dumps(period)) < 100_000
    assert period["domains"][0] == ["...", "...", 2000 - 300]
    assert host.unjudged == [
        f"all {table}: there are more than the host tells of" for table in ("domains", "calls")
    ]


def test_a_host_without_a_log_or_an_answer_is_not_judged() -> None:
    reply = {"present": False, "limits": [], "socket": None, "found": 0, "problems": []}
    absent, lost = judge("a", reply), judge("b", "the connection ended")
    assert absent.unjudged[0].startswith("there is no audit log here")
    assert lost.unjudged == ["the connection ended"]
    assert exit_code([absent]) == ExitCode.NOT_JUDGED


def words(log: Log, **more: Any) -> str:
    shown = Console(file=io.StringIO(), width=100)
    report.render([judged(log, **more)], "7d", shown)
    return shown.file.getvalue()


def test_what_a_person_reads(log: Log) -> None:
    for event in (
        call(),
        call("Read", "deny", reason="secret path", by="guard", detail="cat\x1b[31m .env"),
        went("paste.example"),
        failed(),
        {"kind": "model", "agent": "claude-code"},
    ):
        log.tell(event)
    path = Path(__file__).parent / "audit.txt"
    assert words(log, details=True) == path.read_text()


def test_what_a_program_reads(log: Log) -> None:
    log.tell(went("paste.example"))
    whole = json.loads(report.as_json([judged(log)], "7d", "2026-12-01T11:00:00+00:00"))
    assert list(whole) == ["schema_version", "command", "since", "started", "exit_code", "hosts"]
    (host,) = whole["hosts"]
    assert whole["exit_code"] == 2 and host["findings"][0]["severity"] == "medium"
    assert set(host["log"]) == {
        "first", "last", "lines", "bytes", "found", "problems", "period", "before",
    }  # fmt: skip
