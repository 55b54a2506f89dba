"""inventories/example as `make lab` boots it: each host judged by the policy of its group."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.command import ROOT, Command, Ran
from tests.lab import Host, Lab, Probe, workstations
from tests.lab.plugin import needed

pytestmark = pytest.mark.lab

PORTS = {"lena-laptop": [11434], "omar-laptop": [11434, 1234], "gpu-1": [11434, 8434]}
FAR_AWAY = date.today() + timedelta(days=365)


@pytest.fixture
def fleet(lab: Lab) -> Iterator[dict[str, Host]]:
    with needed():
        hosts = {host.name: host for host in workstations.boot_all(lab)}
    for name, host in hosts.items():
        for port in PORTS[name]:
            host.run(f"until curl -s -o /dev/null http://127.0.0.1:{port}/; do sleep 0.1; done")
    yield hosts
    for host in hosts.values():
        lab.remove(host)


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """The example, with a waiver that has not expired on the day of this test."""
    folder = tmp_path / "example"
    shutil.copytree(ROOT / "inventories/example", folder)
    policy = folder / "gpu.yaml"
    text, waivers = re.subn(r"expires: \S+", f"expires: {FAR_AWAY}", policy.read_text())
    assert waivers == 1
    policy.write_text(text)
    return folder / "inventory.py"


def told(ran: Ran, host: str) -> dict[tuple[str, str], str]:
    return {key: status for key, status in ran.statuses(host).items() if status != "not-applicable"}


def closed(fleet: dict[str, Host], probe: Probe) -> set[tuple[str, int]]:
    return {
        (name, port)
        for name, ports in PORTS.items()
        for port in ports
        if probe.connect(fleet[name].address, port) == "reset"
    }


def test_the_example_is_checked_closed_and_opened_again(
    fleet: dict[str, Host],
    inventory: Path,
    lab: Lab,
    probe: Probe,
    hardpoint: Command,
    pyinfra: Command,
) -> None:
    reach = {"HARDPOINT_SSH_CONFIG": str(lab.ssh_config)}
    json = ("--format", "json")
    found = hardpoint("check", inventory, *json, status=2, env=reach)
    policies = {host["host"]: Path(host["policy"]).name for host in found.report["hosts"]}
    assert policies == {name: "company.yaml" for name in fleet} | {"gpu-1": "gpu.yaml"}
    assert found.report["notices"] == []
    assert told(found, "lena-laptop") == {
        ("no-exposed-ai-listener", "system"): "compliant",
        ("ollama-loopback", "system"): "exposed",
        ("ollama-origins", "system"): "compliant",
    }
    omar = told(found, "omar-laptop")
    assert omar["ollama-loopback", "alice"] == "exposed"
    assert omar["lm-studio-loopback", "alice"] == "exposed"
    assert omar["lm-studio-cors", "system"] == "skipped"
    gpu = told(found, "gpu-1")
    assert gpu["ollama-loopback", "system"] == "exposed"
    assert gpu["ollama-loopback", "bob"] == "drift"
    assert gpu["ollama-origins", "system"] == "waived"
    assert gpu["container-publishes-loopback", "system"] == "exposed"
    # Only the policy of gpu has the profile strict.
    strict = {
        host
        for host in fleet
        if ("docker-default-publish-address", "system") in found.statuses(host)
    }
    assert strict == {"gpu-1"}

    applied = hardpoint("apply", inventory, "--canary", 1, "--yes", *json, status=2, env=reach)
    assert closed(fleet, probe) == {
        ("lena-laptop", 11434),
        ("omar-laptop", 11434),
        ("omar-laptop", 1234),
        ("gpu-1", 11434),
    }
    container = applied.outcome("container-publishes-loopback", host="gpu-1")
    assert container["status"] == "exposed"  # the file is edited; the container is its owner's
    assert b"PublishPort=127.0.0.1:8434:11434" in fleet["gpu-1"].read(workstations.QUADLET)
    assert b"OLLAMA_ORIGINS=*" in fleet["gpu-1"].read("/etc/default/ollama")
    fleet["gpu-1"].run("systemctl daemon-reload && systemctl restart models.service")
    after = hardpoint("check", inventory, *json, status=0, env=reach)
    assert told(after, "gpu-1")["ollama-origins", "system"] == "waived"

    hardpoint("rollback", inventory, "--to", "origin", "--yes", status=2, env=reach)
    assert closed(fleet, probe) == {("gpu-1", 8434)}
    plain = ("--chdir", inventory.parent, "inventory.py", ROOT / "deploys/baseline.py", "--dry")
    dry = pyinfra(*plain, "--data", f"ssh_config_file={lab.ssh_config}", status=0)
    assert "lm-studio-cors alice" not in dry.err
    assert "container-publishes-loopback system document" in dry.err
