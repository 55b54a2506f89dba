"""A workstation with the usual mistakes in the homes of two people, and helpers around it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.command import ROOT, _environment
from tests.lab import Host

STUDIO = ".lmstudio/.internal/http-server-config.json"
SETTINGS = json.dumps({"networkInterface": "0.0.0.0", "cors": True, "port": 1234}, indent=2) + "\n"
JSON = ("--format", "json")


def expose(host: Host) -> Host:
    """Ollama in login environments and profiles, LM Studio in files."""
    host.write("/etc/environment", "LANG=C.UTF-8\nOLLAMA_HOST=0.0.0.0\n")
    for user in ("alice", "bob"):
        host.write(f"/home/{user}/{STUDIO}", SETTINGS, f"{user}:{user}", "0600")
        host.run(f"echo 'export OLLAMA_HOST=0.0.0.0:11434' >> /home/{user}/.bashrc", user=user)
    return host


@pytest.fixture
def exposed(boot) -> Host:
    return expose(boot())


@pytest.fixture
def target(exposed: Host, lab) -> list[object]:
    """The words that name the host on the command line."""
    return [lab.inventory(), "--limit", exposed.name]


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """start("apply", ...): the command, left running."""
    running: list[subprocess.Popen[str]] = []

    def begin(*arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "hardpoint", *map(str, arguments)],
            cwd=ROOT,
            env=_environment(tmp_path),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def wait_for_event(host: Host, event: str, seconds: float = 30) -> None:
    """Returns as soon as the journal of the host holds such an event."""
    deadline = time.monotonic() + seconds
    look = ["sh", "-c", f'grep -qs \'"event":"{event}"\' /var/lib/hardpoint/runs/*/index.jsonl']
    while host.run(look, check=False).returncode:
        assert time.monotonic() < deadline, f"no {event} in the journal"
        time.sleep(0.02)
