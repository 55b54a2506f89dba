"""The story of a service on every back end of the lab that starts on this machine."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.command import ROOT
from tests.lab import backends

pytestmark = [pytest.mark.lab, pytest.mark.everything]

STORY = "tests/hosts/services/test_ollama.py"


@pytest.mark.parametrize("name", [name for name in backends.BACKENDS if name != "nspawn"])
def test_the_story(name: str) -> None:
    """nspawn's is the everyday run's."""
    if obstacle := backends.obstacle(name):
        pytest.skip(f"{name} does not start here: {obstacle}")
    told = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", STORY]
    done = subprocess.run(
        told, cwd=ROOT, env=os.environ | {"LAB_BACKEND": name}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
