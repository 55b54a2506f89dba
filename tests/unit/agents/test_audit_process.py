"""The audit log's program as a process: it takes events, and becomes its new files when they are replaced."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.unit.agents.audit_program import FOLDER


def lines(folder: Path) -> list[dict]:
    return [
        json.loads(line) for path in folder.glob("logs/*") for line in path.read_text().splitlines()
    ]


def waited(folder: Path, reason: str, count: int = 1) -> None:
    for _ in range(300):
        if sum(line.get("reason") == reason for line in lines(folder)) >= count:
            return
        time.sleep(0.1)
    raise AssertionError(lines(folder))


def test_it_becomes_its_new_files_and_goes_on(tmp_path: Path) -> None:
    program = tmp_path / "audit"
    shutil.copytree(FOLDER, program)
    (tmp_path / "logs").mkdir()
    (tmp_path / "state").mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {"logs": "logs", "state": "state", "socket": "socket"}
    words = [f"--{name}={tmp_path / path}" for name, path in options.items()]
    running = subprocess.Popen(
        [sys.executable, "-I", "-S", "-B", program, *words, "--port", str(port)]
    )
    try:
        waited(tmp_path, "started")
        events = program / "events.py"
        events.write_text(events.read_text().replace('"agent": "hardpoint"', '"agent": "other"'))
        waited(tmp_path, "started", 2)
        assert running.poll() is None
        assert lines(tmp_path)[-1]["agent"] == "other"
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0
    assert [line["reason"] for line in lines(tmp_path)] == ["started", "stopped"] * 2
    assert not (tmp_path / "socket").exists()
