"""What controls may say of each other, and do wrong, under plain pyinfra: with small ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import Command
from tests.hosts.plain.workstations import inventory
from tests.lab import Lab

pytestmark = pytest.mark.lab

DEPLOY = """
from functools import cache

from hardpoint import deploy
from hardpoint.control import Registry
from hardpoint.operations.document import Document, Fragment
from hardpoint.operations.file import File
from tests.sample_controls import Broken, Sample


def key(control, name, value):
    fragment = Fragment(control, "alice", (name,), value)
    return Document("/home/alice/shared.json", "alice", "json", (fragment,))


@cache
def registry():
    return Registry([
        Sample("second-thing", File("/etc/second", "2"), requires=("first-thing",)),
        Sample("first-thing", File("/etc/first", "1")),
        Broken("broken-thing"),
        Sample("third-thing", File("/etc/third", "3")),
        Sample("one-key", key("one-key", "one", 1), user="alice"),
        Sample("other-key", key("other-key", "two", 2), user="alice"),
    ])


deploy.all_controls = registry
deploy.baseline()
"""


def test_a_failure_blocks_what_requires_it_and_nothing_else(
    boot, lab: Lab, pyinfra: Command, tmp_path: Path
) -> None:
    host = boot("debian13")
    host.run("ln -s /etc/shadow /etc/first")
    host.write("/home/alice/shared.json", '{"kept": [1,  2]}\n', owner="alice:alice")
    deploy = tmp_path / "samples.py"
    deploy.write_text(DEPLOY)
    ran = pyinfra(inventory(tmp_path / "one", lab, {"all_of_them": [host]}), deploy, "-y", status=1)

    verified = ran.err.split("--> Starting operation: hardpoint verify")[1]
    assert "first-thing system file failed: /etc/first is a link" in verified
    assert "second-thing system file failed: blocked by first-thing" in verified
    assert "broken-thing: RuntimeError: a mistake" in verified
    files = host.run("ls /etc/second /etc/third", check=False).stdout
    assert files == "/etc/third\n"
    assert ran.err.count("Starting operation: one-key alice document") == 1
    assert "other-key alice" not in ran.err
    shared = host.read("/home/alice/shared.json").decode()
    assert '"kept": [1,  2]' in shared
    assert json.loads(shared) == {"kept": [1, 2], "one": 1, "two": 2}
