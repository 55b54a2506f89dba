"""Claude Code held by its own means: what the policy writes for it comes and goes by itself, on a host."""

from __future__ import annotations

import pytest

from tests.hosts.agents.conftest import On
from tests.hosts.agents.test_trials import only
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host

pytestmark = pytest.mark.lab

LAYERS = (
    "managed-policy",
    "deny-sensitive-reads",
    "deny-dangerous-commands",
    "sandbox",
    "guard-hook",
    "self-protection",
    "privacy",
)
NEEDED = ("agent-policy", "agent-guard", "bubblewrap-installed", "socat-installed")


def controls(agent: str) -> list[str]:
    return [f"--control={one}" for one in (*NEEDED, *(f"{agent}-{layer}" for layer in LAYERS))]


def alices(boot, agent: str) -> Host:
    host = boot("debian13", layers=("agents", "sandbox-tools"))
    only(host, agent)
    return host


def test_each_layer_comes_and_goes_by_itself(boot, on: On) -> None:
    host = alices(boot, "claude-code")
    before = host.snapshot()
    only_these = controls("claude-code")
    checked = on(host, "check", *only_these, status=2)
    assert checked.outcome("claude-code-sandbox")["status"] == "drift"
    assert touched(host, before) == []

    on(host, "apply", *only_these, status=0)
    checked = on(host, "check", *only_these, status=0)
    for control in only_these:
        name = control.removeprefix("--control=")
        assert checked.outcome(name)["status"] == "compliant"

    host.run("chown alice /etc/claude-code/managed-settings.d")
    found = on(host, "check", *only_these, status=2).outcome("claude-code-managed-policy")
    assert found["status"] == "drift"  # a file in another's folder is not in place
    assert any("managed-settings.d" in one["seen"] for one in found["findings"]), found
    host.run("chown root /etc/claude-code/managed-settings.d")

    on(host, "rollback", "--control", "claude-code-sandbox", status=2)
    left = host.run("ls /etc/claude-code/managed-settings.d").stdout.split()
    assert len(left) == len(LAYERS) - 1 and not any("sandbox" in one for one in left)
    on(host, "rollback", "--to", "origin", status=2)
    assert [one for one in touched(host, before, JOURNAL) if one.startswith("/etc/claude")] == []
