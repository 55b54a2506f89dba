"""Which files decide over agents, and what a settings file allows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hardpoint.controls.agents import watched
from hardpoint.hostside.payload import config_files, config_grants
from hardpoint.hostside.payload.errors import Refusal

WATCHED = watched.query()["watched"]


def write(base: Path, *names: str) -> None:
    for name in names:
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text("x")


def seen(base: Path, names: list[str], anywhere: list[str] | None = None) -> list[str]:
    found, more = config_files.watched(str(base), names, anywhere or [])
    assert not more
    return [os.path.relpath(path, base) for path in found]


def test_files_folders_and_links_of_a_home(tmp_path: Path) -> None:
    write(tmp_path, ".claude/settings.json", ".claude/skills/a/SKILL.md", ".claude/x",
          ".claude/skills/a/node_modules/x/README.md", "dotfiles/b/x.md", ".codex/hooks.json")  # fmt: skip
    (tmp_path / ".claude/skills/b").symlink_to(tmp_path / "dotfiles/b")
    (tmp_path / ".claude/skills/loop").symlink_to(tmp_path / ".claude/skills")
    assert seen(tmp_path, WATCHED["home"]) == [
        ".claude/settings.json", ".claude/skills/a/SKILL.md", ".claude/skills/b/x.md",
        ".codex/hooks.json",
    ]  # fmt: skip


def test_instructions_of_a_project_some_folders_deep(tmp_path: Path) -> None:
    write(tmp_path, "AGENTS.md", "a/b/c/CLAUDE.md", "a/b/c/d/CLAUDE.md", "node_modules/x/AGENTS.md",
          ".github/copilot-instructions.md", ".claude/commands/x.md", "README.md")  # fmt: skip
    assert seen(tmp_path, WATCHED["project"], WATCHED["anywhere"]) == [
        ".claude/commands/x.md", ".github/copilot-instructions.md", "AGENTS.md", "a/b/c/CLAUDE.md",
    ]  # fmt: skip


def test_what_is_no_file_or_too_big_has_no_content(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "big").write_bytes(b"x" * (5 << 20))
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "gone").symlink_to("nowhere")
    for name in ("fifo", "big", "zero", "gone", "absent"):
        assert config_files.content(str(tmp_path / name)) is None


def grants(name: str, text: str) -> set[tuple[str, str]]:
    found = config_grants.grants(text, name, WATCHED["grants"], lambda value: f"<{len(value)}>")
    assert all(mark.startswith("<") for _, _, mark in found)
    return {(kind, shown) for kind, shown, _ in found}


def test_settings_of_claude_code() -> None:
    text = """{ // comments are fine
      "permissions": {"allow": ["Bash(curl -H 'Bearer SECRET' x)", "Read"], "deny": ["Read(./.env)"],
                      "defaultMode": "bypassPermissions", "additionalDirectories": ["/srv"]},
      "hooks": {"PreToolUse": []}, "env": {"API_KEY": "SECRET"}, "enabledPlugins": {"x@y": true},
      "sandbox": {"enabled": false}, "model": "opus"}"""
    found = grants("settings.json", text)
    assert found == {
        ("rule", "permissions.allow: Bash"), ("rule", "permissions.allow: Read"),
        ("refusal", "permissions.deny: Read"), ("folder", "permissions.additionalDirectories"),
        ("mode", 'permissions.defaultMode = "bypassPermissions"'), ("hook", "hooks.PreToolUse"),
        ("variable", "env.API_KEY"), ("plugin", "enabledPlugins.x@y = true"),
        ("switch", "sandbox.enabled = false"),
    }  # fmt: skip
    assert "SECRET" not in str(found)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("settings.json", '{"permissions": {"defaultMode": "plan"}, "sandbox": {"enabled": true}}', set()),
        (".claude.json", '{"projects": {"/": {"allowedTools": ["Bash(x)"], "hasTrustDialogAccepted": true}}}',
         {("rule", "projects./.allowedTools: Bash"), ("trust", "projects./.hasTrustDialogAccepted = true")}),
        ("config.toml", 'approval_policy = "never"\n[mcp_servers.x]\ncommand = "y"\n[projects."/p"]\n'
         'trust_level = "trusted"\n',
         {("mode", 'approval_policy = "never"'), ("server", "mcp_servers.x"),
          ("trust", 'projects./p.trust_level = "trusted"')}),
        ("opencode.json", '{"permission": {"edit": "allow", "bash": {"*": "allow", "rm *": "deny"}}}',
         {("rule", 'permission.edit = "allow"'), ("rule", 'permission.bash.* = "allow"')}),
        ("settings.json", '{"chat.tools.global.autoApprove": true}',
         {("mode", "chat.tools.global.autoApprove = true")}),
        ("trustedFolders.json", '{"/": "TRUST_FOLDER"}', {("trust", '/ = "TRUST_FOLDER"')}),
        ("mcp.json", '{"servers": {"a\\u001b[31m": {}}}', {("server", "servers.a?[31m")}),
    ],
)  # fmt: skip
def test_settings_of_others(name: str, text: str, found: set[tuple[str, str]]) -> None:
    assert grants(name, text) == found


def test_a_malformed_file_is_told() -> None:
    with pytest.raises(Refusal):
        config_grants.grants("{", "settings.json", WATCHED["grants"], str)
    found, problem = config_grants.readable("[", "/h/config.toml", WATCHED["grants"], str)
    assert found == [] and problem and "/h/config.toml" in problem
    assert config_grants.style_of("README.md") is None
