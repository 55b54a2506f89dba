"""An apply over a fleet: canary first, and a stop at the first host that is still wrong."""

from __future__ import annotations

import pytest

from tests.command import Command
from tests.lab import Lab

pytestmark = pytest.mark.lab

ONLY = ["--control", "the-base", "--format", "json", "--yes"]


def test_a_canary_that_stays_wrong_stops_the_others(boot, lab: Lab, custom: Command) -> None:
    canary, other = boot("debian12"), boot("debian12")
    canary.run("mkdir -p /etc/sample/first")  # a folder in the way of the file
    limit = ["--limit", f"{canary.name},{other.name}"]
    first = ["tests.hosts.engine.controls", "apply", lab.inventory(), *limit, *ONLY]
    ran = custom(*first, "--canary", "1", status=2)
    assert ran.outcome("the-base", host=canary.name)["fate"] == "failed"
    left = ran.outcome("the-base", host=other.name)
    assert left["fate"] == "left alone"
    assert "stopped" in left["reason"]
    assert other.run("ls /etc/sample", check=False).returncode != 0

    ran = custom(*first, "--canary", "1", "--max-failures", "1", status=2)
    assert ran.outcome("the-base", host=other.name)["fate"] == "fixed"
