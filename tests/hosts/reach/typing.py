"""A person at a terminal: the command in a pty, and what is typed into it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.command import ROOT


@dataclass(frozen=True)
class Screen:
    """What the person saw, and how it ended."""

    status: int
    text: str


def type_into(
    home: Path, *arguments: object, answers: dict[str, str], seconds: float = 90
) -> Screen:
    """Runs hardpoint in a terminal; when the screen shows a question, its answer is typed."""
    parent, child = pty.openpty()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "hardpoint", *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
    )
    os.close(child)
    try:
        text = _converse(parent, dict(answers), time.monotonic() + seconds)
        return Screen(process.wait(10), text)
    finally:
        process.kill()
        process.wait()
        os.close(parent)


def _converse(terminal: int, answers: dict[str, str], deadline: float) -> str:
    seen = ""
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            data = os.read(terminal, 65536)
        except OSError:  # Linux's way to say that nobody has the terminal open any more
            return seen
        if not data:
            return seen
        seen += data.decode(errors="replace")
        for question in [one for one in answers if one in seen]:
            os.write(terminal, f"{answers.pop(question)}\n".encode())
    raise AssertionError(f"no end within the time limit; the screen:\n{seen}")
