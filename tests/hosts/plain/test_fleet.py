"""Hosts that differ in everything, in one run: each gets exactly what the policy asks of it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.command import Command
from tests.hosts.plain.workstations import (
    DEPLOY,
    DROP_IN,
    LM_STUDIO,
    NAME,
    OURS,
    PORT,
    answers,
    changed,
    expose_by_user,
    exposed,
    inventory,
    names,
    planned,
    wait_until_served,
)
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host, Lab, Probe

pytestmark = pytest.mark.lab

TOMORROW = date.today() + timedelta(days=1)
YESTERDAY = date.today() - timedelta(days=1)


@pytest.fixture
def one(boot) -> Host:
    """A system service for everybody, and for every web page."""
    host = boot("debian12", ("ollama",))
    host.write(DROP_IN, "[Service]\nEnvironment=OLLAMA_HOST=0.0.0.0 OLLAMA_ORIGINS=*\n")
    host.run("systemctl daemon-reload && systemctl restart ollama")
    wait_until_served(host)
    return host


@pytest.fixture
def two(boot) -> Host:
    """Alice's own Ollama and LM Studio for everybody; bob's shell asks for the same."""
    host = boot("debian13", ("ollama", "lmstudio"))
    expose_by_user(host)
    bashrc = host.read("/home/bob/.bashrc").decode()
    host.write("/home/bob/.bashrc", f"{bashrc}\nexport OLLAMA_HOST=0.0.0.0\n", owner="bob:bob")
    wait_until_served(host)
    host.run("until curl -s http://127.0.0.1:1234/v1/models; do sleep 0.1; done")
    return host


def test_each_host_gets_its_own(
    one: Host,
    two: Host,
    lab: Lab,
    probe: Probe,
    pyinfra: Command,
    hardpoint: Command,
    tmp_path: Path,
) -> None:
    policy = f"""
profile: recommended
overrides:
  - {{groups: [gpu], options: {{ollama-loopback: {{port: 11444}}}}, skip: [ollama-origins]}}
  - {{hosts: [{two.name}], skip: [lm-studio-cors]}}
waivers:
  - {{control: lm-studio-loopback, hosts: [{two.name}], owner: mlops, reason: shared, expires: {TOMORROW}}}
"""
    hosts = inventory(tmp_path / "fleet", lab, {"gpu": [one], "office": [two]}, policy)
    pristine = {host: host.snapshot() for host in (one, two)}
    settings = two.read(LM_STUDIO)

    dry = pyinfra("--json", hosts, DEPLOY, "--dry", status=0)
    assert "ycle" not in dry.err
    assert planned(dry) == {
        "ollama-loopback alice file": {two.name},
        "ollama-loopback bob document": {two.name},
        "ollama-loopback system file": {one.name, two.name},
        "ollama-loopback system unit": {one.name, two.name},
        "ollama-loopback alice unit": {two.name},
    }
    everything = names(dry)
    assert all(NAME.fullmatch(name) for name in everything)
    kinds = [name.split()[-1] == "unit" for name in everything]
    assert kinds == sorted(kinds), "a service was restarted before all files were in place"
    assert [touched(host, pristine[host]) for host in (one, two)] == [[], []]

    pyinfra("--json", hosts, DEPLOY, "-y", status=0)
    assert b"127.0.0.1:11444" in one.read(f"{OURS}.env")
    assert answers(one, 11444) and not answers(one, PORT)
    assert "OLLAMA_ORIGINS=*" in one.run("systemctl show -P Environment ollama").stdout
    assert (probe.connect(two.address, PORT), answers(two)) == ("reset", True)
    assert probe.connect(two.address, 1234) == "open"  # waived
    assert two.read(LM_STUDIO) == settings  # waived and skipped
    assert b"OLLAMA_HOST=127.0.0.1" in two.read("/home/bob/.bashrc")
    assert changed(pyinfra("--json", hosts, DEPLOY, "-y", status=0)) == {}

    hardpoint("rollback", hosts, "--to", "origin", "--yes")
    assert [touched(host, pristine[host], JOURNAL) for host in (one, two)] == [[], []]


def test_settings_are_written_as_their_user_and_services_restarted_after(
    two: Host, lab: Lab, probe: Probe, pyinfra: Command, tmp_path: Path
) -> None:
    hosts = inventory(tmp_path / "fleet", lab, {"office": [two]})
    ran = pyinfra("--json", hosts, DEPLOY, "-y", status=0)
    order = [one for one in changed(ran) if one.startswith("lm-studio")]
    assert order.index("lm-studio-loopback alice document") < order.index(
        "lm-studio-loopback alice unit"
    )
    assert json.loads(two.read(LM_STUDIO)) == {
        "networkInterface": "127.0.0.1",
        "port": 1234,
        "cors": False,
    }
    assert two.run(["stat", "-c", "%U:%G", LM_STUDIO]).stdout == "alice:alice\n"
    assert probe.connect(two.address, 1234) == "reset"
    assert two.run("curl -s http://127.0.0.1:1234/v1/models").stdout


def test_a_skip_takes_back_what_was_done(
    one: Host, lab: Lab, probe: Probe, pyinfra: Command, tmp_path: Path
) -> None:
    pristine = one.snapshot()
    asked = inventory(tmp_path / "asked", lab, {"office": [one]}, "profile: recommended\n")
    pyinfra(asked, DEPLOY, "-y", status=0)
    assert probe.connect(one.address, PORT) == "reset"

    # Without its own control, a listener is the catch-all's.
    skips = "skip: [ollama-loopback, ollama-origins, no-exposed-ai-listener]\n"
    skipped = inventory(tmp_path / "skipped", lab, {"office": [one]}, skips)
    withdrawn = {
        f"{control} system withdraw": {one.name}
        for control in ("ollama-loopback", "ollama-origins")
    }
    assert planned(pyinfra("--json", skipped, DEPLOY, "--dry", status=0)) == withdrawn
    ran = pyinfra("--json", skipped, DEPLOY, "-y", status=0)

    assert {**changed(ran), "hardpoint close": set()} == {**withdrawn, "hardpoint close": set()}
    assert probe.connect(one.address, PORT) == "open"
    assert touched(one, pristine, JOURNAL) == []


def test_an_expired_waiver_is_left_alone_and_told(
    boot, lab: Lab, probe: Probe, pyinfra: Command, tmp_path: Path
) -> None:
    host = exposed(boot("debian12", ("ollama",)))
    policy = f"""
waivers:
  - {{control: ollama-loopback, hosts: [{host.name}], owner: mlops, reason: rig, expires: {YESTERDAY}}}
"""
    hosts = inventory(tmp_path / "fleet", lab, {"office": [host]}, policy)
    before = host.snapshot()
    ran = pyinfra(hosts, DEPLOY, "-y", status=1)
    assert f"the waiver of mlops expired on {YESTERDAY}" in ran.err
    assert f"answers on {host.address}:{PORT}" in ran.err
    assert probe.connect(host.address, PORT) == "open"
    assert touched(host, before) == []
