"""The catch-all: AI that no setting of ours explains, told with its process; others left in peace."""

from __future__ import annotations

import pytest

from tests.hosts.services.conftest import On, answers, without_the_installed_one
from tests.lab import Host

pytestmark = pytest.mark.lab

CONTROL = "no-exposed-ai-listener"
SERVER = """#!/usr/bin/python3
import http.server, sys
handler = http.server.SimpleHTTPRequestHandler
http.server.ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), handler).serve_forever()
"""


def by_hand(host: Host, command: str, user: str) -> None:
    host.run(f"setsid -f runuser -l {user} -c '{command}' </dev/null >/dev/null 2>&1")


def test_a_process_that_nobody_knows_on_a_port_of_ai(workstation: Host, on: On) -> None:
    host = workstation
    without_the_installed_one(host)
    host.write("/usr/local/bin/homegrown", SERVER, mode="0755")
    by_hand(host, "homegrown 11434", "bob")
    by_hand(host, "homegrown 8080", "alice")  # a colleague's web server
    answers(host, 11434, 8080)
    outcome = on(host, "check", status=2).outcome(CONTROL)
    (finding,) = outcome["findings"]
    assert finding["seen"] == f"homegrown listens on {host.address}:11434, the port of Ollama"
    pid = host.run("pgrep -u bob -f homegrown | tail -1").stdout.strip()
    assert finding["why"].startswith(f"started by hand: homegrown, pid {pid} of bob, since 20")
    assert finding["fix"] == f"as bob: kill {pid}, and start it on 127.0.0.1"


def test_each_listener_is_told_once(workstation: Host, on: On) -> None:
    """Ollama on any port is its own control's; alone, the catch-all tells it too."""
    host = workstation
    without_the_installed_one(host)
    by_hand(host, "OLLAMA_HOST=0.0.0.0:9999 ollama serve", "bob")
    answers(host, 9999)
    together = on(host, "check", status=2)
    assert together.outcome("ollama-loopback", "bob")["status"] == "exposed"
    assert together.outcome(CONTROL)["status"] == "compliant"
    (finding,) = on(host, "check", "--control", CONTROL, status=2).outcome(CONTROL)["findings"]
    assert finding["seen"] == f"Ollama 0.17.4 answers on {host.address}:9999"
    assert "OLLAMA_HOST=127.0.0.1:9999 ollama serve" in finding["fix"]
    assert on(host, "prove", "--control", CONTROL, status=2).outcome(CONTROL)["status"] == "exposed"
