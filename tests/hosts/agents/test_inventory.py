"""Agents of a real host: of the system, of people, by links into homes; read as whom they belong to."""

from __future__ import annotations

import json
import time

import pytest

from hardpoint import hostside
from hardpoint.controls.agents import installed, rows, watched
from tests.hosts.upper import touched
from tests.lab import Host

pytestmark = pytest.mark.lab

SHOWN = ("agent", "user", "path", "version", "how")
BANG = "#!/usr/bin/env node\n"


def install(host: Host, prefix: str, package: str, version: str, owner: str = "root:root") -> str:
    """An npm package with its program's file; gives the file."""
    folder = f"{prefix}/lib/node_modules/{package}"
    host.write(f"{folder}/package.json", json.dumps({"version": version}), owner)
    host.write(f"{folder}/bin/main.js", BANG, owner, mode="0755")
    return f"{folder}/bin/main.js"


def agents(host: Host, user: str = "root") -> dict:
    return read(host, "agents", rows.query(), user)


def read(host: Host, what: str, query: dict, user: str = "root") -> dict:
    request = {"do": "read", "what": what, **query}
    return json.loads(host.run(hostside.command(request).get_raw_value(), user=user).stdout)


def test_each_is_told_with_its_owner_and_none_is_started(boot) -> None:
    host = boot("debian12")
    codex = install(host, "/usr/local", "@openai/codex", "0.169.0")
    host.run(f"ln -s {codex} /usr/local/bin/codex")
    alices = "/home/alice/.local/share/claude/versions/2.1.329"
    host.write(alices, "#!/bin/sh\ntouch /tmp/started\n", "alice:alice", mode="0755")
    host.run(f"mkdir -p ~/.local/bin && ln -s {alices} ~/.local/bin/claude", user="alice")
    install(host, "/home/bob/.nvm/versions/node/v22.1.0", "opencode-ai", "1.18.0", "bob:bob")
    gemini = install(host, "/home/bob/.npm-global", "@google/gemini-cli", "0.61.0", "bob:bob")
    host.run(f"ln -s {gemini} /usr/local/bin/gemini; mkdir /opt/x; ln -s /home/bob /opt/x/bin")
    host.write("/home/alice/work/app/node_modules/opencode-ai/package.json", '{"version": "1.2.3"}',
               "alice:alice")  # fmt: skip
    before = host.snapshot()

    there = agents(host)
    nvm = "/home/bob/.nvm/versions/node/v22.1.0/lib/node_modules/opencode-ai"
    assert [tuple(row[name] for name in SHOWN) for row in there["agents"]] == [
        ("codex", None, "/usr/local/bin/codex", "0.169.0", "npm"),
        ("gemini-cli", None, "/usr/local/bin/gemini", "0.61.0", "npm"),
        ("claude-code", "alice", "/home/alice/.local/bin/claude", "2.1.329", "installer"),
        ("opencode", "alice", "/home/alice/work/app/node_modules/opencode-ai", "1.2.3", "project"),
        ("opencode", "bob", nvm, "1.18.0", "npm"),
    ]
    assert there["limits"] == []
    assert touched(host, before) == []

    mine = agents(host, user="alice")
    assert {row["user"] for row in mine["agents"]} == {None, "alice"}
    assert "bob" in {limit["subject"] for limit in mine["limits"]}


PEOPLE = """
for n in $(seq 50); do
    useradd -m -s /bin/bash u$n
    cd /home/u$n
    mkdir -p .ssh src/{1..40}/{.git,lib/{x,y},node_modules/z} .local/share/claude/versions .local/bin
    echo x >.ssh/id
    touch src/{1..40}/lib/x/{1..20}
    ln .ssh/id src/7/lib/notes
    echo 'Run the tests.' | tee src/{1..40}/AGENTS.md >/dev/null
    cp /bin/true .local/share/claude/versions/2.1.329
    ln -s ../share/claude/versions/2.1.329 .local/bin/claude
    chown -R u$n: .
done
"""
QUERIES: dict[str, dict] = {
    "agents": rows.query(),
    "agent_config": watched.query(),
    "secret_links": {
        "protected": {"home": [".ssh"], "project": [".env"], "exempt": [], "system": []},
        "roots": [],
    },
}


@pytest.mark.everything
def test_fifty_people_are_looked_at_in_seconds(boot) -> None:
    """Each with an agent, forty projects and a key that has a second name in one of them."""
    host = boot("debian12")
    host.write("/root/people", PEOPLE)
    host.run("bash -e /root/people", timeout=300)
    found, seconds = {}, {}
    for what, query in QUERIES.items():
        began = time.monotonic()
        found[what] = read(host, what, query)
        seconds[what] = time.monotonic() - began
        assert found[what]["limits"] == []
    assert sum(row["agent"] == "claude-code" for row in found["agents"]["agents"]) == 50
    assert len(found["secret_links"]["links"]) == 50
    assert {len(one["files"]) for one in found["agent_config"]["configs"].values()} == {40}
    assert max(seconds.values()) < 15, seconds


@pytest.mark.everything
def test_the_real_ones_are_of_tried_versions(boot) -> None:
    host = boot("debian13", layers=("agents",))
    found = {row["agent"]: row for row in agents(host)["agents"]}
    assert set(found) == {id for id, row in rows.agents().items() if row.tested}
    for id, row in found.items():
        assert installed.Install(**row).tested, row
        assert (row["user"], row["how"]) == (None, "npm"), id
