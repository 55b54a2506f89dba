"""Mistakes at the command line and in the policy are told before any host is contacted."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import Command

WRONG_POLICY = """\
profile: recomended
options:
  ollama-loopback: {port: eleven, prot: 1}
  olama-loopback: {port: 1}
skip: [ollama-loopbck]
sikp: []
waivers:
  - {control: ollama-loopback, hosts: ["*"], reason: x, expires: 2027-01-31}
"""


@pytest.fixture
def bait(tmp_path: Path) -> Iterator[tuple[Path, list[object]]]:
    """An inventory with one host, and the connections that it got."""
    seen: list[object] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            seen.append(connection)
            connection.close()

    threading.Thread(target=accept, daemon=True).start()
    port = listener.getsockname()[1]
    inventory = tmp_path / "inventory.py"
    inventory.write_text(
        f"hosts = [('bait', {{'ssh_hostname': '127.0.0.1', 'ssh_port': {port}}})]\n"
    )
    yield inventory, seen
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def test_the_bait_works(bait, hardpoint: Command) -> None:
    inventory, seen = bait
    ran = hardpoint("check", inventory, "--format", "json", status=3)
    assert seen and ran.report["hosts"][0]["unreachable"]


def test_all_problems_of_a_policy_before_any_host(bait, hardpoint: Command, tmp_path: Path) -> None:
    inventory, seen = bait
    policy = tmp_path / "policy.yaml"
    policy.write_text(WRONG_POLICY)
    for verb in (["check"], ["apply", "--yes"], ["prove"]):
        ran = hardpoint(*verb, inventory, "--policy", policy, status=1)
        assert ran.out == "" and "Traceback" not in ran.err
        for line in (1, 3, 4, 5, 6, 8):
            assert f"policy.yaml:{line}" in ran.err, (line, ran.err)
        for name in ("recommended", "ollama-loopback", "skip", "owner"):
            assert name in ran.err
    assert seen == []


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--limit", "nobody"], "nobody"),
        (["--limit", "bait,nobody"], "nobody"),
        (["--control", "olama-loopback"], "ollama-loopback"),
        (["--family", "servces"], "services"),
        (["--policy", "no-such-file.yaml"], "no-such-file.yaml"),
    ],
)
def test_what_names_nothing(bait, hardpoint: Command, arguments: list[str], words: str) -> None:
    inventory, seen = bait
    ran = hardpoint("check", inventory, *arguments, status=1)
    assert words in ran.err and "Traceback" not in ran.err and ran.out == ""
    assert seen == []


@pytest.mark.parametrize("text", ["raise RuntimeError('oops')", "hosts = 1", "hosts = []", "(("])
def test_an_inventory_that_is_none(hardpoint: Command, tmp_path: Path, text: str) -> None:
    inventory = tmp_path / "broken.py"
    inventory.write_text(text + "\n")
    ran = hardpoint("check", inventory, status=1)
    assert "broken.py" in ran.err and "Traceback" not in ran.err
