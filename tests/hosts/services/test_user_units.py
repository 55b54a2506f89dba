"""Ollama as a service of users: logged in, lingering, away, and with drop-ins of their own."""

from __future__ import annotations

import pytest

from tests.hosts.services.conftest import (
    On,
    answers,
    findings,
    without_the_installed_one,
)
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host, Probe

pytestmark = pytest.mark.lab

FOLDER = ".config/systemd/user"
UNIT = """[Service]
ExecStart=/usr/local/bin/ollama serve
Restart=always
Environment=OLLAMA_HOST={value}
[Install]
WantedBy=default.target
"""
PORTS = {"alice": 9101, "bob": 9102, "nosudo": 9103, "pat": 9104}
DROP_IN = "/etc/systemd/user/ollama.service.d/zz-hardpoint-ollama-loopback.conf"


@pytest.fixture
def shared(workstation: Host) -> Host:
    """alice will log in, bob and nosudo linger, pat is away; nosudo has a drop-in of his own."""
    host = workstation
    without_the_installed_one(host)
    for user, port in PORTS.items():
        value = f"0.0.0.0:{port}"
        owner = f"{user}:{user}"
        host.write(f"/home/{user}/{FOLDER}/ollama.service", UNIT.format(value=value), owner)
        wants = f"/home/{user}/{FOLDER}/default.target.wants"
        host.run(f"mkdir {wants}; ln -s ../ollama.service {wants}/", user=user)
    mine = f"/home/nosudo/{FOLDER}/ollama.service.d/zzz-mine.conf"
    host.write(mine, "[Service]\nEnvironmentFile=%h/ollama.env\n", "nosudo:nosudo")
    host.write("/home/nosudo/ollama.env", "OLLAMA_HOST=0.0.0.0:9103\n", "nosudo:nosudo")
    host.run("loginctl enable-linger bob nosudo")
    return host


def test_services_of_users(shared: Host, probe: Probe, on: On) -> None:
    host = shared
    with host.user_session("alice"):
        answers(host, *(PORTS[user] for user in ("alice", "bob", "nosudo")))
        pristine = host.snapshot()
        found = on(host, "check", "--control", "ollama-loopback", status=2)
        assert touched(host, pristine) == []
        for user in ("alice", "bob"):
            assert found.outcome("ollama-loopback", user)["status"] == "exposed"
            seen = findings(found, "ollama-loopback", user)[str(PORTS[user])]
            assert seen["why"] == (
                f"/home/{user}/{FOLDER}/ollama.service:4 sets OLLAMA_HOST=0.0.0.0:{PORTS[user]}"
            )
        away = found.outcome("ollama-loopback", "pat")
        assert (away["status"], away["severity"]) == ("drift", "high")
        assert away["findings"][0]["seen"].endswith("will answer your network when it starts next")
        assert ("ollama-loopback", "system") not in found.statuses()

        applied = on(host, "apply", "--control", "ollama-loopback", status=2)
        fates = {user: applied.outcome("ollama-loopback", user)["fate"] for user in PORTS}
        assert fates == {
            "alice": "fixed", "bob": "fixed", "pat": "fixed", "nosudo": "still wrong"
        }  # fmt: skip
        stubborn = findings(applied, "ollama-loopback", "nosudo")["9103"]
        assert stubborn["why"] == "/home/nosudo/ollama.env:1 sets OLLAMA_HOST=0.0.0.0:9103"
        assert "remove OLLAMA_HOST from /home/nosudo/ollama.env:1" in stubborn["fix"]

        answers(host, PORTS["alice"], PORTS["bob"])
        for user, expected in {"alice": "reset", "bob": "reset", "nosudo": "open"}.items():
            assert probe.connect(host.address, PORTS[user]) == expected
        with host.user_session("pat"):
            answers(host, PORTS["pat"])
            assert probe.connect(host.address, PORTS["pat"]) == "reset"
        assert host.run(f"stat -c %U:%a {DROP_IN}").stdout.strip() == "root:644"

        again = on(host, "apply", "--control", "ollama-loopback", status=2)
        assert again.outcome("ollama-loopback", "alice")["fate"] == "already right"
        on(host, "rollback", "--control", "ollama-loopback", status=2)
        assert touched(host, pristine, (*JOURNAL, "/home/pat/.ollama*")) == []
        answers(host, PORTS["alice"], PORTS["bob"])
        for user in ("alice", "bob"):
            assert probe.connect(host.address, PORTS[user]) == "open"
