"""Compose files: read by their lines, edited when the policy asks, and back to the byte."""

from __future__ import annotations

import pytest

from tests.hosts.containers.conftest import PUBLISHED, Only, seen
from tests.hosts.upper import JOURNAL, touched

pytestmark = pytest.mark.lab

COMPOSE = """\
# what I run at home      (order and comments are mine)
x-restart: &restart
  restart: unless-stopped   # always on
  environment:
    - TOKEN=hunter2-in-a-compose-file

services:

  web:            # not AI
    image: nginx
    ports: ["80:80"]

  # the models
  ollama:
    <<: *restart
    profiles:
    - gpu
    ports:
      # everyone
      -   "11434:11434"     # really?
      - '0.0.0.0:11435:11434'
      - "${PORT:-11436}:11434"
      - 127.0.0.1:11437:11434
      - target: 11434
        published: 11438    # long
    image: ollama/ollama:latest

  hostly:
    image: ollama/ollama
    network_mode: host
"""
EDITED = (
    COMPOSE.replace('"11434:11434"', '"127.0.0.1:11434:11434"')
    .replace("'0.0.0.0:11435:11434'", "'127.0.0.1:11435:11434'")
    .replace('"${PORT:-11436}:11434"', '"127.0.0.1:${PORT:-11436}:11434"')
    .replace(
        "published: 11438    # long\n", "published: 11438    # long\n        host_ip: 127.0.0.1\n"
    )
)
SYSTEM, HOME = "/srv/ai/compose.yaml", "/home/alice/code/ai/docker-compose.yml"
OPTED = {"edit_files": True}


def test_a_file_with_anchors_and_profiles(boot, only: Only) -> None:
    host = boot("debian12")
    host.write(SYSTEM, COMPOSE)
    host.write(HOME, COMPOSE, "alice:alice", "0640")
    before = host.snapshot()

    found = only(host, "check", status=2)
    assert touched(host, before) == []
    assert "hunter2" not in found.out
    for subject, path in (("system", SYSTEM), ("alice", HOME)):
        assert found.outcome(PUBLISHED, subject)["status"] == "drift"
        findings = seen(found, subject)
        assert set(findings) == {f"{path}:20", f"{path}:30"}
        finding = findings[f"{path}:20"]
        assert "when ollama (profile gpu) is started" in finding["seen"]
        for line in (20, 21, 22, 24):
            assert f"{path}:{line} has ports: " in finding["why"]
        assert f"{path}:23" not in finding["why"]
        assert findings[f"{path}:30"]["why"] == f"{path}:30 has network_mode: host"

    # Not asked for: not a byte.
    only(host, "apply", status=2)
    assert touched(host, before, JOURNAL) == []

    applied = only(host, "apply", OPTED, status=2)
    assert host.read(SYSTEM).decode() == EDITED
    assert host.read(HOME).decode() == EDITED
    assert touched(host, before, JOURNAL) == [HOME, SYSTEM]
    assert host.run(f"stat -c '%U %G %a' {HOME}").stdout == "alice alice 640\n"
    assert set(seen(applied)) == {f"{SYSTEM}:31"}  # the host's network is told still
    again = only(host, "apply", OPTED, status=2)
    assert not again.outcome(PUBLISHED)["changes"]

    only(host, "rollback", status=None)
    assert touched(host, before, JOURNAL) == []


def test_a_shared_list_is_told_and_left_alone(boot, only: Only) -> None:
    host = boot("debian12")
    shared = "x: &p ['11434:11434']\nservices:\n  a: {image: ollama/ollama, ports: *p}\n"
    host.write("/opt/x/compose.yml", shared)
    host.write("/home/bob/deep/down/here/my.yaml", shared, "bob:bob")
    before = host.snapshot()
    options = OPTED | {"compose_files": ["~/deep/*/*/*.yaml"]}
    for command in ("check", "apply"):
        found = only(host, command, options, status=2)
        assert set(seen(found)) == {"/opt/x/compose.yml:1"}
        assert set(seen(found, "bob")) == {"/home/bob/deep/down/here/my.yaml:1"}
    assert touched(host, before, JOURNAL) == []


def test_a_malformed_file_is_unknown_and_stays(boot, only: Only) -> None:
    host = boot("debian12")
    host.write("/home/alice/x/compose.yaml", "services:\n\tollama: {}\n", "alice:alice")
    host.run("ln -s /etc/shadow /home/bob/compose.yaml")
    before = host.snapshot()
    found = only(host, "check", OPTED, status=3)
    outcome = found.outcome(PUBLISHED, "alice")
    assert outcome["status"] == "unknown" and "compose.yaml line 2" in outcome["reason"]
    assert "symbolic link" in found.outcome(PUBLISHED, "bob")["reason"]
    assert touched(host, before) == []
