"""What desktop entries and crontabs start: read, changed in place, seen by a real cron, taken back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hardpoint import hostside
from tests.command import Command
from tests.hosts.services.launcher_controls import AUTOSTART, SPOOL, SYSTEM
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host, Lab

pytestmark = pytest.mark.lab

CONTROLS = "tests.hosts.services.launcher_controls"
SAY = '#!/bin/sh\necho "$@" >> /tmp/said-$(id -un)\n'
DESKTOP = """[Desktop Entry]
Name=Chat
Exec=env VLLM_API_KEY=sk-secret /opt/vllm "--host=0.0.0.0" %U
"""
CRONTAB = """# mine
VLLM_HOST_IP = 0.0.0.0
* * * * * /opt/vllm serve --host 0.0.0.0 --api-key sk-secret
"""
CRON_D = "@reboot nosudo /opt/vllm --host=0.0.0.0\n* * * * * nosudo /opt/vllm --host=0.0.0.0\n"
QUERY = {
    "variables": ["VLLM_HOST_IP", "VLLM_API_KEY"],
    "masked": ["VLLM_API_KEY"],
    "commands": [{"programs": ["vllm"], "flags": ["--host"]}],
}


@pytest.fixture
def host(boot) -> Host:
    host = boot("debian12")
    host.run("apt-get update -qq && apt-get install -y -qq cron", timeout=300)
    host.write("/opt/vllm", SAY, mode="0755")
    host.write(AUTOSTART, DESKTOP, "alice:alice", "0644")
    host.run(["crontab", "-"], user="alice", input=CRONTAB)
    host.write(SYSTEM, CRON_D)
    return host


def rows(host: Host, user: str = "root") -> dict[tuple[Any, ...], Any]:
    request = {"do": "read", "what": "assignments", **QUERY}
    done = host.run(hostside.command(request).get_raw_value(), user=user)
    assert "sk-secret" not in done.stdout
    told = json.loads(done.stdout)
    found = {(r["user"], r["path"], r["line"], *r["key"]): r["value"] for r in told["assignments"]}
    return {**found, "limits": [limit["reason"] for limit in told["limits"]]}


def started(host: Host, address: str) -> None:
    """Returns when cron has started both jobs with that address."""
    for user in ("alice", "nosudo"):
        host.run(f"until grep -q {address} /tmp/said-{user}; do sleep 1; done", timeout=130)


def test_launchers_are_read_changed_and_taken_back(host: Host, lab: Lab, custom: Command) -> None:
    found = rows(host)
    assert found.pop("limits") == []
    above = host.read(SPOOL).decode().removesuffix(CRONTAB).count("\n")  # crontab(1) writes a head
    assert found == {
        ("alice", AUTOSTART, 3, "vllm", "--host"): "0.0.0.0",
        ("alice", AUTOSTART, 3, "VLLM_API_KEY"): "set",
        ("alice", SPOOL, above + 2, "VLLM_HOST_IP"): "0.0.0.0",
        ("alice", SPOOL, above + 3, "vllm", "--host"): "0.0.0.0",
        (None, SYSTEM, 1, "vllm", "--host"): "0.0.0.0",
        (None, SYSTEM, 2, "vllm", "--host"): "0.0.0.0",
    }
    assert "only root can read the crontab of alice" in rows(host, "alice")["limits"]

    pristine, owner = host.snapshot(), host.run(f"stat -c %U:%G:%a {SPOOL}").stdout
    only = [lab.inventory(), "--limit", host.name, "--format", "json"]
    custom(CONTROLS, "check", *only, status=2)
    assert touched(host, pristine) == []
    started(host, "0.0.0.0")
    applied = custom(CONTROLS, "apply", *only, "--yes", status=0)
    assert "sk-secret" not in applied.out + applied.err
    assert host.run(f"stat -c %U:%G:%a {SPOOL}").stdout == owner
    changed = CRONTAB.replace("--host 0.0.0.0", "--host 127.0.0.1")
    assert host.run("crontab -l", user="alice").stdout == changed
    assert host.read(AUTOSTART).decode() == DESKTOP.replace("0.0.0.0", "127.0.0.1")
    assert host.read(SYSTEM).decode() == CRON_D.replace("0.0.0.0", "127.0.0.1")
    assert host.run(f"stat -c %U:%a {AUTOSTART}").stdout.strip() == "alice:644"
    started(host, "127.0.0.1")

    custom(CONTROLS, "rollback", *only, "--control", "launchers", "--yes", status=2)
    assert touched(host, pristine, JOURNAL) == []
    assert host.run("crontab -l", user="alice").stdout == CRONTAB
