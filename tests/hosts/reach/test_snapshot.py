"""One or two execs a check, whatever there is to read; and reads only."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys

import pytest

from tests.command import ROOT, Command
from tests.hosts.reach.comparing import COMMANDS
from tests.hosts.reach.controls import MEDDLERS
from tests.hosts.upper import touched
from tests.lab import Host, Lab
from tests.lab.keys import SUDO_PASSWORD

pytestmark = pytest.mark.lab

CONTROLS = "tests.hosts.reach.controls"
JSON = ("--format", "json")
HANGING = """#!/bin/sh
case " $* " in
*" show "*) exec sleep 1000 ;;
*) exec /usr/bin/systemctl.away "$@" ;;
esac
"""


def test_execs_do_not_grow_with_controls_or_users(boot, lab: Lab, custom: Command) -> None:
    host = boot()
    passwords = ["--sudo-password-command", shlex.join(["echo", SUDO_PASSWORD])]
    for users in (1, 30):
        if users > 1:
            host.run("for n in $(seq 30); do useradd -m -s /bin/bash person$n; done")
        for samples in (1, 4, 60):
            for user, more, most in (("ops", [], 2), ("pat", passwords, 3), ("root", [], 2)):
                target = [lab.inventory(user), "--limit", host.name, *more, *JSON]
                found = custom(CONTROLS, "check", *target, status=0, env={"SAMPLES": str(samples)})
                (seen,) = found.report["hosts"]
                assert seen["execs"] <= most, (user, samples)
                assert len(seen["outcomes"]) == samples and seen["users"] == 5 + (users > 1) * 30


def test_reads_only_and_each_mistake_alone(boot, lab: Lab, custom: Command) -> None:
    host = boot()
    target = [lab.inventory(), "--limit", host.name, *JSON]
    pristine = host.snapshot()
    found = custom(CONTROLS, "check", *target, status=3, env={"SAMPLES": "5", "ODD": "1"})
    for number in range(5):
        assert found.outcome(f"sample-{number}")["status"] == "compliant"
    for name in MEDDLERS:
        outcome = found.outcome(name)
        assert outcome["status"] == "error", name
        assert "Traceback" not in outcome["reason"]
    assert "a mistake" in found.outcome("has-mistake")["reason"]
    assert "in the loop" in found.outcome("breaks-loop")["reason"]
    assert found.outcome("cannot-read")["status"] == "unknown"
    assert touched(host, pristine) == []
    assert host.run("ls /tmp").stdout.count("meddled") == 0


def test_a_hanging_command_is_the_trouble_of_those_who_need_it(
    boot, lab: Lab, hardpoint: Command
) -> None:
    host: Host = boot()
    path = "/home/alice/.lmstudio/.internal/http-server-config.json"
    host.write(path, '{"networkInterface": "127.0.0.1", "cors": false}\n', "alice:alice")
    host.run("mv /usr/bin/systemctl /usr/bin/systemctl.away")
    host.write("/usr/bin/systemctl", HANGING, mode="0755")
    try:
        found = hardpoint(
            "check", lab.inventory(), "--limit", host.name, *JSON, status=3, timeout=90
        )
    finally:
        host.run("mv /usr/bin/systemctl.away /usr/bin/systemctl")
    assert found.outcome("lm-studio-cors", "alice")["status"] == "compliant"
    assert found.outcome("lm-studio-loopback", "alice")["status"] == "unknown"
    assert "systemctl" in found.outcome("lm-studio-loopback", "alice")["reason"]
    assert {status for (name, _), status in found.statuses().items() if "ollama" in name} == {
        "unknown"
    }
    host.run("! pgrep -x sleep")


def test_a_batch_says_what_pyinfra_s_own_connector_says(boot, lab: Lab) -> None:
    host = boot()
    command = [sys.executable, "-m", "tests.hosts.reach.comparing", str(lab.inventory()), host.name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["execs"] == [1]
    for index, (text, given) in enumerate(COMMANDS):
        batched, single, stock = (found[way][index] for way in ("batched", "single", "stock"))
        assert batched == single, (text, given)
        if "\\377" in text:  # pyinfra drops the line and all that follows it
            assert batched[:2] == [True, ["a\udcff\udcfeb", "after"]] != stock[:2]
        elif "kill -9" in text or given.get("_timeout"):  # what is said on stderr is the tool's own
            assert batched[:2] == stock[:2], (text, given)
        else:
            assert normal(batched) == normal(stock), (text, given)
    assert found["facts"] == found["stock facts"]
    assert len(COMMANDS) >= 30 and len(found["facts"]) >= 15


def normal(result: list) -> list:
    """Without the numbers of the shell's own lines."""
    return json.loads(re.sub(r"(sh|bash): \d+: ", r"\1: ", json.dumps(result)))
