"""The scenario of molecule/default, whole: `molecule test`."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.command import ROOT
from tests.lab import Lab, housekeeping

pytestmark = [pytest.mark.lab, pytest.mark.everything]

STEPS = ["destroy", "create", "converge", "idempotence", "verify", "destroy"]


@pytest.fixture
def molecule() -> list[str]:
    """The command. The dev requirements have it, so that CI must; elsewhere its lack is told."""
    missing = [name for name in ("molecule", "ansible") if find_spec(name) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"not installed: {', '.join(missing)}", pytrace=False)
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}; make test-all has them")
    return [sys.executable, "-m", "molecule"]


def test_the_scenario(molecule: list[str], lab: Lab, tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [*molecule, "test"],
        cwd=ROOT,
        env={"HOME": str(tmp_path), "PATH": path, "NO_COLOR": "1", "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
    )
    if done.returncode:
        pytest.fail(done.stdout[-6000:], pytrace=False)
    recap = done.stdout.partition("DETAILS")[2]
    for step in STEPS:
        assert f"{step}: Executed: Successful" in recap
    assert "molecule" not in housekeeping.names()
