"""What comes into the agents' audit log: who sent it, how much of it is taken, and what of it is kept."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.agents.audit_program import audit

RECORDED = Path(__file__).parent / "otlp"
KEY = "sk-ant-Kd83jfQpKd83jfQp"


def taken(agent: str) -> list[dict[str, str]]:
    """The events of what the real agent sent, to a model that asked for a tool."""
    found = audit.otlp.events((RECORDED / f"{agent}.json").read_bytes())
    return [audit.events.cleaned(event) for event in found]


EXPECTED = {
    "claude-code": [
        ("tool", "Bash", "allow", "tool_decision, by config"),
        ("tool", "Bash", "", "tool_result, failed, Shell command failed"),
        ("tool", "Read", "deny", "tool_decision, by config"),
        ("error", "", "", "api_error, 400 nope [redacted]"),
    ],
    "codex": [
        ("tool", "exec_command", "allow", "tool_decision, by Config"),
        ("tool", "exec_command", "", "tool_result"),
    ],
    "gemini-cli": [("tool", "read_file", "allow", "tool_call")],
    "qwen-code": [("tool", "read_file", "allow", "tool_call")],
}


@pytest.mark.parametrize("agent", EXPECTED)
def test_what_the_real_agents_send_is_understood(agent: str) -> None:
    found = taken(agent)
    assert {event["agent"] for event in found} == {agent}
    calls = [
        (event["kind"], event.get("tool", ""), event.get("decision", ""), event["reason"])
        for event in found
        if event["kind"] in ("tool", "error")
    ]
    assert calls == EXPECTED[agent]
    assert {"session", "model"} <= {event["kind"] for event in found}
    assert all(event["session"] for event in found)
    assert "in=10 out=5" in json.dumps(found) or agent == "codex"


@pytest.mark.parametrize("agent", EXPECTED)
def test_neither_prompts_nor_answers_nor_secrets_are_kept(agent: str) -> None:
    recorded = (RECORDED / f"{agent}.json").read_text()
    kept = json.dumps(taken(agent))
    for hidden in ("secretprompt", "abcdefghijklmnop", "sk-ant-", "Chunk ID"):
        assert hidden not in kept
    assert "prompt_length" in recorded and "characters=18" in kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"export ANTHROPIC_API_KEY={KEY}", "export ANTHROPIC_API_KEY=[redacted]"),
        ('{"a":"TOKEN=\\"s3cr3tvalue\\""}', '{"a":"TOKEN=[redacted]""}'),
        ("mail joe.doe+x@mail.example.org now", "mail [address] now"),
        (
            "git clone git@github.com:a/b /home/alice/b",
            "git clone git@github.com:a/b /home/alice/b",
        ),
        ("x" * 90, "x" * 59 + "…"),
        ("word " * 2000, "word " * 11 + "word…"),
    ],
)
def test_a_text_is_bounded_and_loses_its_secrets(text: str, kept: str) -> None:
    assert audit.events.short(text, 60) == kept
    assert KEY not in audit.events.short(text, 4000)


def test_no_secret_is_cut_in_half() -> None:
    text = "a" * 4080 + " " + KEY + " " + "b" * 100
    assert "sk-" not in audit.events.short(text, 5000)


@pytest.mark.parametrize("unit", ["a", "-", "a.", "ab12", "key", "=a:b", "a@a.", " -a-a", "Aa1/"])
def test_no_text_takes_long(unit: str) -> None:
    began = time.process_time()
    audit.events.short(unit * (100_000 // len(unit)), 2000)
    assert time.process_time() - began < 0.5


def test_a_line_is_ascii_and_a_sender_can_neither_name_himself_nor_speak_for_the_writer() -> None:
    sent = {
        "kind": "tool",
        "detail": "\x1b[31m \u202e\n",
        "uid": 0,
        "user": "root",
        "seq": 1,
        "chain": "0",
    }
    event = audit.events.parsed(json.dumps(sent).encode())
    line = audit.events.body(7, {"uid": 5, "user": "x", "pid": 9}, event, 0.0)
    assert line == b'{"seq":7,"time":"1970-01-01T00:00:00.000Z","uid":5,"user":"x","pid":9,"kind":"tool",' \
        b'"detail":"\\u001b[31m \\u202e\\n"}'  # fmt: skip
    for wrong in (b"[]", b"{}", b'{"kind":"audit"}', b'{"kind":["tool"]}', b"\xff", b"[" * 60000):
        with pytest.raises(audit.events.Unreadable):
            audit.events.parsed(wrong)


class Time:
    now, today = 0.0, "2026-11-21"


def test_nobody_writes_more_than_his_share(monkeypatch: Any) -> None:
    clock = Time()
    limits = audit.limits.Limits(1000, lambda: clock.now, lambda: clock.today)
    names = {1: "alice", 2: "bob"}
    monkeypatch.setattr(limits, "user", lambda uid: names.get(uid, "?"))
    allowed = sum(limits.allow(1) for _ in range(1000))
    assert allowed == audit.limits.BURST and limits.allow(2)
    clock.now += 1
    assert sum(limits.allow(1) for _ in range(100)) == audit.limits.PER_SECOND
    limits.spend(2, 1000)
    assert not limits.allow(2)
    clock.today = "2026-11-22"
    assert limits.allow(2)
    # numbers of a user namespace share one limit
    assert sum(limits.allow(uid) for uid in range(100_000, 101_000)) == audit.limits.BURST
    assert ("alice", "too many a second", 700 + 80) in limits.dropped()
    assert limits.dropped() == []


class Taking:
    """Stands for the writer."""

    def __init__(self) -> None:
        self.limits = audit.limits.Limits(1 << 20)
        self.taken: list[tuple[Any, ...]] = []

    def take(self, *event: Any) -> None:
        self.taken.append(event)


@pytest.fixture
def server() -> Iterator[Any]:
    serving = audit.receive.Server(("127.0.0.1", 0), Taking())
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    yield serving
    serving.shutdown()
    serving.server_close()


def ask(server: Any, body: Any, path: str = "/v1/logs", **headers: str) -> int:
    connection = http.client.HTTPConnection(*server.server_address, timeout=10)
    given = {"Content-Type": "application/json"} | {
        k.replace("_", "-"): v for k, v in headers.items()
    }
    connection.request("POST", path, body, given, encode_chunked="Transfer-Encoding" in given)
    status = connection.getresponse().status
    connection.close()
    return status


LOGS = (RECORDED / "codex.json").read_bytes()


def test_otlp_is_taken_in_the_ways_that_agents_send_it(server: Any) -> None:
    assert ask(server, LOGS) == 200
    assert ask(server, iter([LOGS[:5000], LOGS[5000:]]), Transfer_Encoding="chunked") == 200
    assert ask(server, gzip.compress(LOGS), Content_Encoding="gzip") == 200
    assert ask(server, b"{}", "/v1/metrics") == 200
    taken = server.writer.taken
    assert len(taken) == 3 * 6 and {event[0] for event in taken} == {os.getuid()}


def test_what_is_not_otlp_is_refused(server: Any) -> None:
    assert ask(server, LOGS, Content_Type="text/plain") == 415  # what a web page may send unasked
    assert ask(server, LOGS, "/v1/other") == 404
    assert ask(server, b"x", Content_Length=str(1 << 40)) == 413
    assert ask(server, b"x", Content_Length="-1") == 413
    assert ask(server, gzip.compress(b" " * (8 << 20)), Content_Encoding="gzip") == 413
    for wrong in (
        b"",
        b"[]",
        b"[" * 100_000,
        b'{"resourceLogs": 1}',
        b'{"resourceLogs": [{"resource": []}]}',
    ):
        assert ask(server, wrong) in (200, 400)
    assert server.writer.taken == []
    assert ask(server, LOGS) == 200


def test_one_user_has_few_connections(server: Any) -> None:
    held = [socket.create_connection(server.server_address) for _ in range(20)]
    time.sleep(0.3)
    assert server.writer.limits.dropped()[0][1:] == (
        "too many connections",
        20 - audit.receive.OF_ONE,
    )
    for one in held:
        one.close()
    time.sleep(0.3)
    assert ask(server, LOGS) == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")
def test_the_kernel_says_who_sends() -> None:
    writer = Taking()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        receiver = audit.receive.bound(f"{folder}/s")
        threading.Thread(
            target=audit.receive.datagrams, args=(receiver, writer), daemon=True
        ).start()
        child = os.fork()
        if child == 0:
            os.setuid(65534)
            sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            sender.sendto(json.dumps({"kind": "tool", "uid": 0}).encode(), f"{folder}/s")
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        for _ in range(100):
            if writer.taken:
                break
            time.sleep(0.05)
    assert writer.taken == [(65534, child, b'{"kind": "tool", "uid": 0}')]


def sink(kind: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, kind)
    made.bind(("127.0.0.1", 0))
    made.settimeout(10)
    return made


LINE = b'{"seq":7,"time":"2026-11-21T12:00:00.250Z","user":"x","kind":"tool","decision":"deny"}\n'
SYSLOG = b"<108>1 2026-11-21T12:00:00.250Z ws-1 hardpoint-audit - tool - " + LINE.rstrip()


def started(endpoint: str, sleep: Any = time.sleep) -> Any:
    forwarder = audit.forward.Forwarder(endpoint, "ws-1", sleep)
    threading.Thread(target=forwarder.run, daemon=True).start()
    return forwarder


def test_lines_go_out_as_syslog(tmp_path: Path) -> None:
    with sink(socket.SOCK_DGRAM) as udp:
        started(f"udp://127.0.0.1:{udp.getsockname()[1]}").take(LINE)
        assert udp.recv(4096) == SYSLOG
    with sink(socket.SOCK_STREAM) as tcp:
        tcp.listen()
        started(f"tcp://127.0.0.1:{tcp.getsockname()[1]}").take(LINE)
        assert tcp.accept()[0].recv(4096) == b"%d %s" % (len(SYSLOG), SYSLOG)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unix:
        unix.bind(str(tmp_path / "log"))
        started(f"unix://{tmp_path}/log").take(LINE)
        assert unix.recv(4096) == SYSLOG


def test_lines_go_out_as_otlp_and_come_back_after_an_outage(server: Any) -> None:
    got = []
    port = sink(socket.SOCK_STREAM)
    address = port.getsockname()
    port.close()
    forwarder = started(f"http://127.0.0.1:{address[1]}", sleep=lambda seconds: time.sleep(0.1))
    for _ in range(3):
        forwarder.take(LINE)
    time.sleep(0.3)

    class Answer(audit.receive._Handler):
        def do_POST(self) -> None:
            got.append((self.path, json.loads(self._body())))
            self._answer(200)

    class Sink(audit.receive.http.server.HTTPServer):
        allow_reuse_address = True

    serving = Sink(address, Answer)
    serving.timeout = 10
    serving.handle_request()
    serving.server_close()
    ((path, body),) = got
    records = body["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    assert path == "/v1/logs" and len(records) == 3
    assert records[0]["timeUnixNano"] == "1795262400250000000"
    assert records[0]["body"]["stringValue"] == LINE.decode().rstrip()


def test_an_endpoint_that_is_away_holds_nothing_up() -> None:
    forwarder = started("tcp://127.0.0.1:1", sleep=lambda seconds: time.sleep(60))
    began = time.monotonic()
    for _ in range(audit.forward.WAITING + 500):
        forwarder.take(LINE)
    assert time.monotonic() - began < 5
    assert 200 <= forwarder.undelivered() <= 700 and forwarder.undelivered() == 0
