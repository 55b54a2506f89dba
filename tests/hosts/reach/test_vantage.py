"""Proofs from other hosts of the inventory, over real networks and firewalls."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from hardpoint import hostside
from tests.command import Command
from tests.hosts.services.conftest import answers
from tests.hosts.upper import touched
from tests.lab import Host, Lab, Probe

pytestmark = pytest.mark.lab

OLLAMA = "ollama-loopback"
RELAY = """[Socket]
ListenStream={address}:18434
"""
RELAYING = """[Service]
ExecStart=/usr/lib/systemd/systemd-socket-proxyd 127.0.0.1:11434
"""


def firewall(host: Host, *rules: str) -> None:
    """A table of the host's own with these rules for what comes in."""
    lines = "\n".join(f"    {rule}" for rule in rules)
    chain = f"type filter hook input priority 0; policy accept;\n{lines}"
    text = f"table inet t {{\n  chain c {{\n    {chain}\n  }}\n}}\n"
    host.run(["nft", "-f", "-"], input=text)


def connects(place: Host, *targets: tuple[str, int]) -> list[str]:
    """How connects from this host end."""
    request = {"do": "connect", "targets": [[a, port, None] for a, port in targets]}
    done = place.run(hostside.command(request).get_raw_value(), user="nosudo")
    return [ended for ended, _ in json.loads(done.stdout)["seen"]]


def without_v6(host: Host) -> None:
    host.run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1")


def handed_on(host: Host, but_not_to: str) -> None:
    """Ollama itself keeps to loopback; a firewall's redirect, where no check looks, hands it on."""
    host.write("/etc/systemd/system/relay.socket", RELAY.format(address=host.address))
    host.write("/etc/systemd/system/relay.service", RELAYING)
    host.run("systemctl daemon-reload && systemctl start relay.socket")
    text = f"""table ip relay {{
      chain first {{
        type filter hook prerouting priority -150; policy accept;
        ip saddr {but_not_to} tcp dport 11434 drop
      }}
      chain then {{
        type nat hook prerouting priority -100; policy accept;
        tcp dport 11434 redirect to :18434
      }}
    }}
    """
    host.run(["nft", "-f", "-"], input=text)


@pytest.fixture
def prove(lab: Lab, hardpoint: Command):
    """prove(bravo, "--vantage", "charlie"): Ollama's outcome on bravo, proven."""

    def run(host: Host, *more: str, status: int) -> dict[str, Any]:
        only = ["--limit", host.name, "--control", OLLAMA, "--format", "json"]
        return hardpoint("prove", lab.inventory(), *only, *more, status=status).outcome(OLLAMA)

    return run


@pytest.fixture
def hardened(boot, lab: Lab, hardpoint: Command) -> Host:
    """A host whose Ollama keeps to loopback, and is kept there."""
    host = boot("debian12", layers=("ollama",))
    hardpoint(
        "apply", lab.inventory(), "--limit", host.name, "--control", OLLAMA, "--yes", status=0
    )
    answers(host, 11434)
    return host


def test_drop_reset_and_prohibited_are_told_apart(boot) -> None:
    host, place = boot("debian12"), boot("debian12")
    firewall(
        host,
        "tcp dport 1001 drop",
        "tcp dport 1002 reject with tcp reset",
        "tcp dport 1003 reject with icmpx type admin-prohibited",
        "tcp dport 1004 reject with icmpx type host-unreachable",
        "tcp dport 1005 reject with icmpx type port-unreachable",
    )
    ports = [22, 1000, 1001, 1002, 1003, 1004, 1005]
    ends = ["open", "reset", "timeout", "reset", "prohibited", "unreachable", "reset"]
    assert connects(place, *((host.address, port) for port in ports)) == ends
    assert connects(place, *((host.address6, port) for port in ports)) == ends
    assert connects(place, (place.address, 22), ("198.51.100.1", 22), ("2001:db8::1", 22)) == [
        "own",
        "no route",
        "no route",
    ]
    place.run("ip link add docker0 type bridge && ip addr add 172.17.0.1/16 dev docker0")
    assert connects(place, ("172.17.0.1", 22)) == ["own"]
    without_v6(place)
    assert connects(place, (host.address6, 22), (host.address, 22)) == ["no route", "open"]


