"""Units in every state: what is right is changed, what was stopped stays stopped, nothing is unmasked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import Command
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host, Lab, Probe

pytestmark = pytest.mark.lab

LIBRARY = "/usr/lib/systemd/system"
# They share a home: the first start of one can fail while another makes its key.
SERVE = "ExecStart=/usr/local/bin/ollama serve\nUser=ollama\nRestart=on-failure\nRestartSec=1"
UNITS = {
    # name: (port, the [Service] section)
    "masked-up": (9101, SERVE),
    "instance@": (9102, SERVE),
    "bad-setting": (9103, SERVE),
    "bad-message": (9104, SERVE),
    "leaves-one": (
        9105,
        "Type=oneshot\nRemainAfterExit=yes\nUser=ollama\n"
        "ExecStart=/bin/sh -c '/usr/local/bin/ollama serve >/dev/null 2>&1 &'",
    ),
    "did-it-once": (
        9106,
        "Type=oneshot\nRemainAfterExit=yes\n"
        "ExecStart=/bin/sh -c 'date +%%N >/run/did-it-once; : /usr/local/bin/ollama serve'",
    ),
    "crashes": (
        9107,
        SERVE + "\nRestart=always\nRestartSec=2\nExecStartPre=/bin/false",
    ),
}
UP = {9101: "open", 9102: "reset", 9103: "open", 9104: "reset", 9105: "reset"}
"""Ports that answer before, and what they do after an apply."""


def names(host: Host) -> list[str]:
    return [f"{name}1.service" if name.endswith("@") else f"{name}.service" for name in UNITS]


@pytest.fixture
def host(boot) -> Host:
    host = boot("debian12", layers=("ollama",))
    host.run("systemctl disable --quiet --now ollama; rm /etc/systemd/system/ollama.service")
    for name, (port, text) in UNITS.items():
        more = f"Environment=OLLAMA_HOST=0.0.0.0:{port}\n"
        limit = "[Unit]\nStartLimitIntervalSec=0\n"
        host.write(f"{LIBRARY}/{name}.service", f"{limit}[Service]\n{text}\n{more}")
    host.run(f"systemctl daemon-reload; systemctl start {' '.join(names(host))}", check=False)
    for port in UP:
        host.run(f"until curl -s -o /dev/null http://127.0.0.1:{port}/; do sleep 0.1; done")
    host.write("/etc/systemd/system/bad-setting.service.d/a.conf", "[Service]\nExecStart=\n")
    long = "x" * 2_000_000
    host.write("/etc/systemd/system/bad-message.service.d/a.conf", f"[Service]\n# {long}\n")
    host.run("systemctl mask --quiet masked-up; systemctl daemon-reload")
    return host


def states(host: Host) -> dict[str, str]:
    """unit -> whether it is loaded, enabled, and up; a service that crashes is up and down in turns."""
    shown = host.run(
        f"systemctl show -p Id,LoadState,UnitFileState,ActiveState {' '.join(names(host))}"
    )
    blocks = [
        dict(line.split("=", 1) for line in b.splitlines()) for b in shown.stdout.split("\n\n")
    ]
    return {
        b["Id"]: f"{b['LoadState']} {b['UnitFileState']} {b['ActiveState']}" for b in blocks if b
    }


def test_each_state(host: Host, lab: Lab, probe: Probe, hardpoint: Command, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(json.dumps({"options": {"ollama-loopback": {"units": names(host)}}}))
    only = [lab.inventory(), "--limit", host.name, "--policy", policy, "--format", "json"]
    only += ["--control", "ollama-loopback"]
    pristine, before = host.snapshot(), states(host)
    assert before["masked-up.service"] == "masked masked active"
    assert before["bad-setting.service"] == "bad-setting static active"
    assert before["crashes.service"] == "loaded static activating"
    once = host.run("cat /run/did-it-once").stdout

    found = hardpoint("check", *only, status=2).outcome("ollama-loopback")
    assert touched(host, pristine) == []
    seen = [finding["seen"] for finding in found["findings"]]
    for port in UP:
        assert f"Ollama 0.17.4 answers on {host.address}:{port}" in seen
    assert seen.count("Ollama will answer your network when it starts next") == 2
    stuck = [
        one for one in seen if " is masked and still runs" in one or " refuses its files" in one
    ]
    assert len(stuck) == 2, seen
    restarts = [
        c["summary"].split()[1] for c in found["changes"] if c["summary"].startswith("restart ")
    ]
    assert sorted(restarts) == [
        "bad-message.service:",
        "instance@1.service:",
        "leaves-one.service:",
    ]

    applied = hardpoint("apply", *only, "--yes", status=2).outcome("ollama-loopback")
    assert (applied["fate"], applied["down"]) == ("failed", None)
    for part in ("masked-up.service is masked and still runs", "bad-setting.service"):
        assert part in applied["reason"]
    for port, answer in UP.items():
        assert probe.connect(host.address, port) == answer, port
    assert states(host) == before
    assert host.run("cat /run/did-it-once").stdout == once

    hardpoint("rollback", *only, "--yes", status=2)
    assert touched(host, pristine, JOURNAL) == []
    assert states(host) == before
    assert host.run("cat /run/did-it-once").stdout == once
