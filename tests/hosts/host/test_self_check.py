"""A workstation that checks itself: hardpoint installed as people do it, its timer, and all of it gone."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from hardpoint.controls.host.self_check import SERVICE, TIMER
from tests.command import ROOT, Command, Ran
from tests.hosts.plain.workstations import inventory
from tests.hosts.upper import JOURNAL, touched
from tests.lab import NOISE, Host, Lab

pytestmark = pytest.mark.lab

CONTROL = "hardpoint-self-check"
COMMAND = "/usr/local/bin/hardpoint"
POLICY = "/etc/hardpoint/policy.yaml"
REPORTS = "/var/lib/hardpoint-check"
STAMPS = "/var/lib/systemd/timers"
"""systemd's folder for all timers: the first one that needs it makes it, and it stays; ours are gone."""

TEXT = f"options:\n  {CONTROL}: {{schedule: 'hourly'}}\n"
PYTHONS = {"debian12": "3.11", "debian13": "3.13"}


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """hardpoint's wheel, built from here."""
    target = tmp_path / "wheels"
    _run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", target, ROOT)
    return target


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    path.write_text(TEXT)
    return path


def _run(*words: object) -> None:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def install(host: Host, wheels: Path, fix: str) -> None:
    """What the finding says, with the wheels of everything else carried there: a host of the lab has
    no way to a registry."""
    lock = ROOT / "requirements/runtime.txt"
    python = ["--only-binary=:all:", "--python-version", PYTHONS[host.distro]]
    _run(
        sys.executable, "-m", "pip", "download", "--quiet", *python, "--require-hashes", "-r", lock,
        "-d", wheels,
    )  # fmt: skip
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(wheels, "/root/wheels")
    host.run_bytes(["tar", "-x", "-C", "/"], input=packed.getvalue())
    host.run(
        "apt-get update && apt-get install -y --no-install-recommends python3-venv", timeout=180
    )
    host.write("/etc/pip.conf", "[global]\nno-index = true\nfind-links = /root/wheels\n")
    host.run(f"cd /root/wheels && {fix}", timeout=180)


@dataclass(frozen=True)
class Workstation:
    """A host with Ollama and hardpoint on it, and hardpoint elsewhere that looks at it."""

    host: Host
    policy: Path
    hardpoint: Command
    inventory: str

    def on(self, command: str, *more: object, status: int | None = None) -> Ran:
        yes = ["--yes"] if command in ("apply", "rollback") else []
        here = ["--limit", self.host.name, "--policy", self.policy, "--format", "json"]
        return self.hardpoint(command, self.inventory, *here, *yes, *more, status=status)

    def show(self, name: str) -> str:
        return self.host.run(f"systemctl show -P {name} hardpoint-check.timer").stdout.strip()


@pytest.fixture(params=["debian12", pytest.param("debian13", marks=pytest.mark.everything)])
def workstation(
    request, boot, wheels: Path, policy: Path, lab: Lab, hardpoint: Command
) -> Workstation:
    """hardpoint is there by the commands of the findings, and nothing was installed before that."""
    host = boot(request.param, layers=("ollama",))
    here = Workstation(host, policy, hardpoint, lab.inventory())
    found = here.on("check", "--control", CONTROL, status=2).outcome(CONTROL)
    assert [finding["seen"].split()[0] for finding in found["findings"]] == [COMMAND, POLICY]
    assert found["changes"] == []
    bring, configure = (finding["fix"] for finding in found["findings"])
    install(host, wheels, bring)
    host.write("/root/policy.yaml", TEXT)
    host.run(f"cd /root && {configure}")
    return here


def test_the_timer_comes_fires_and_goes(workstation: Workstation) -> None:
    host, on = workstation.host, workstation.on
    pristine = host.snapshot()
    assert on("check", "--control", CONTROL, status=2).outcome(CONTROL)["findings"] == []
    assert touched(host, pristine) == []
    on("apply", "--control", CONTROL, status=0)
    hardened = host.snapshot()
    assert on("apply", "--control", CONTROL, status=0).outcome(CONTROL)["fate"] == "already right"
    assert touched(host, hardened, JOURNAL) == []
    assert (workstation.show("UnitFileState"), workstation.show("ActiveState")) == (
        "enabled", "active",
    )  # fmt: skip

    fires_on_a_new_schedule(workstation)
    host.run("systemctl start hardpoint-check.service", check=False)
    reports = [REPORTS, f"{REPORTS}/last.json", f"{REPORTS}/last.sarif"]
    assert touched(host, hardened, (STAMPS, f"{STAMPS}/*", *JOURNAL)) == reports
    sees_what_root_sees(workstation)
    fails_for_what_is_open(workstation)

    on("rollback", "--to", "origin", status=2)
    assert touched(host, pristine, (STAMPS, *JOURNAL)) == []
    assert "hardpoint" not in host.run("systemctl list-units --all --plain 'hardpoint*'").stdout


