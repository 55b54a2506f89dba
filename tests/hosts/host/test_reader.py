"""A user who may read what a check reads, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import Command
from tests.lab import Host, Lab

pytestmark = pytest.mark.lab

READER = "sudo -n /usr/local/sbin/hardpoint-read"


@pytest.fixture
def host(boot, lab: Lab, hardpoint: Command, tmp_path: Path) -> Host:
    """A host with an exposed Ollama, and the reader for the user `nosudo`."""
    host = boot("debian12", layers=("ollama",))
    host.run("mkdir -p /etc/systemd/system/ollama.service.d")
    host.write(
        "/etc/systemd/system/ollama.service.d/override.conf",
        "[Service]\nEnvironment=OLLAMA_HOST=0.0.0.0\n",
    )
    host.run("systemctl daemon-reload && systemctl restart ollama")
    host.run("until curl -sf http://127.0.0.1:11434/api/version; do sleep 0.1; done")
    policy = tmp_path / "reader.yaml"
    policy.write_text("options:\n  hardpoint-reader: {user: nosudo}\n")
    limit = ["--limit", host.name, "--control", "hardpoint-reader"]
    hardpoint("apply", lab.inventory(), "--policy", policy, *limit, "--yes", status=0)
    return host


def test_a_check_sees_everything_and_can_change_nothing(
    host: Host, lab: Lab, hardpoint: Command
) -> None:
    only = [lab.inventory("nosudo"), "--limit", host.name, "--format", "json"]
    found = hardpoint("check", *only, "--control", "ollama-loopback", status=2)
    assert found.outcome("ollama-loopback")["status"] == "exposed"
    assert found.report["hosts"][0]["unseen"] == []
    applied = hardpoint("apply", *only, "--control", "ollama-loopback", "--yes", status=2)
    assert applied.outcome("ollama-loopback")["fate"] == "failed"
    assert host.run("ls /etc/systemd/system/ollama.service.d").stdout.split() == ["override.conf"]


REFUSED = (
    "id",
    '\'{"do":"read","what":"files","paths":["/etc/shadow"]}\'',
    '\'{"do":"read","what":"units","units":["x;id"],"variables":[]}\'',
    '\'{"do":"read","what":"assignments","variables":["AWS_SECRET_ACCESS_KEY"]}\'',
    '\'{"do":"rollback","to":"origin"}\'',
    '\'{"do":"package","action":"install","name":"tree"}\'',
    "",
    "a b",
)


def test_the_reader_refuses_everything_else(host: Host) -> None:
    for arguments in REFUSED:
        ran = host.login(f"{READER} {arguments}", user="nosudo")
        assert ran.returncode == 1, arguments
        assert json.loads(ran.stdout)["error"] == "not-permitted"


def test_the_shipped_sudo_rule_cannot_run_id_as_root(host: Host) -> None:
    for command in ("id", "sh -c id", "python3 -c 'import os; os.system(\"id\")'"):
        ran = host.login(f"sudo -n {command}", user="nosudo")
        assert ran.returncode != 0
        assert "uid=0" not in ran.stdout
    assert host.run("visudo -cf /etc/sudoers.d/hardpoint-read").returncode == 0
