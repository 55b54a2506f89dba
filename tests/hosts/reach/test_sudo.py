"""Root by sudo: with a password, with a wrong one, without any; what a check without root says."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.command import Command, Ran
from tests.hosts.reach.typing import type_into
from tests.hosts.reach.watching import watched
from tests.hosts.upper import touched
from tests.lab import Host, Lab
from tests.lab.keys import SUDO_PASSWORD

pytestmark = pytest.mark.lab

JSON = ("--format", "json")
WRONG = "incorrect donkey"


@pytest.fixture
def drifting(boot) -> Host:
    """A host on which a login environment exposes Ollama, and a user's file LM Studio."""
    host = boot()
    host.write("/etc/environment", "OLLAMA_HOST=0.0.0.0\n")
    path = "/home/alice/.lmstudio/.internal/http-server-config.json"
    host.write(path, '{"networkInterface": "0.0.0.0"}\n', "alice:alice")
    return host


@pytest.fixture
def password(tmp_path: Path):
    """password("correct horse"): a command that prints it and keeps count of its calls."""

    def command(text: str) -> str:
        file = tmp_path / "password"
        file.write_text(text + "\n")
        return shlex.join(["sh", "-c", f"echo x >>{tmp_path}/calls; cat {file}", "{host}"])

    return command


def failures(host: Host) -> int:
    """Failed sudo passwords in the system log."""
    log = host.run("journalctl -q -o cat -t sudo --no-pager", check=False).stdout
    return log.count("authentication failure;")


def test_a_password_from_a_command_reaches_root_and_shows_nowhere(
    drifting: Host, lab: Lab, hardpoint: Command, password, tmp_path: Path
) -> None:
    only = [lab.inventory("pat"), "--limit", drifting.name]
    sudo = ["--sudo-password-command", password(SUDO_PASSWORD)]
    pristine = drifting.snapshot()
    with watched(drifting, SUDO_PASSWORD) as seen:
        found = hardpoint("check", *only, *sudo, *JSON, status=2)
        plan = tmp_path / "plan.json"
        planned = hardpoint("apply", *only, *sudo, "--plan-out", plan, status=2)
        applied = hardpoint("apply", *only, *sudo, "--yes", "-v", status=0)
        runs = hardpoint("runs", *only, *sudo, status=0)
        back = hardpoint("rollback", *only, *sudo, "--to", "origin", "--yes", "-v", status=2)
    assert seen == []
    assert found.outcome("lm-studio-loopback", "alice")["status"] == "drift"
    (host,) = found.report["hosts"]
    assert host["execs"] <= 3 and host["unseen"] == []
    assert (tmp_path / "calls").read_text().count("x") == 5, "asked once a run"
    assert touched(drifting, pristine, ("/var/lib/hardpoint*",)) == []
    journal = drifting.run("cat $(find /var/lib/hardpoint -type f)").stdout
    log = drifting.run("journalctl --no-pager -o verbose", check=False).stdout
    everything = [plan.read_text(), journal, log]
    everything += [
        text for ran in (found, planned, applied, runs, back) for text in (ran.out, ran.err)
    ]
    assert not any(SUDO_PASSWORD in text for text in everything)


def test_a_password_typed_once_at_a_terminal(drifting: Host, lab: Lab, tmp_path: Path) -> None:
    only = [lab.inventory("pat"), "--limit", drifting.name]
    screen = type_into(
        tmp_path, "check", *only, "--ask-sudo", answers={"sudo password: ": SUDO_PASSWORD}
    )
    assert screen.status == 2
    assert screen.text.count("sudo password") == 1 and SUDO_PASSWORD not in screen.text
    assert "/etc/environment:1" in screen.text


def test_without_a_terminal_nobody_is_asked(lab: Lab, hardpoint: Command, drifting: Host) -> None:
    ran = hardpoint("check", lab.inventory("pat"), "--ask-sudo", status=1)
    assert "--sudo-password-command" in ran.err and "Traceback" not in ran.err


def test_a_wrong_password_is_tried_once_and_told(
    drifting: Host, lab: Lab, hardpoint: Command, password
) -> None:
    only = [lab.inventory("pat"), "--limit", drifting.name]
    sudo = ["--sudo-password-command", password(WRONG)]
    pristine = drifting.snapshot()
    with watched(drifting, WRONG) as seen:
        found = hardpoint("check", *only, *sudo, *JSON, status=2)
    (host,) = found.report["hosts"]
    assert seen == [] and failures(drifting) == 1
    assert any("the sudo password is wrong" in text for text in host["unseen"])
    assert found.outcome("ollama-loopback")["status"] == "drift"
    assert found.outcome("lm-studio-loopback", "alice")["status"] == "unknown"
    assert not passed(found)

    applied = hardpoint("apply", *only, *sudo, "--yes", *JSON, status=2)
    assert failures(drifting) == 2
    assert "the sudo password is wrong" in json.dumps(applied.report)
    assert applied.outcome("ollama-loopback")["fate"] == "failed"
    assert touched(drifting, pristine) == []


