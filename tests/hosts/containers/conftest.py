"""What the tests of containers share: engines with an image of the real Ollama, and one control."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.command import Command, Ran
from tests.hosts.services.conftest import answers
from tests.lab import Host, Lab

ARCHIVE = "/usr/local/share/ollama-image.tar"
IMAGE = "docker.io/ollama/ollama"
PUBLISHED = "container-publishes-loopback"
STATE = "/run/containers /run/libpod /run/user /run/lock /var/lib/containers /home/alice /dev/shm"

Only = Callable[..., Ran]


@pytest.fixture
def only(lab: Lab, hardpoint: Command, tmp_path: Path) -> Only:
    """only(host, "check", {option: value}, status=2): the control PUBLISHED, or `control`, alone."""

    def run(
        host: Host,
        command: str,
        options: dict[str, Any] | None = None,
        control: str = PUBLISHED,
        **given: Any,
    ) -> Ran:
        policy = tmp_path / "policy.yaml"
        policy.write_text(json.dumps({"profile": "strict", "options": {control: options or {}}}))
        words = [lab.inventory(), "--limit", host.name, "--control", control, "--format", "json"]
        if command != "rollback":
            words += ["--policy", policy]
        yes = ["--yes"] if command in ("apply", "rollback") else []
        return hardpoint(command, *words, *yes, **given)

    return run


def seen(ran: Ran, subject: str = "system", control: str = PUBLISHED) -> dict[str, dict[str, str]]:
    """The findings of a subject, by the name of their container or, for files, their first place."""
    return {_key(finding): finding for finding in ran.outcome(control, subject)["findings"]}


def _key(finding: dict[str, str]) -> str:
    _, container, rest = finding["seen"].partition("(container ")
    return rest.partition(",")[0] if container else finding["why"].partition(" ")[0]


def load(host: Host, engine: str, user: str = "root") -> None:
    """Brings the image in, for one user."""
    host.run(f"{engine} load --quiet --input {ARCHIVE}", user=user, session=user != "root")


def run(host: Host, engine: str, name: str, *options: str, user: str = "root") -> None:
    """Starts a container of the image, as a person types it."""
    words = [engine, "run", "--detach", "--name", name, *options, IMAGE]
    host.run(words, user=user, session=user != "root")


def stamps(host: Host) -> dict[str, str]:
    """Every file of podman's, in memory too, with its times of change, mode and size; but not what
    the containers themselves write."""
    theirs = r"\( -name merged -o -name diff \) -prune -o"
    listed = host.run(
        f"find {STATE} {theirs} -printf '%p\\t%m %s %C@ %T@\\n' 2>/dev/null", check=False
    )
    pairs = (line.partition("\t") for line in listed.stdout.splitlines())
    return {path: stamp for path, _, stamp in pairs}


__all__ = ["IMAGE", "PUBLISHED", "Only", "answers", "load", "only", "run", "seen", "stamps"]
