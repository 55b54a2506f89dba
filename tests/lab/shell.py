"""Running the machine's own commands, with an error that shows what they said."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence

from .errors import LabError

JOIN_CGROUP = ("sh", "-c", 'echo 0 > "$1" && shift && exec "$@"', "join")


def run(command: Sequence[str], *, input: str | None = None, timeout: float = 60) -> str:
    """Run a command to its end and return what it printed; a failure carries its last words."""
    try:
        done = subprocess.run(command, input=input, capture_output=True, text=True, timeout=timeout)
    except FileNotFoundError as missing:
        raise LabError(f"{command[0]}: not installed") from missing
    except subprocess.TimeoutExpired as late:
        raise LabError(f"{shlex.join(command)}: no end after {timeout:g} s") from late
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise LabError(f"{shlex.join(command)}: exit {done.returncode}: {words}")
    return done.stdout


def succeeds(command: Sequence[str]) -> bool:
    """Whether a command exits 0; its words do not matter."""
    return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
