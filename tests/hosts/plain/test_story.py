"""Plain pyinfra on one host: shown, fixed, already right, taken back; over SSH as ops and as root."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.command import Command
from tests.hosts.plain.workstations import (
    DEPLOY,
    PORT,
    answers,
    changed,
    exposed,
    inventory,
    planned,
)
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Lab, Probe

pytestmark = pytest.mark.lab

CHANGES = ["ollama-loopback system file", "ollama-loopback system unit"]


@pytest.mark.parametrize(("distro", "user"), [("debian12", "ops"), ("debian13", "root")])
def test_the_story(
    distro: str,
    user: str,
    boot,
    lab: Lab,
    probe: Probe,
    hardpoint: Command,
    pyinfra: Command,
    tmp_path: Path,
) -> None:
    host = exposed(boot(distro, ("ollama",)))
    hosts = inventory(tmp_path / "one", lab, {"all_of_them": [host]}, users={host.name: user})
    assert probe.connect(host.address, PORT) == "open"
    pristine = host.snapshot()

    dry = pyinfra("--json", hosts, DEPLOY, "--dry", status=0)
    assert list(planned(dry)) == CHANGES
    assert f"Ollama 0.17.4 answers on {host.address}:{PORT}" in dry.err
    assert touched(host, pristine) == []
    assert probe.connect(host.address, PORT) == "open"

    first = pyinfra("--json", hosts, DEPLOY, "-y", status=0)
    assert list(changed(first)) == [*CHANGES, "hardpoint close"]
    assert probe.connect(host.address, PORT) == "reset"
    assert probe.connect(host.address6, PORT) == "reset"
    assert answers(host)

    hardened = host.snapshot()
    again = pyinfra("--json", hosts, DEPLOY, "-y", status=0)
    assert changed(again) == {}
    assert planned(pyinfra("--json", hosts, DEPLOY, "--dry", status=0)) == {}
    assert touched(host, hardened) == []
    hardpoint("check", hosts, status=0)

    (run,) = re.findall(
        r"^ *(\S+)  applied .* 3 changes  ollama-loopback$", hardpoint("runs", hosts).out, re.M
    )
    hardpoint("rollback", hosts, "--run", run, "--yes", status=2)
    assert probe.connect(host.address, PORT) == "open"
    assert touched(host, pristine, JOURNAL) == []


def test_limit_touches_only_that_host(
    boot, lab: Lab, probe: Probe, pyinfra: Command, tmp_path: Path
) -> None:
    one, two = (exposed(boot(distro, ("ollama",))) for distro in ("debian12", "debian13"))
    hosts = inventory(tmp_path / "two", lab, {"all_of_them": [one, two]})
    before = two.snapshot()

    ran = pyinfra("--json", hosts, DEPLOY, "-y", "--limit", one.name, status=0)

    assert changed(ran)["ollama-loopback system unit"] == {one.name}
    assert probe.connect(one.address, PORT) == "reset"
    assert probe.connect(two.address, PORT) == "open"
    assert touched(two, before) == []
