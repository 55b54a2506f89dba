"""Ollama that a person started in a terminal: told, with the exact remedy, and never stopped."""

from __future__ import annotations

import pytest

from tests.hosts.services.conftest import On, answers, without_the_installed_one
from tests.lab import Host, Probe

pytestmark = pytest.mark.lab


def test_a_server_of_a_persons_own(workstation: Host, probe: Probe, on: On) -> None:
    host = workstation
    without_the_installed_one(host)
    host.write("/home/bob/.bashrc", "export OLLAMA_HOST=0.0.0.0\n", "bob:bob")
    host.run(
        "setsid -f runuser -l bob -c 'OLLAMA_HOST=0.0.0.0 ollama serve' </dev/null >/dev/null 2>&1"
    )
    answers(host, 11434)
    process = host.run("pgrep -u bob -f 'ollama serve' | tail -1").stdout.strip()

    found = on(host, "check", status=2)
    outcome = found.outcome("ollama-loopback", "bob")
    (finding,) = outcome["findings"]
    assert outcome["status"] == "exposed"
    assert finding["seen"] == f"Ollama 0.17.4 answers on {host.address}:11434"
    cause, by_hand = finding["why"].split("; ")
    assert cause == "/home/bob/.bashrc:1 sets OLLAMA_HOST=0.0.0.0"
    assert by_hand.startswith(f"started by hand: ollama, pid {process} of bob, since 20")
    remedy = f"kill {process}; sleep 1; OLLAMA_HOST=127.0.0.1:11434 ollama serve"
    assert finding["fix"] == f"as bob: {remedy}"

    applied = on(host, "apply", status=2)
    assert applied.outcome("ollama-loopback", "bob")["fate"] == "still wrong"
    assert host.run("pgrep -u bob -f 'ollama serve' | tail -1").stdout.strip() == process
    assert probe.connect(host.address, 11434) == "open"
    assert host.read("/home/bob/.bashrc") == b"export OLLAMA_HOST=127.0.0.1:11434\n"

    # Without root it is seen too, though not whose process it is.
    unprivileged = on(host, "check", user="alice", status=2).outcome("ollama-loopback", "bob")
    (finding,) = unprivileged["findings"]
    assert finding["fix"] == "run with sudo to see which process of bob this is"

    host.run(["sh", "-c", f"setsid -f sh -c '{remedy}' </dev/null >/dev/null 2>&1"], user="bob")
    host.run("until ss -Hltn | grep -q 127.0.0.1:11434; do sleep 0.1; done")
    on(host, "check", status=0)
    assert probe.connect(host.address, 11434) == "reset"
