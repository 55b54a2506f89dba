"""What the tests of local AI services share: a workstation, and hardpoint on it alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.command import Command, Ran
from tests.lab import Host, Lab

LAYERS = ("ollama", "lmstudio")

On = Callable[..., Ran]


@pytest.fixture
def workstation(boot) -> Host:
    """A host with Ollama as its installer leaves it, and LM Studio's command."""
    return boot("debian12", layers=LAYERS)


@pytest.fixture
def on(lab: Lab, hardpoint: Command) -> On:
    """on(host, "check", status=2): the command on that host alone, its report as JSON."""

    def run(host: Host, command: str, *more: object, user: str = "ops", **given: Any) -> Ran:
        yes = ["--yes"] if command in ("apply", "rollback") else []
        only = ["--limit", host.name, "--format", "json"]
        return hardpoint(command, lab.inventory(user), *only, *yes, *more, **given)

    return run


def answers(host: Host, *ports: int, address: str = "127.0.0.1") -> None:
    """Returns when something answers on all the ports of the host."""
    urls = " ".join(f"http://{address}:{port}/" for port in ports)
    host.run(f"for url in {urls}; do until curl -s -o /dev/null $url; do sleep 0.1; done; done")


def without_the_installed_one(host: Host) -> None:
    """The system's Ollama is gone."""
    host.run("systemctl disable --quiet --now ollama; rm /etc/systemd/system/ollama.service")
    host.run("systemctl daemon-reload")


def findings(ran: Ran, control: str, subject: str = "system") -> dict[str, dict[str, str]]:
    """The findings of one outcome, by where they were seen: a port, or else the cause's place."""
    found = ran.outcome(control, subject)["findings"]
    return {_key(finding): finding for finding in found}


def _key(finding: dict[str, str]) -> str:
    _, answers_on, where = finding["seen"].partition(" answers on ")
    return where.rpartition(":")[2] if answers_on else finding["why"].partition(" ")[0]


def pid(host: Host, unit: str = "ollama.service") -> str:
    """The main process of a system service."""
    return host.run(f"systemctl show -P MainPID {unit}").stdout.strip()