def test_what_only_a_neighbour_can_reach_is_found_from_that_neighbour(
    hardened: Host, boot, lab: Lab, probe: Probe, prove
) -> None:
    bravo, charlie = hardened, boot("debian12")
    handed_on(bravo, but_not_to=lab.address)
    assert probe.connect(bravo.address, 11434) == "open"
    before = charlie.snapshot()

    blind = prove(bravo, status=0)
    assert (blind["status"], blind["proof"]["result"]) == ("compliant", "passed")
    assert blind["proof"]["vantages"] == {"this machine": "passed"}

    found = prove(bravo, "--vantage", charlie.name, status=2)
    assert (found["status"], found["proof"]["result"]) == ("exposed", "failed")
    assert found["proof"]["vantages"] == {"this machine": "passed", charlie.name: "failed"}
    (finding,) = found["findings"]
    assert finding["seen"] == (
        f"Ollama 0.17.4 answers on {bravo.address}:11434, tried from {charlie.name}"
    )
    assert finding["exposed"] and finding["who"]
    assert touched(charlie, before) == []

    alone = prove(bravo, "--vantage", charlie.name, "--not-from-here", status=2)
    assert alone["proof"]["vantages"] == {charlie.name: "failed"}


def test_a_vantage_that_cannot_look_is_never_a_pass(hardened: Host, boot, prove) -> None:
    bravo, charlie = hardened, boot("debian12")
    both = prove(bravo, "--vantage", charlie.name, "--vantage", "here", status=0)["proof"]
    assert both["result"] == "passed"
    assert set(both["vantages"]) == {"this machine", charlie.name}

    itself = prove(bravo, "--vantage", bravo.name, status=0)["proof"]
    assert itself["result"] == "inconclusive"
    assert (
        f"from {bravo.name}: it is this host itself, where a connect proves nothing"
        in (itself["evidence"])
    )
    other = prove(bravo, "--vantage", bravo.name, "--vantage", charlie.name, status=0)["proof"]
    assert other["result"] == "passed"

    charlie.run("mv /usr/bin/python3 /usr/bin/python3.away")
    bare = prove(bravo, "--vantage", charlie.name, status=0)["proof"]
    assert bare["result"] == "inconclusive"
    assert any("install python3" in line for line in bare["evidence"])

    charlie.power_off()
    gone = prove(bravo, "--vantage", charlie.name, status=0)["proof"]
    assert gone["result"] == "inconclusive"
    assert any(f"from {charlie.name}: no look from there" in line for line in gone["evidence"])


@pytest.mark.parametrize("who", ["host", "place"])
def test_without_ipv6_there_is_a_proof_over_ipv4(hardened: Host, boot, prove, who: str) -> None:
    bravo, charlie = hardened, boot("debian12")
    without_v6(bravo if who == "host" else charlie)
    proof = prove(bravo, "--vantage", charlie.name, "--not-from-here", status=0)["proof"]
    assert proof["result"] == "passed"
    left_out = f"from {charlie.name}: {bravo.address6} is not routable from there"
    assert (left_out in proof["evidence"]) == (who == "place")
    assert any(bravo.address in line for line in proof["evidence"])


def test_time_outs_of_many_ports_cost_one(boot) -> None:
    bravo, charlie = boot("debian12"), boot("debian12")
    firewall(bravo, "tcp dport 2000-2999 drop")
    began = time.monotonic()
    targets = [(bravo.address, port) for port in range(2000, 2600)]
    assert set(connects(charlie, *targets)) == {"timeout"}
    assert time.monotonic() - began < 6
