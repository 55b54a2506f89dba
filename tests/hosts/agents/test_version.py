"""An agent's version: compliant where it was tried, unknown where it was not, told where both are there."""

from __future__ import annotations

import json

import pytest

from tests.hosts.agents.conftest import On
from tests.hosts.upper import touched
from tests.lab import Host

pytestmark = pytest.mark.lab

CONTROL = "claude-code-version"
ONLY = ["--control", CONTROL]
VERSIONS = "/home/alice/.local/share/claude/versions"


def native(host: Host, version: str) -> None:
    """Claude Code as its own installer leaves it, after an update to this version."""
    host.run(
        f"mkdir -p {VERSIONS} ~/.local/bin && cp /bin/sleep {VERSIONS}/{version} &&"
        f" ln -sfn {VERSIONS}/{version} ~/.local/bin/claude",
        user="alice",
    )


def npm(host: Host, version: str) -> None:
    folder = "/usr/local/lib/node_modules/@anthropic-ai/claude-code"
    host.write(f"{folder}/package.json", json.dumps({"version": version}))


def test_a_tried_version_is_compliant_and_an_untried_one_unknown(boot, on: On) -> None:
    host = boot("debian12")
    assert on(host, "check", *ONLY, status=0).statuses() == {(CONTROL, "system"): "not-applicable"}
    native(host, "2.1.329")
    before = host.snapshot()
    assert on(host, "check", *ONLY, status=0).outcome(CONTROL, "alice")["status"] == "compliant"
    native(host, "2.2.0")
    before = host.snapshot()
    found = on(host, "check", *ONLY, status=3).outcome(CONTROL, "alice")
    assert found["status"] == "unknown"
    assert "here is 2.2.0 at /home/alice/.local/bin/claude" in found["reason"]
    assert touched(host, before) == []


def test_an_old_one_beside_a_new_one_is_told(boot, on: On) -> None:
    host = boot("debian12")
    npm(host, "1.0.80")
    native(host, "2.1.300")
    host.run("setsid ~/.local/bin/claude 1000 >/dev/null 2>&1 </dev/null &", user="alice")
    native(host, "2.1.329")
    ran = on(host, "check", *ONLY, status=2)
    (old,) = ran.outcome(CONTROL, "alice")["findings"]
    assert old["seen"] == "Claude Code 2.1.300 still runs beside 2.1.329"
    assert old["fix"] == f"end the sessions that run {VERSIONS}/2.1.300"
    assert ran.outcome(CONTROL)["status"] == "unknown"  # all that the system has is 1.0.80
