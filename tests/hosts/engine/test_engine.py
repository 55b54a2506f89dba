"""What the engine promises of any control, on real hosts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import Command
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host, Lab

pytestmark = pytest.mark.lab

CONTROLS = "tests.hosts.engine.controls"
SETTINGS = "/home/alice/settings.json"
APT = ("/var/cache/apt/*", "/var/lib/apt/*", "/var/lib/dpkg/*", "/var/log/*")


@pytest.fixture
def host(boot) -> Host:
    host = boot("debian12")
    host.write(
        SETTINGS,
        '{\n  // mine\n  "deny": ["zero"],\n  "theme": "dark"\n}\n',
        owner="alice:alice",
        mode="0600",
    )
    return host


@pytest.fixture
def run(custom: Command, host: Host, lab: Lab):
    """run("check", "--control", "x"): on this host, as JSON."""

    def run(verb: str, *more: str, module: str = CONTROLS, status: int | None = None):
        arguments = [module, verb, lab.inventory(), "--limit", host.name, "--format", "json"]
        if verb in ("apply", "rollback"):
            arguments.append("--yes")
        return custom(*arguments, *more, status=status)

    return run


def _policy(path: Path, text: str) -> str:
    (path / "policy.yaml").write_text(text)
    return str(path / "policy.yaml")


def test_requirements_order_an_apply_and_a_failure_blocks_what_needs_it(run, host: Host) -> None:
    names = ("needs-base", "the-base", "needs-failing", "always-fails", "has-mistake")
    only = [word for name in names for word in ("--control", name)]
    found = run("check", *only, status=2)
    assert found.outcome("needs-base")["reason"] == "after the-base"
    assert found.outcome("has-mistake")["status"] == "error"
    assert "a mistake" in found.outcome("has-mistake")["reason"]

    applied = run("apply", *only, status=2)
    assert applied.outcome("the-base")["fate"] == "fixed"
    assert applied.outcome("needs-base")["fate"] == "fixed"
    assert applied.outcome("always-fails")["fate"] == "failed"
    assert applied.outcome("always-fails")["reason"]
    assert applied.outcome("needs-failing")["status"] == "blocked"
    assert applied.outcome("needs-failing")["reason"] == "blocked by always-fails"
    assert host.run("ls /etc/sample").stdout.split() == ["first", "second"]


def test_controls_share_a_document_and_leave_it_one_by_one(run, host: Host) -> None:
    only = ["--control", "deny-one", "--control", "deny-two", "--control", "telemetry-off"]
    before = host.read(SETTINGS)
    applied = run("apply", *only)
    assert {applied.outcome(n, "alice")["fate"] for n in only[1::2]} == {"fixed"}
    assert b"// mine" in host.read(SETTINGS)
    written = _without_comment(host.read(SETTINGS))
    assert written == {"deny": ["zero", "one", "two"], "theme": "dark", "telemetry": False}
    assert host.run(f"stat -c %U:%a {SETTINGS}").stdout.strip() == "alice:600"

    run("rollback", "--control", "telemetry-off")
    both = {"deny": ["zero", "one", "two"], "theme": "dark"}
    assert _without_comment(host.read(SETTINGS)) == both
    run("rollback", "--control", "deny-one")
    assert _without_comment(host.read(SETTINGS)) == both  # deny-two claims the key too
    run("rollback", "--control", "deny-two")
    assert host.read(SETTINGS) == before


def _without_comment(text: bytes) -> dict:
    return json.loads(b"\n".join(line for line in text.splitlines() if b"//" not in line))


def test_different_values_for_one_key_are_an_error_of_both(run, host: Host) -> None:
    before = host.read(SETTINGS)
    found = run("check", module="tests.hosts.engine.conflicting", status=3)
    for name in ("mode-ask", "mode-deny"):
        assert found.outcome(name, "alice")["status"] == "error"
        assert "skip one of them in the policy" in found.outcome(name, "alice")["reason"]
    run("apply", module="tests.hosts.engine.conflicting", status=3)
    assert host.read(SETTINGS) == before


def test_a_package_is_removed_only_when_it_was_ours(run, host: Host) -> None:
    host.run("apt-get update")
    pristine = host.snapshot()
    packages = host.run("dpkg-query -W").stdout
    assert run("apply", "--control", "has-package", status=0).outcome("has-package")["fate"] == (
        "fixed"
    )
    assert "tree" in host.run("dpkg-query -W").stdout
    run("rollback", "--control", "has-package", status=2)
    assert host.run("dpkg-query -W").stdout == packages
    assert touched(host, pristine, (*JOURNAL, *APT, "/var/cache/*", "/var/lib/systemd/*")) == []

    host.run("apt-get install -y tree")
    run("apply", "--control", "has-package", status=0)
    run("rollback", "--to", "origin")
    assert "tree" in host.run("dpkg-query -W").stdout


def test_what_is_no_longer_asked_for_is_orphaned_and_a_skip_takes_it_back(
    run, host: Host, tmp_path: Path
) -> None:
    run("apply", "--control", "the-base", status=0)
    skipping = _policy(tmp_path, "skip: [the-base]\n")
    found = run("check", "--control", "the-base", "--policy", skipping, status=3)
    assert found.outcome("the-base")["status"] == "orphaned"
    assert "hardpoint rollback --control the-base" in found.outcome("the-base")["reason"]
    run("apply", "--control", "the-base", "--policy", skipping, status=0)
    assert host.run("ls /etc/sample", check=False).returncode != 0
    again = run("check", "--control", "the-base", "--policy", skipping, status=0)
    assert again.outcome("the-base")["status"] == "skipped"


def test_a_waiver_holds_for_check_and_apply_until_it_expires(
    run, host: Host, tmp_path: Path
) -> None:
    def waived_until(day: str) -> list[str]:
        waiver = f"hosts: [{host.name}], owner: mlops, reason: shared rig, expires: {day}"
        text = f"waivers:\n  - {{control: the-base, {waiver}}}\nskip: [{', '.join(others)}]\n"
        return ["--policy", _policy(tmp_path, text)]

    others = ["needs-base", "needs-failing", "always-fails", "has-mistake", "has-package"]
    others += ["deny-one", "deny-two", "telemetry-off"]
    held = run("check", *waived_until("2999-01-01"), status=0).outcome("the-base")
    assert held["status"] == "waived"
    assert "mlops" in held["waiver"]
    run("apply", *waived_until("2999-01-01"), status=0)
    assert host.run("ls /etc/sample", check=False).returncode != 0

    expired = run("check", *waived_until("2020-01-01"), status=2).outcome("the-base")
    assert expired["status"] == "drift"
    assert "expired on 2020-01-01" in expired["findings"][0]["seen"]
    run("apply", *waived_until("2020-01-01"), status=2)
    assert host.run("ls /etc/sample", check=False).returncode != 0
    named = run("apply", "--control", "the-base", *waived_until("2020-01-01"))
    assert named.outcome("the-base")["fate"] == "fixed"


def test_only_what_was_reviewed_is_applied(run, host: Host, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    only = ["--control", "the-base"]
    run("apply", *only, "--plan-out", str(plan), status=2)
    assert host.run("ls /etc/sample", check=False).returncode != 0

    host.run("mkdir /etc/sample && echo mine > /etc/sample/first")
    refused = run("apply", *only, "--plan", str(plan), status=2).outcome("the-base")
    assert refused["fate"] == "left alone"
    assert "moved since the plan" in refused["reason"]
    assert host.read("/etc/sample/first") == b"mine\n"

    host.run("rm -r /etc/sample")
    run("apply", *only, "--plan", str(plan), status=0)
    assert host.read("/etc/sample/first") == b"1\n"


def test_a_link_in_the_way_of_our_file_is_told_and_never_followed(run, host: Host) -> None:
    host.run("mkdir /etc/sample && ln -s /etc/shadow /etc/sample/first")
    before = host.read("/etc/shadow")
    found = run("check", "--control", "the-base", status=2).outcome("the-base")
    assert "is a link" in found["findings"][0]["seen"]
    run("apply", "--control", "the-base", status=2)
    assert host.read("/etc/shadow") == before


def test_a_host_without_python_is_unknown_and_not_unreachable(
    boot, lab: Lab, hardpoint: Command
) -> None:
    host = boot("debian13")
    host.run("mv /usr/bin/python3 /usr/bin/python3.away")
    only = ["--limit", host.name, "--format", "json"]
    found = hardpoint("check", lab.inventory(), *only, status=3)
    assert found.report["hosts"][0]["unreachable"] is None
    assert set(found.statuses().values()) == {"unknown"}
    assert "install python3" in found.outcome("ollama-loopback")["reason"]
