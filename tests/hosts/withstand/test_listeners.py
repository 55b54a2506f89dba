"""A host where very much listens is judged as any other, and without IPv6 too."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardpoint import hostside
from tests.command import Command
from tests.hosts.upper import touched
from tests.lab import Host, Lab, Probe

pytestmark = pytest.mark.lab

PROGRAM = Path(__file__).with_name("many_listeners.py").read_text()
LIMITS = "-pLimitNOFILE=65536 -pTasksMax=4096"
SIX_ALONE = """#!/usr/bin/python3
import http.server, socket
class Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b'{"version": "0.0"}')
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()
Server(("::", 11434), Api).serve_forever()
"""


@pytest.fixture
def host(boot) -> Host:
    host = boot("debian12", layers=("ollama",))
    folder = "/etc/systemd/system/ollama.service.d"
    host.write(f"{folder}/override.conf", "[Service]\nEnvironment=OLLAMA_HOST=0.0.0.0\n")
    host.run("systemctl daemon-reload && systemctl restart ollama")
    host.run("until curl -sf http://127.0.0.1:11434/api/version; do sleep 0.1; done")
    return host


def listen(host: Host, ports: int, processes: int) -> None:
    """alice opens so many ports in one process, and one in each of so many more."""
    host.write("/usr/local/bin/many", f"#!/usr/bin/python3\n{PROGRAM}", mode="0755")
    run = f"systemd-run --quiet --unit=many {LIMITS} --uid=alice /usr/local/bin/many"
    host.run(f"{run} {ports} {processes}")
    count = "cat /proc/net/tcp /proc/net/tcp6 | grep -c ':[4-9A-F][0-9A-F]* .* 0A '"
    host.run(f"until [ $({count}) -ge {ports + processes} ]; do sleep 0.2; done")


def test_thousands_of_listeners(host: Host, lab: Lab, probe: Probe, hardpoint: Command) -> None:
    listen(host, 2000, 500)
    before = host.snapshot()

    request = {"do": "read", "what": "listeners", "services": []}
    reply = hostside.reply(host.run(hostside.command(request).get_raw_value()).stdout)
    rows = [row for row in reply["listeners"] if row["port"] >= 20000]
    assert len(rows) == 2500 and reply["limits"] == []
    assert {(row["user"], row["unit"]) for row in rows} == {("alice", "many.service")}
    assert len({row["pid"] for row in rows}) == 501

    only = [lab.inventory(), "--limit", host.name, "--format", "json"]
    found = hardpoint("check", *only, status=2)
    assert touched(host, before) == []
    (finding,) = found.outcome("ollama-loopback")["findings"]
    assert finding["seen"].endswith(f"answers on {host.address}:11434")
    hardpoint("apply", *only, "--control", "ollama-loopback", "--yes", status=0)
    assert probe.connect(host.address, 11434) == "reset"


def test_without_ipv6(host: Host, lab: Lab, probe: Probe, hardpoint: Command) -> None:
    for name in ("all", "default", "lo"):
        host.run(f"echo 1 > /proc/sys/net/ipv6/conf/{name}/disable_ipv6")
    only = [lab.inventory(), "--limit", host.name, "--format", "json"]
    only += ["--control", "ollama-loopback"]
    found = hardpoint("check", *only, status=2)
    (finding,) = found.outcome("ollama-loopback")["findings"]
    assert finding["seen"] == f"Ollama 0.17.4 answers on {host.address}:11434"
    assert hardpoint("prove", *only, status=2).outcome("ollama-loopback")["proof"]["result"] == (
        "failed"
    )
    hardpoint("apply", *only, "--yes", status=0)
    proof = hardpoint("prove", *only, status=0).outcome("ollama-loopback")["proof"]
    assert proof["result"] == "passed"
    assert probe.connect(host.address, 11434) == "reset"


def test_a_server_on_ipv6_alone(host: Host, lab: Lab, probe: Probe, hardpoint: Command) -> None:
    host.run("systemctl disable --quiet --now ollama; rm /usr/local/bin/ollama")
    host.write("/usr/local/bin/ollama", SIX_ALONE, mode="0755")
    host.run("systemd-run --quiet --unit=six --uid=alice /usr/local/bin/ollama")
    host.run("until curl -sf 'http://[::1]:11434/'; do sleep 0.1; done")
    only = [lab.inventory(), "--limit", host.name, "--format", "json"]
    only += ["--control", "ollama-loopback"]
    outcome = hardpoint("check", *only, status=2).outcome("ollama-loopback", "system")
    assert outcome["status"] == "exposed"
    assert f"[{host.address6}]:11434" in outcome["findings"][0]["seen"]
    assert probe.connect(host.address, 11434) == "reset"
    assert probe.connect(host.address6, 11434) == "open"
