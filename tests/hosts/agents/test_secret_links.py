"""Links in projects of real users: found as each of them, told with both paths, left where they are."""

from __future__ import annotations

import pytest

from tests.hosts.agents.conftest import On
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host

pytestmark = pytest.mark.lab

CONTROL = "secret-links"
ONLY = ["--control", CONTROL]
PROJECT = "/home/alice/src/it's mine"


@pytest.fixture
def host(boot) -> Host:
    """Alice has an agent, keys and a project."""
    host = boot("debian12")
    host.write("/home/alice/.local/bin/claude", "x", "alice:alice", mode="0755")
    host.write("/home/alice/.ssh/id_ed25519", "CANARY", "alice:alice", mode="0600")
    host.write(f"{PROJECT}/.git/HEAD", "", "alice:alice")
    return host


def test_a_clean_project_is_compliant_and_nobody_else_concerned(host: Host, on: On) -> None:
    host.run("mkdir -p ~/src/x/.git", user="bob")
    before = host.snapshot()
    assert on(host, "check", *ONLY, status=0).statuses() == {(CONTROL, "alice"): "compliant"}
    assert touched(host, before) == []


def test_links_are_told_and_stay(host: Host, on: On) -> None:
    host.run(
        f'cd "{PROJECT}" && mkdir -p node_modules/x && ln ~/.ssh/id_ed25519 node_modules/x/LICENSE'
        " && ln -s ../../.ssh keys",
        user="alice",
    )
    host.run("mkdir -p /srv/work/app/.git && ln /etc/shadow /srv/work/app/data")
    before = host.snapshot()
    ran = on(host, "apply", *ONLY, status=2)
    found = {finding["seen"]: finding for finding in ran.outcome(CONTROL, "alice")["findings"]}
    assert set(found) == {
        f"{PROJECT}/keys leads to /home/alice/.ssh",
        f"{PROJECT}/node_modules/x/LICENSE is another name of /home/alice/.ssh/id_ed25519",
    }
    assert "CANARY" not in str(ran.report)
    assert touched(host, before, JOURNAL) == []
    for finding in found.values():
        command = finding["fix"].removeprefix("if nothing needs it: ").partition(" (")[0]
        host.run(command, user="alice")
    assert on(host, "check", *ONLY, status=0).outcome(CONTROL, "alice")["status"] == "compliant"
    assert host.read("/home/alice/.ssh/id_ed25519") == b"CANARY"


def test_roots_that_the_policy_names_are_looked_at_too(host: Host, on: On, tmp_path) -> None:
    host.run("mkdir -p /srv/work/app/.git && cp /bin/true /usr/local/bin/codex")
    host.run("ln /etc/shadow /srv/work/app/data")
    policy = tmp_path / "policy.yaml"
    policy.write_text("options:\n  secret-links: {projects: [/srv/work]}\n")
    ran = on(host, "check", *ONLY, "--policy", policy, status=2)
    (finding,) = ran.outcome(CONTROL)["findings"]
    assert finding["seen"] == "/srv/work/app/data is another name of /etc/shadow"
    assert ran.outcome(CONTROL)["status"] == "exposed"
