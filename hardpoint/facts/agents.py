"""Coding agents: what is installed, what decides over them, and what their projects lead to."""

from __future__ import annotations

from typing import Any

from hardpoint.facts import Read


class Agents(Read):
    """{agents: [{agent: "claude-code", user: None | "alice", path, version: "2.1.329" | None,
    how: npm | installer | python | application | program | project | kept,
    running: bool}], limits}.

    `user` is in whose home it lies, None for an install of the system, which everybody may start.
    `path` is the program where one on a usual path starts it, else the package's or installer's folder.
    `kept` is an older version that an installer leaves beside the one in use; nobody starts it by name.
    `version` is None where no file tells it: nothing is started to find out.

    Query: {"agents": [{id, programs, packages, python, places, mark}]}, the catalogue's
    (controls/agents/rows.py).
    """

    what = "agents"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"agents": [], "limits": []}


class SecretLinks(Read):
    """{links: [{user: None | "alice", project, path, secret, kind: hard | symbolic}],
    projects: {"alice": 3, "system": 1}, limits}.

    `secret` is the file, or the protected folder, that the name at `path` leads to.

    Query: {"protected": {home, project, exempt, system: [patterns]}, "roots": ["/srv/work"]}.
    """

    what = "secret_links"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"links": [], "projects": {}, "limits": []}


class AgentConfig(Read):
    """{configs: {"alice": {files: {path: fingerprint}, grants: [[path, kind, name, fingerprint]],
    flags: [[path, fingerprint, what, line]], projects: [paths]}}, reviewed: {"alice": {...} | None},
    limits}.

    What decides over agents, by fingerprints that are keyed with the machine's id; `grants` are keys that
    allow something, `flags` hidden text and phrases that ask to leak. `reviewed` is what a review left.

    Query: {"watched": {home, project, anywhere, state, grants}} (controls/agents/watched.yaml).
    """

    what = "agent_config"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"configs": {}, "reviewed": {}, "limits": []}


class AgentProcesses(Read):
    """{processes: [{agent: "gemini-cli", user: "alice", pid, program: "/usr/local/bin/gemini",
    confined: bool}], limits}.

    `confined`: our launcher started it. Of several processes of one session the first is told.

    Query: {"agents": [{id, programs, packages}]}.
    Source: /proc/PID/cmdline and mountinfo (proc(5)).
    """

    what = "agent_processes"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"processes": [], "limits": []}
