"""Ollama and foreign web pages: allowed, found, refused, and what a person allowed on purpose stays."""

from __future__ import annotations

import pytest

from tests.hosts.services.conftest import On, answers, pid
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host

pytestmark = pytest.mark.lab

FOLDER = "/etc/systemd/system/ollama.service.d"
EXTENSION = "chrome-extension://kjeghcllfecehndceplomkocgfbklffd"


def allowed(host: Host, origin: str) -> str:
    """What the running server tells a script of that origin."""
    page = f"-H 'Origin: {origin}' http://127.0.0.1:11434/api/version"
    headers = host.run(f"curl -sD - -o /dev/null {page}").stdout.splitlines()
    prefix = "Access-Control-Allow-Origin: "
    return next((line[len(prefix) :] for line in headers if line.startswith(prefix)), "")


def test_pages_that_may_ask(workstation: Host, on: On) -> None:
    host = workstation
    mine = ["--control", "ollama-origins"]
    line = f"Environment='OLLAMA_ORIGINS=http://*,https://*,{EXTENSION}'"
    host.write(f"{FOLDER}/override.conf", f"[Service]\n{line}\n")
    host.write("/home/alice/.bashrc", "export OLLAMA_ORIGINS='*' A=1\n", "alice:alice")
    host.write("/home/bob/.bashrc", f"export OLLAMA_ORIGINS={EXTENSION}\n", "bob:bob")
    host.run("systemctl daemon-reload; systemctl restart ollama")
    answers(host, 11434)
    before = host.snapshot()
    assert allowed(host, "https://stranger.example") == "https://stranger.example"

    proven = on(host, "prove", *mine, status=2)
    assert proven.outcome("ollama-origins")["proof"]["result"] == "failed"
    assert proven.outcome("ollama-origins")["status"] == "exposed"
    found = on(host, "check", *mine, status=2)
    assert touched(host, before) == []
    outcome = found.outcome("ollama-origins")
    assert (outcome["status"], outcome["severity"]) == ("drift", "high")
    (finding,) = outcome["findings"]
    assert finding["seen"] == "any web page that is opened here can talk to Ollama"
    assert finding["why"].startswith(f"{FOLDER}/override.conf:2 sets OLLAMA_ORIGINS=http://*,")
    (finding,) = found.outcome("ollama-origins", "alice")["findings"]
    assert finding["why"] == "/home/alice/.bashrc:1 sets OLLAMA_ORIGINS=*"
    assert found.outcome("ollama-origins", "bob")["status"] == "compliant"

    on(host, "apply", *mine, status=0)
    answers(host, 11434)
    assert allowed(host, "https://stranger.example") == ""
    assert allowed(host, EXTENSION) == EXTENSION
    assert host.read("/home/alice/.bashrc") == b"export OLLAMA_ORIGINS='' A=1\n"
    proven = on(host, "prove", *mine, status=0)
    assert proven.outcome("ollama-origins")["proof"]["result"] == "passed"
    process = pid(host)
    on(host, "apply", *mine, status=0)
    assert pid(host) == process

    # An entry that its owner adds below our drop-in is followed.
    host.run(f"sed -i 's#https://[*],#https://good.example,#' {FOLDER}/override.conf")
    on(host, "apply", *mine, status=0)
    answers(host, 11434)
    assert allowed(host, "https://good.example") == "https://good.example"

    host.run(f"sed -i 's#https://good.example,#https://*,#' {FOLDER}/override.conf")
    on(host, "rollback", *mine, status=2)
    answers(host, 11434)
    assert touched(host, before, JOURNAL) == []
    assert allowed(host, "https://stranger.example") == "https://stranger.example"
