"""LM Studio: two settings of one file that is its user's, in both places, and a running server."""

from __future__ import annotations

import pytest

from tests.hosts.services.conftest import (
    On,
    answers,
    findings,
    without_the_installed_one,
)
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host, Probe

pytestmark = pytest.mark.lab

NEW = ".lmstudio/.internal/http-server-config.json"
OLD = ".cache/lm-studio/.internal/http-server-config.json"
LOOPBACK, CORS = "lm-studio-loopback", "lm-studio-cors"

ALICE = b"""{
\t"cors" : true,   "port": 1234,
\t"jitModelLoading": {"ttl": 3.50, "on": true},
\t"networkInterface" : "0.0.0.0",
\t"apiKey": "sk-\\u00e4-secret"
}"""
BOB = b'// mine\r\n{"networkInterface":"192.168.7.7" /* LAN */,"cors":true,"port":1235,}\r\n'
PAT = b'{"cors": true, "networkInterface": "0.0.0.0"'
NOSUDO = b'{"networkInterface": "127.0.0.1", "port": 1236}'


@pytest.fixture
def studios(workstation: Host) -> Host:
    """alice runs a server, bob has the older place, pat's file is cut, nosudo's is right."""
    host = workstation
    without_the_installed_one(host)
    texts = {"alice": (NEW, ALICE), "bob": (OLD, BOB), "pat": (NEW, PAT), "nosudo": (NEW, NOSUDO)}
    for user, (path, text) in texts.items():
        host.write(f"/home/{user}/{path}", text, f"{user}:{user}", "0600")
    host.write("/home/bob/.profile", "export LMS_SERVER_HOST=10.9.8.7\n", "bob:bob")
    host.run("lms server start", user="alice")
    answers(host, 1234)
    return host


def text(host: Host, user: str, path: str) -> bytes:
    return host.read(f"/home/{user}/{path}")


def test_a_file_of_two_controls(studios: Host, probe: Probe, on: On) -> None:
    host = studios
    before = host.snapshot()
    assert probe.connect(host.address, 1234) == "open"

    found = on(host, "check", "--family", "services", status=2)
    assert touched(host, before) == []
    exposed = findings(found, LOOPBACK, "alice")["1234"]
    assert exposed["seen"] == f"LM Studio answers on {host.address}:1234"
    assert exposed["why"].startswith(f'/home/alice/{NEW}:4 has networkInterface: "0.0.0.0"; ')
    again = "lms server stop; lms server start --bind 127.0.0.1 --port 1234"
    assert exposed["fix"] == f"as alice: {again}"
    assert found.outcome(CORS, "bob")["findings"][0]["why"] == f"/home/bob/{OLD}:2 has cors: true"
    causes = {f["why"] for f in found.outcome(LOOPBACK, "bob")["findings"]}
    assert causes == {
        f'/home/bob/{OLD}:2 has networkInterface: "192.168.7.7"',
        "/home/bob/.profile:1 sets LMS_SERVER_HOST=10.9.8.7",
    }
    for control in (LOOPBACK, CORS):
        unknown = found.outcome(control, "pat")
        assert (unknown["status"], unknown["findings"]) == ("unknown", [])
        assert f"/home/pat/{NEW} " in unknown["reason"]
        assert found.outcome(control, "nosudo")["status"] == "compliant"
    assert "secret" not in found.out

    applied = on(host, "apply", status=2)
    safe = ALICE.replace(b'"0.0.0.0"', b'"127.0.0.1"').replace(b"true,   ", b"false,   ")
    assert text(host, "alice", NEW) == safe
    assert text(host, "bob", OLD) == (
        BOB.replace(b"192.168.7.7", b"127.0.0.1").replace(b"true", b"false")
    )
    assert text(host, "pat", NEW) == PAT
    assert text(host, "bob", ".profile") == b"export LMS_SERVER_HOST=127.0.0.1\n"
    assert host.run(f"stat -c '%U %a' /home/alice/{NEW}").stdout == "alice 600\n"
    assert applied.outcome(LOOPBACK, "alice")["fate"] == "still wrong"
    assert applied.outcome(LOOPBACK, "bob")["fate"] == "fixed"
    assert probe.connect(host.address, 1234) == "open"
    left = findings(applied, LOOPBACK, "alice")["1234"]
    assert left["why"].startswith("started by hand: lm-studio, pid ")
    assert left["fix"] == f"as alice: {again}"

    host.run("lms server stop; lms server start", user="alice")
    answers(host, 1234)
    assert probe.connect(host.address, 1234) == "reset"
    on(host, "check", status=3)

    # Taken back one by one: what the other control claims stays.
    on(host, "rollback", "--control", LOOPBACK, status=2)
    assert text(host, "alice", NEW) == ALICE.replace(b"true,   ", b"false,   ")
    assert text(host, "bob", ".profile") == b"export LMS_SERVER_HOST=10.9.8.7\n"
    on(host, "rollback", "--control", CORS, status=2)
    assert touched(host, before, (*JOURNAL, "/home/alice/.lmstudio/.internal/server.pid")) == []


def test_one_control_alone(studios: Host, on: On) -> None:
    host = studios
    before = host.snapshot()
    on(host, "apply", "--control", CORS, status=3)
    assert text(host, "alice", NEW) == ALICE.replace(b"true,   ", b"false,   ")
    assert text(host, "bob", OLD) == BOB.replace(b"true", b"false")
    on(host, "rollback", "--control", CORS, status=2)
    assert touched(host, before, JOURNAL) == []


def test_cross_origin_requests(studios: Host, on: On) -> None:
    host = studios
    proof = on(host, "prove", "--control", CORS, status=2).outcome(CORS, "alice")["proof"]
    assert (proof["result"], proof["evidence"]) == (
        "failed",
        ["port 1234: allows * to read the answer"],
    )
    on(host, "apply", "--control", CORS)
    host.run("lms server stop; lms server start", user="alice")
    answers(host, 1234)
    proof = on(host, "prove", "--control", CORS).outcome(CORS, "alice")["proof"]
    assert proof["result"] == "passed"
