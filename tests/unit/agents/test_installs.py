"""Agents are found by their files: every usual way to install one, and their versions."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hardpoint.controls.agents.rows import query
from hardpoint.hostside.payload import install_places, installs, projects, read_agents

AGENTS = {agent["id"]: agent for agent in query()["agents"]}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "it's a home"
    home.mkdir()
    return home


def program(path: Path, text: str = "\x7fELF") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def link(path: Path, target: str | Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def package(modules: Path, name: str, version: str) -> Path:
    folder = modules / name
    program(folder / "bin/main.js", "#!/usr/bin/env node\n")
    (folder / "package.json").write_text(json.dumps({"name": name, "version": version}))
    return folder


def found(home: Path) -> set[tuple[str, str, str | None, str]]:
    """(agent, path below the home, version, how) of all that is there."""
    bins, modules = install_places.of_home(str(home))
    places = {id: read_agents._candidates(agent, bins, modules) for id, agent in AGENTS.items()}
    rows = []
    for id, (programs, packages) in places.items():
        started = list(installs.by_program(AGENTS[id], str(home), programs))
        placed = read_agents._kept(started, installs.by_place(AGENTS[id], str(home)))
        for row in [*started, *installs.by_package(packages), *placed]:
            rows.append({"agent": id, "user": "alice", **row})
    return {
        (row["agent"], os.path.relpath(row["path"], home), row["version"], row["how"])
        for row in read_agents._once(rows)
    }


@pytest.mark.parametrize(
    "prefix",
    [
        ".npm-global",
        ".local",
        ".nvm/versions/node/v22.1.0",
        ".local/share/fnm/node-versions/v22.1.0/installation",
        ".local/share/mise/installs/node/22.1.0",
        ".asdf/installs/nodejs/22.1.0",
    ],
)
def test_npm_prefixes(home: Path, prefix: str) -> None:
    name = "@openai/codex"
    folder = package(home / prefix / "lib/node_modules", name, "0.169.0")
    link(
        home / prefix / "bin/codex", os.path.relpath(folder / "bin/main.js", home / prefix / "bin")
    )
    assert found(home) == {("codex", f"{prefix}/bin/codex", "0.169.0", "npm")}


def test_a_prefix_of_ones_own_is_that_of_npmrc(home: Path) -> None:
    (home / ".npmrc").write_text("//x/:_authToken=secret\nprefix = ${HOME}/my tools\n")
    package(home / "my tools/lib/node_modules", "opencode-ai", "1.18.33")
    path = "my tools/lib/node_modules/opencode-ai"
    assert found(home) == {("opencode", path, "1.18.33", "npm")}


def test_volta_pnpm_bun_and_the_old_local_installer(home: Path) -> None:
    inner = ".volta/tools/image/packages/@google/gemini-cli/lib/node_modules"
    package(home / inner, "@google/gemini-cli", "0.61.0")
    link(home / ".volta/bin/gemini", program(home / ".volta/bin/volta-shim"))
    package(home / ".local/share/pnpm/global/5/node_modules", "@qwen-code/qwen-code", "0.24.4")
    program(
        home / ".local/share/pnpm/qwen",
        '#!/bin/sh\nbasedir=$(dirname "$0")\n'
        'exec node "$basedir/global/5/node_modules/@qwen-code/qwen-code/bin/main.js" "$@"\n',
    )
    bun = package(home / ".bun/install/global/node_modules", "opencode-ai", "1.18.33")
    link(home / ".bun/bin/opencode", bun / "bin/main.js")
    claude = package(home / ".claude/local/node_modules", "@anthropic-ai/claude-code", "1.0.17")
    link(home / ".claude/local/node_modules/.bin/claude", claude / "bin/main.js")
    target = home / ".claude/local/node_modules/.bin/claude"
    program(home / ".claude/local/claude", f'#!/bin/bash\nexec "{target}" "$@"\n')
    assert found(home) == {
        ("gemini-cli", f"{inner}/@google/gemini-cli", "0.61.0", "npm"),
        ("qwen-code", ".local/share/pnpm/qwen", "0.24.4", "npm"),
        ("opencode", ".bun/bin/opencode", "1.18.33", "npm"),
        ("claude-code", ".claude/local/claude", "1.0.17", "npm"),
    }


def test_installers_of_their_own(home: Path) -> None:
    versions = home / ".local/share/claude/versions"
    program(versions / "2.1.300")
    link(home / ".local/bin/claude", program(versions / "2.1.329"))
    releases = home / ".codex/packages/standalone/releases"
    program(releases / "0.169.0-x86_64-unknown-linux-musl/bin/codex")
    link(
        home / ".codex/packages/standalone/current", releases / "0.169.0-x86_64-unknown-linux-musl"
    )
    link(home / ".local/bin/codex", home / ".codex/packages/standalone/current/bin/codex")
    program(home / ".local/share/cursor-agent/versions/2026.10.01-e373342/cursor-agent")
    program(home / ".copilot/pkg/linux-x64/1.0.104/copilot")
    program(home / ".opencode/bin/opencode", "\x7fELF --user-agent=opencode/1.18.33 -- x")
    assert found(home) == {
        ("claude-code", ".local/bin/claude", "2.1.329", "installer"),
        ("claude-code", ".local/share/claude/versions/2.1.300", "2.1.300", "kept"),
        ("codex", ".local/bin/codex", "0.169.0", "installer"),
        ("copilot-cli", ".copilot/pkg/linux-x64/1.0.104", "1.0.104", "installer"),
        ("cursor-cli", ".local/share/cursor-agent/versions/2026.10.01-e373342",
         "2026.10.01-e373342", "installer"),
        ("opencode", ".opencode/bin/opencode", "1.18.33", "program"),
    }  # fmt: skip


def test_python_environments_and_applications(home: Path) -> None:
    tool = home / ".local/share/uv/tools/aider-chat"
    link(home / ".local/bin/aider", program(tool / "bin/aider", "#!/usr/bin/python3\n"))
    (tool / "lib/python3.12/site-packages/aider_chat-0.86.1.dist-info").mkdir(parents=True)
    editor = home / "apps/VSCode-linux-x64"
    (editor / "resources/app").mkdir(parents=True)
    (editor / "resources/app/package.json").write_text('{"version": "1.120.0"}')
    link(home / "bin/code", program(editor / "bin/code", "#!/bin/sh\n"))
    assert found(home) == {
        ("aider", ".local/bin/aider", "0.86.1", "python"),
        ("vscode", "bin/code", "1.120.0", "application"),
    }


def test_what_is_hostile_or_of_no_known_version_is_told_without_one(home: Path) -> None:
    modules = home / ".npm-global/lib/node_modules"
    package(modules, "@openai/codex", "1; rm -rf /\x1b[31m")
    (package(modules, "opencode-ai", "1.0.0") / "package.json").write_text("[" * 9999)
    program(home / ".local/bin/claude", "#!/bin/sh\nexec /somewhere/claude\n")
    link(home / ".local/bin/gemini", "gemini")
    assert found(home) == {
        ("codex", ".npm-global/lib/node_modules/@openai/codex", None, "npm"),
        ("opencode", ".npm-global/lib/node_modules/opencode-ai", None, "npm"),
        ("claude-code", ".local/bin/claude", None, "program"),
    }


def test_our_own_launcher_is_no_agent(home: Path) -> None:
    program(home / ".local/bin/claude", "#!/bin/sh\nexec /usr/local/lib/hardpoint/x claude\n")
    link(home / ".local/bin/codex", program(home / "x/hardpoint-run"))
    program(home / "bin/qwen", '#!/bin/sh\nexec /usr/local/bin/hardpoint-run qwen "$@"\n')
    assert found(home) == set()


def test_projects_are_found_within_bounds(home: Path) -> None:
    for name in (
        "a",
        "src/github.com/me/b",
        "src/github.com/me/b/inner",
        ".hidden/c",
        "1/2/3/4/5/6",
    ):
        (home / name / ".git").mkdir(parents=True)
    (home / "worktree").mkdir()
    (home / "worktree/.git").write_text("gitdir: elsewhere")
    link(home / "again", home / "a")
    there, more = projects.below([str(home), str(home / "missing")])
    names = [os.path.relpath(path, home) for path in there]
    assert names == ["a", "worktree", "src/github.com/me/b", "src/github.com/me/b/inner"]
    assert not more
    assert projects.below([str(home)], most=2)[1]


def test_environments_are_not_looked_into_and_projects_not_deeply(home: Path) -> None:
    for name in (
        "conda/conda-meta",
        "conda/x/.git",
        "a/.git",
        "a/third/party/.git",
        "a/1/2/3/.git",
    ):
        (home / name).mkdir(parents=True)
    there, _ = projects.below([str(home)])
    assert [os.path.relpath(path, home) for path in there] == ["a", "a/third/party"]