def fires_on_a_new_schedule(workstation: Workstation) -> None:
    before = workstation.show("NextElapseUSecRealtime")
    workstation.policy.write_text(TEXT.replace("hourly", "*:*:0/5"))
    workstation.on("apply", "--control", CONTROL, status=0)
    assert workstation.show("NextElapseUSecRealtime") != before
    workstation.host.run(f"until [ -e {REPORTS}/last.json ]; do sleep 0.5; done", timeout=90)
    workstation.policy.write_text(TEXT)
    workstation.on("apply", "--control", CONTROL, status=0)


def sees_what_root_sees(workstation: Workstation) -> None:
    """The sandbox hides nothing from the check."""
    host = workstation.host
    report = json.loads(host.read(f"{REPORTS}/last.json"))["hosts"][0]
    found = {(o["control"], o["subject"]): o["status"] for o in report["outcomes"]}
    assert found == workstation.on("check").statuses()
    assert report["unseen"] == [] and report["users"] > 0
    assert json.loads(host.read(f"{REPORTS}/last.sarif"))["version"] == "2.1.0"
    modes = host.run(f"stat -c '%a %U' {REPORTS} {REPORTS}/last.json {REPORTS}/last.sarif").stdout
    assert modes.splitlines() == ["700 root", "600 root", "600 root"]


def fails_for_what_is_open(workstation: Workstation) -> None:
    """The service passes where all is well; what is opened fails it, and its journal says what."""
    host = workstation.host
    workstation.on("apply", status=0)
    host.run("systemctl start hardpoint-check.service")
    opened = "/etc/systemd/system/ollama.service.d/zzz-opened.conf"
    host.write(opened, "[Service]\nEnvironmentFile=/etc/opened.env\n")
    host.write("/etc/opened.env", "OLLAMA_HOST=0.0.0.0\n")
    host.run("systemctl daemon-reload && systemctl restart ollama")
    host.run("until curl -sf http://127.0.0.1:11434/api/version; do sleep 0.1; done")
    host.run("systemctl start hardpoint-check.service", check=False)
    assert "hardpoint-check.service" in host.run("systemctl --failed --plain").stdout
    said = host.run("journalctl -u hardpoint-check.service -o cat").stdout
    assert "status=2" in said and "answers on" in said
    host.run(f"rm {opened} /etc/opened.env && systemctl daemon-reload && systemctl restart ollama")


def test_root_does_not_run_what_a_user_can_change(
    boot, lab: Lab, hardpoint: Command, tmp_path: Path
) -> None:
    host = boot("debian12")
    policy = tmp_path / "policy.yaml"
    command = "/home/alice/.local/bin/hardpoint"
    policy.write_text(f"options:\n  {CONTROL}: {{schedule: daily, command: {command}}}\n")
    host.write(command, "#!/bin/sh\nid\n", owner="alice:alice", mode="0755")
    host.write(POLICY, TEXT)
    only = [lab.inventory(), "--limit", host.name, "--policy", policy, "--control", CONTROL]
    applied = hardpoint("apply", *only, "--yes", "--format", "json", status=2).outcome(CONTROL)
    (finding,) = applied["findings"]
    assert finding["why"].startswith("/home/alice belongs to somebody else")
    assert host.run(["test", "-e", TIMER], check=False).returncode == 1


def test_a_schedule_that_systemd_does_not_know_is_told(
    boot, lab: Lab, hardpoint: Command, tmp_path: Path
) -> None:
    host = boot("debian12")
    policy = tmp_path / "policy.yaml"
    policy.write_text(f"options:\n  {CONTROL}: {{schedule: every monday}}\n")
    host.write(POLICY, TEXT)
    host.write(COMMAND, "#!/bin/sh\n", mode="0755")
    pristine = host.snapshot()
    only = [lab.inventory(), "--limit", host.name, "--policy", policy, "--control", CONTROL]
    applied = hardpoint("apply", *only, "--yes", "--format", "json", status=2).outcome(CONTROL)
    assert applied["findings"] == []  # no service is down: this one never ran
    assert applied["fate"] == "failed" and "bad unit file setting" in applied["reason"]
    assert any("every monday" in line for line in applied["log"]), applied["log"]
    hardpoint("rollback", *only, "--yes", status=2)
    assert touched(host, pristine, JOURNAL) == []


def test_its_deploy_does_only_this(
    boot, lab: Lab, hardpoint: Command, pyinfra: Command, tmp_path: Path
) -> None:
    host = boot("debian12")
    host.write(POLICY, TEXT)
    host.write(COMMAND, "#!/bin/sh\n", mode="0755")
    pristine = host.snapshot()
    hosts = inventory(tmp_path / "one", lab, {"workstations": [host]}, TEXT)
    pyinfra(hosts, "deploys/self_check.py", "-y", status=0)
    added = host.diff(pristine, (*NOISE, *JOURNAL))["added"]
    assert {SERVICE, TIMER} <= set(added) and not any("read" in path for path in added)
    assert host.run("systemctl is-active hardpoint-check.timer").stdout == "active\n"
    only = ["--limit", host.name, "--control", CONTROL]
    hardpoint("rollback", lab.inventory(), *only, "--yes")
    assert touched(host, pristine, (STAMPS, *JOURNAL)) == []
