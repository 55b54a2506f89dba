"""Ollama as workstations have it: exposed, found, closed, proven, taken back."""

from __future__ import annotations

import pytest

from tests.command import Command
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Lab, Probe

pytestmark = pytest.mark.lab

DROP_IN = "/etc/systemd/system/ollama.service.d/override.conf"


@pytest.fixture(params=["debian12", "debian13"])
def exposed(request, boot):
    """A host whose system service answers everybody."""
    host = boot(request.param, layers=("ollama",))
    host.write(DROP_IN, "[Service]\nEnvironment=OLLAMA_HOST=0.0.0.0\n")
    host.run("systemctl daemon-reload && systemctl restart ollama")
    host.run("until curl -sf http://127.0.0.1:11434/api/version; do sleep 0.1; done")
    return host


def test_the_story_of_a_system_service(exposed, lab: Lab, probe: Probe, hardpoint: Command) -> None:
    inventory = lab.inventory()
    only = ["--limit", exposed.name, "--format", "json"]
    assert probe.connect(exposed.address, 11434) == "open"
    pristine = exposed.snapshot()

    found = hardpoint("check", inventory, *only, status=2)
    assert found.outcome("ollama-loopback")["status"] == "exposed"
    assert touched(exposed, pristine) == []

    applied = hardpoint("apply", inventory, "--yes", *only, status=0)
    assert applied.outcome("ollama-loopback")["fate"] == "fixed"
    assert probe.connect(exposed.address, 11434) == "reset"
    assert probe.connect(exposed.address6, 11434) == "reset"
    assert "version" in exposed.run("curl -s http://127.0.0.1:11434/api/version").stdout

    hardpoint("check", inventory, *only, status=0)
    hardened = exposed.snapshot()
    again = hardpoint("apply", inventory, "--yes", *only, status=0)
    assert again.outcome("ollama-loopback")["fate"] == "already right"
    assert touched(exposed, hardened, JOURNAL) == []

    proven = hardpoint("prove", inventory, *only, status=0)
    assert proven.outcome("ollama-loopback")["proof"]["result"] == "passed"

    hardpoint("rollback", inventory, "--control", "ollama-loopback", "--yes", *only, status=2)
    assert probe.connect(exposed.address, 11434) == "open"
    assert touched(exposed, pristine, JOURNAL) == []