def passed(found: Ran) -> list[str]:
    """Controls that claim to know that all is well; what the policy has to ask for is its own matter."""
    statuses = found.statuses().items()
    well = [key[0] for key, status in statuses if status in ("compliant", "not-applicable")]
    return [
        control for control in well if control not in ("hardpoint-reader", "hardpoint-self-check")
    ]


@pytest.mark.parametrize("user", ["nosudo", "pat"])
def test_without_root_a_check_says_what_it_cannot_see_and_apply_changes_nothing(
    drifting: Host, lab: Lab, hardpoint: Command, user: str
) -> None:
    only = [lab.inventory(user), "--limit", drifting.name]
    pristine = drifting.snapshot()
    found = hardpoint("check", *only, *JSON, status=2, timeout=60)
    (host,) = found.report["hosts"]
    assert any("--ask-sudo" in text or "may not use sudo" in text for text in host["unseen"])
    assert found.outcome("ollama-loopback")["status"] == "drift"
    assert found.outcome("lm-studio-loopback", "alice")["status"] == "unknown"
    assert "/home/alice" in found.outcome("lm-studio-loopback", "alice")["reason"]
    assert not passed(found)
    assert "not seen:" in hardpoint("check", *only, status=2).out

    applied = hardpoint("apply", *only, "--yes", status=2)
    assert "sudo" in applied.out and "failed" in applied.out
    rolled = hardpoint("rollback", *only, "--to", "origin", "--yes", status=2)
    assert "sudo" in rolled.out
    hardpoint("runs", *only, status=3)
    assert touched(drifting, pristine) == []


def test_a_password_that_nobody_wants_is_not_taken_for_a_command(
    drifting: Host, lab: Lab, hardpoint: Command, password
) -> None:
    """ops needs none and root has no use for one: the line must vanish."""
    text = "touch /tmp/was-run; echo was-run >&2"
    sudo = ["--sudo-password-command", password(text)]
    for user in ("ops", "root"):
        only = [lab.inventory(user), "--limit", drifting.name]
        with watched(drifting, text) as seen:
            found = hardpoint("check", *only, *sudo, *JSON, status=2)
        (host,) = found.report["hosts"]
        assert seen == [] and host["execs"] <= 3 and host["unseen"] == []
        assert "was-run" not in found.out + found.err
        assert drifting.run("ls /tmp").stdout.count("was-run") == 0


def test_a_host_without_sudo(drifting: Host, lab: Lab, hardpoint: Command, password) -> None:
    drifting.run("mv /usr/bin/sudo /usr/bin/sudo.away")
    only = ["--limit", drifting.name, *JSON]
    for more in ([], ["--sudo-password-command", password("x")]):
        found = hardpoint("check", lab.inventory("root"), *only, *more, status=2)
        assert found.outcome("lm-studio-loopback", "alice")["status"] == "drift"
        found = hardpoint("check", lab.inventory("ops"), *only, *more, status=2)
        assert "there is no sudo here" in json.dumps(found.report["hosts"][0]["unseen"])
        assert found.outcome("lm-studio-loopback", "alice")["status"] == "unknown"
    hardpoint("apply", lab.inventory("root"), *only, "--yes", status=0)


def test_group_data_that_pyinfra_would_put_into_argv(
    drifting: Host, lab: Lab, hardpoint: Command, tmp_path: Path
) -> None:
    """pyinfra takes _sudo_password from an inventory; its own way shows it in the process list."""
    text = lab.inventory("pat").read_text() + (
        f"for _, data in hosts:\n    data['_sudo_password'] = {SUDO_PASSWORD!r}\n"
        "    data['_sudo_user'] = 'bob'\n"
    )
    inventory = tmp_path / "inventory.py"
    inventory.write_text(text)
    only = [inventory, "--limit", drifting.name, *JSON]
    with watched(drifting, SUDO_PASSWORD) as seen:
        found = hardpoint("check", *only, status=2)
        hardpoint("apply", *only, "--yes", status=0)
    assert seen == []
    assert found.outcome("lm-studio-loopback", "alice")["status"] == "drift"


def test_a_password_command_that_fails_is_one_host_s_trouble(
    drifting: Host, lab: Lab, hardpoint: Command
) -> None:
    only = [lab.inventory("pat"), "--limit", drifting.name]
    ran = hardpoint("check", *only, "--sudo-password-command", "false", *JSON, status=3)
    (host,) = ran.report["hosts"]
    assert "--sudo-password-command" in host["unreachable"]
