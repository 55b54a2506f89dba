"""agent-launcher: agents start in the launcher when their name is typed; one that does not is found."""

from __future__ import annotations

import pytest

from tests.hosts.agents.conftest import On
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host

pytestmark = pytest.mark.lab

CONTROL = "agent-launcher"
ONLY = [f"--control={one}" for one in (CONTROL, "agent-policy", "bubblewrap-installed")]
SEES = "test -e /run/hardpoint-run/inside.py && echo confined"
AGENT = f"#!/bin/sh\ncase $1 in sleep) exec /usr/local/lib/gemini 300;; esac\n{SEES}\n"


@pytest.fixture
def host(boot) -> Host:
    """Gemini CLI for everybody, as far as names go."""
    host = boot("debian12", layers=("sandbox-tools",))
    host.write("/usr/local/bin/gemini", AGENT, mode="0755")
    host.run("cp /bin/sleep /usr/local/lib/gemini")
    host.write("/home/alice/.profile", 'PATH="$HOME/.local/bin:$PATH"\n', "alice:alice")
    host.run("mkdir -p ~/.local/bin ~/src/p && cp /usr/local/bin/gemini ~/.local/bin", user="alice")
    return host


def test_a_name_leads_to_the_launcher_and_a_path_is_found(host: Host, on: On) -> None:
    pristine = host.snapshot()
    assert on(host, "check", *ONLY, status=2).outcome(CONTROL)["status"] == "drift"
    assert touched(host, pristine) == []

    on(host, "apply", *ONLY, status=0)
    go = "mkdir -p ~/src/p && cd ~/src/p && gemini"
    # what alice's own profile puts first comes before a folder of the PATH, and not before a function
    for shell, user in (("bash -lic", "alice"), ("bash -lc", "bob"), ("sh -lc", "bob")):
        assert host.login(f"{shell} '{go}'", user=user).stdout == "confined\n", (shell, user)
    environment = "systemctl --user show-environment"
    with host.user_session("bob"):
        shown = host.run(environment, user="bob", session=True).stdout
    assert "PATH=/usr/local/lib/hardpoint/bin:/" in shown

    start = "cd ~/src/p && setsid {} sleep >/dev/null 2>&1 </dev/null & sleep 1"
    host.run(start.format("hardpoint-run gemini"), user="alice")
    assert on(host, "check", *ONLY, status=0).outcome(CONTROL)["status"] == "compliant"
    host.run(start.format("/usr/local/bin/gemini"), user="alice")
    found = on(host, "check", *ONLY, status=2).outcome(CONTROL)
    assert found["status"] == "exposed"
    (finding,) = found["findings"]
    assert "Gemini CLI of alice runs outside the launcher: process" in finding["seen"]
    assert finding["fix"] == "end it, and start it as: hardpoint-run gemini"
    host.run("pkill -x gemini")

    on(host, "rollback", "--control", CONTROL, status=2)
    others = ("/home/", "/etc/hardpoint")  # what the runs left, and the other control's file
    left = [one for one in touched(host, pristine, JOURNAL) if not one.startswith(others)]
    assert left == []


@pytest.mark.everything
def test_an_agent_with_a_sandbox_that_holds_starts_as_it_is(host: Host, on: On, tmp_path) -> None:
    host.run("mv /usr/local/bin/gemini /usr/local/bin/claude; rm -r /home/alice/.local")
    host.run(
        "cp /bin/sleep /usr/local/lib/claude; setsid /usr/local/lib/claude 300 >/dev/null 2>&1 </dev/null &"
    )
    on(host, "apply", *ONLY, status=0)
    assert host.run("test -e /usr/local/lib/hardpoint/bin", check=False).returncode == 1
    policy = tmp_path / "policy.yaml"
    policy.write_text("profile: recommended\noptions: {agent-launcher: {start: all}}\n")
    found = on(host, "check", "--policy", policy, *ONLY, status=2).outcome(CONTROL)
    assert found["status"] == "exposed"
