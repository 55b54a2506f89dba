"""Power cuts, lost controllers, two people at once: nothing is lost, and all can be taken back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import pytest

from tests.command import Command
from tests.hosts.reach.test_snapshot import HANGING
from tests.hosts.upper import JOURNAL, touched
from tests.hosts.withstand.conftest import JSON, Start, wait_for_event
from tests.lab import Host

pytestmark = pytest.mark.lab


def test_a_host_that_dies_in_the_middle_of_an_apply(
    exposed: Host, target, hardpoint: Command, start: Start
) -> None:
    pristine = exposed.snapshot()
    applying = start("apply", *target, "--yes", *JSON)
    wait_for_event(exposed, "done")
    exposed.cut_network()  # a process that is killed would still hang up
    exposed.power_off()
    out, err = applying.communicate(timeout=90)
    report = json.loads(out)
    assert applying.returncode == 3 and "Traceback" not in err
    assert report["hosts"][0]["unreachable"].startswith("asleep")

    exposed.start()
    hardpoint("check", *target, status=2)
    applied = hardpoint("apply", *target, "--yes", *JSON, status=0)
    assert "fixed" in {one["fate"] for one in applied.report["hosts"][0]["outcomes"]}
    hardpoint("check", *target, status=0)
    hardpoint("rollback", *target, "--to", "origin", "--yes", status=2)
    assert touched(exposed, pristine, JOURNAL) == []


def test_a_controller_that_dies_in_the_middle_of_an_apply(
    exposed: Host, target, hardpoint: Command, start: Start
) -> None:
    pristine = exposed.snapshot()
    applying = start("apply", *target, "--yes")
    wait_for_event(exposed, "done")
    applying.kill()
    applying.wait()
    hardpoint("check", *target, status=2)
    refused = hardpoint("apply", *target, "--yes", *JSON, status=2)
    assert "busy" in {one["fate"] for one in refused.report["hosts"][0]["outcomes"]}
    # The lease of a run that says nothing runs out after a minute; the test has no minute.
    exposed.run('sed -i \'s/"used": [0-9.]*/"used": -1000/\' /run/hardpoint/lease.json')
    hardpoint("apply", *target, "--yes", status=0)
    hardpoint("rollback", *target, "--to", "origin", "--yes", status=2)
    assert touched(exposed, pristine, JOURNAL) == []


def test_two_applies_at_once(exposed: Host, target, hardpoint: Command, start: Start) -> None:
    pristine = exposed.snapshot()
    both = [start("apply", *target, "--yes", *JSON) for _ in range(2)]
    fates = []
    for applying in both:
        out, err = applying.communicate(timeout=90)
        assert err == ""
        fates.append({one["fate"] for one in json.loads(out)["hosts"][0]["outcomes"]})
    assert any("fixed" in each and "busy" not in each for each in fates), fates
    assert not any("failed" in each for each in fates), fates
    hardpoint("check", *target, status=0)
    lines = exposed.run("cat /var/lib/hardpoint/runs/*/index.jsonl").stdout.splitlines()
    events = [json.loads(line) for line in lines]
    assert [e["event"] for e in events].count("doing") == [e["event"] for e in events].count("done")
    hardpoint("rollback", *target, "--to", "origin", "--yes", status=2)
    assert touched(exposed, pristine, JOURNAL) == []
    again = hardpoint("rollback", *target, "--to", "origin", "--yes", status=2)
    assert "Traceback" not in again.err and touched(exposed, pristine, JOURNAL) == []


def test_an_interrupt(exposed: Host, target, hardpoint: Command, start: Start) -> None:
    exposed.cut_network()
    try:
        checking = start("check", *target)
        time.sleep(2)
        os.kill(checking.pid, signal.SIGINT)
        out, err = checking.communicate(timeout=20)
    finally:
        exposed.restore_network()
    assert checking.returncode == 130
    assert (out, err.split()) == ("", ["interrupted"])

    applying = start("apply", *target, "--yes")
    wait_for_event(exposed, "record")
    os.kill(applying.pid, signal.SIGINT)
    _, err = applying.communicate(timeout=20)
    assert (applying.returncode, err.split()) == (130, ["interrupted"])
    hardpoint("check", *target, status=2)


@pytest.mark.parametrize("form", ["terminal", "json"])
def test_a_reader_that_goes_away(exposed: Host, target, start: Start, form: str) -> None:
    checking = start("check", *target, "-v", "--format", form)
    subprocess.run(["head", "-c", "1"], stdin=checking.stdout, stdout=subprocess.DEVNULL)
    checking.stdout.close()
    assert checking.stderr.read() == ""
    assert checking.wait(30) in (1, 2)


def test_a_host_that_vanishes_during_a_check(exposed: Host, target, start: Start) -> None:
    """TCP alone would wait for a quarter of an hour."""
    exposed.run("mv /usr/bin/systemctl /usr/bin/systemctl.away")
    exposed.write("/usr/bin/systemctl", HANGING, mode="0755")
    checking = start("check", *target, *JSON)
    while exposed.run("pgrep -x sleep", check=False).returncode:
        assert checking.poll() is None
    exposed.cut_network()
    try:
        out, err = checking.communicate(timeout=60)
    finally:
        exposed.restore_network()
    assert (checking.returncode, err) == (3, "")
    assert "connection ended" in out
    counts = json.loads(out)["counts"]
    assert counts["compliant"] == counts["not-applicable"] == 0
