"""The `hardpoint` and `pyinfra` commands, run as a person runs them: as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """What --format json printed."""
        return json.loads(self.out)

    def outcome(self, control: str, subject: str = "system", host: str | None = None) -> dict:
        """One outcome of the report; fails when there is none or more than one."""
        (found,) = [
            outcome
            for one in self.report["hosts"]
            if host in (None, one["host"])
            for outcome in one["outcomes"]
            if (outcome["control"], outcome["subject"]) == (control, subject)
        ]
        return found

    def statuses(self, host: str | None = None) -> dict[tuple[str, str], str]:
        """(control, subject) -> status."""
        return {
            (outcome["control"], outcome["subject"]): outcome["status"]
            for one in self.report["hosts"]
            if host in (None, one["host"])
            for outcome in one["outcomes"]
        }


Command = Callable[..., Ran]


@pytest.fixture
def hardpoint(tmp_path: Path) -> Command:
    """hardpoint("check", inventory, status=2): runs it, and fails on another exit status."""
    return _runner(["-m", "hardpoint"], tmp_path)


@pytest.fixture
def custom(tmp_path: Path) -> Command:
    """custom("tests.hosts.engine.controls", "check", inventory): the command over these controls."""
    return _runner(["-m", "tests.custom_command"], tmp_path)


@pytest.fixture
def pyinfra(tmp_path: Path) -> Command:
    """pyinfra(inventory, "deploys/baseline.py", "--dry", status=0)."""
    return _runner(["-m", "pyinfra"], tmp_path)


def _runner(module: list[str], home: Path) -> Command:
    def run(
        *arguments: object,
        status: int | None = None,
        input: str | None = None,
        env: dict[str, str] | None = None,
        timeout: float = 300,
    ) -> Ran:
        done = subprocess.run(
            [sys.executable, *module, *map(str, arguments)],
            cwd=ROOT,
            env=_environment(home) | (env or {}),
            input=input if input is not None else "",
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if status is not None and done.returncode != status:
            pytest.fail(
                f"exit status {done.returncode}, not {status}\n{done.stdout}\n{done.stderr}",
                pytrace=False,
            )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


def _environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"HOME": str(home), "PYTHONPATH": str(ROOT), "PYINFRA_PROGRESS": "off"}
