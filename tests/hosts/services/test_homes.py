"""A home that is not there is unknown, for its user alone."""

from __future__ import annotations

import pytest

from tests.hosts.services.conftest import On
from tests.hosts.upper import touched
from tests.lab import Host

pytestmark = pytest.mark.lab


def test_homes_that_cannot_be_judged(workstation: Host, on: On) -> None:
    host = workstation
    for user in ("alice", "bob", "pat"):
        host.write(f"/home/{user}/.bashrc", "export OLLAMA_HOST=0.0.0.0\n", f"{user}:{user}")
    host.run("mount -t tmpfs none /home/bob; mv /home/pat /home/pat.away")
    before = host.snapshot()
    found = on(host, "check", "--control", "ollama-loopback", status=2)
    assert touched(host, before) == []
    assert found.outcome("ollama-loopback", "alice")["status"] == "drift"
    for user, reason in {
        "bob": "/home/bob is empty: an",
        "pat": "/home/pat does not exist",
    }.items():
        unknown = found.outcome("ollama-loopback", user)
        assert (unknown["status"], unknown["reason"][: len(reason)]) == ("unknown", reason)
    assert ("ollama-loopback", "nosudo") not in found.statuses()

    applied = on(host, "apply", "--control", "ollama-loopback", status=3)
    assert applied.outcome("ollama-loopback", "alice")["fate"] == "fixed"
    assert applied.outcome("ollama-loopback", "bob")["status"] == "unknown"
    host.run("umount /home/bob; mv /home/pat.away /home/pat")
    again = on(host, "check", "--control", "ollama-loopback", status=2)
    assert again.outcome("ollama-loopback", "bob")["status"] == "drift"
