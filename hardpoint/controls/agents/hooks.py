"""How each agent is told to ask the guard before a tool call, and to refuse when it gets no answer.

A registration is what stands in the agent's system-wide documents; a language's layer `guard-hook` is
`guard_hook(agent)`. Only exit status 0 of the command lets a call through: the guard answers 0 or 2,
and a crash, a missing interpreter, a deleted guard or the end of its time become 2, with words, which
Codex insists on. The inner time limit is shorter than the agent's own, at whose end most agents let the
call through.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hardpoint.controls.agents.intention import Intention
from hardpoint.controls.agents.language import Keys, OwnFile, Words
from hardpoint.operations.program import command, folder

SECONDS = 8
"""The guard's own; one decision takes a tenth of one on an idle machine."""
PATIENCE = 30
"""The agents': none may give up before the guard's time is over, on the busiest machine."""


def asking(agent: str) -> str:
    """The shell command that asks the guard about a call on stdin: exit status 0 allows, 2 refuses."""
    told = "hardpoint's guard gave no answer: the call is refused"
    return (
        f"/usr/bin/timeout -k 1 {SECONDS} {command('guard')} {agent} || "
        f'{{ [ $? -eq 2 ] || echo "{told}" >&2; exit 2; }}'
    )


def _handler(agent: str, patience: int = PATIENCE, **more: Any) -> dict[str, Any]:
    return {"type": "command", "command": asking(agent), "timeout": patience, **more}


def _claude_code() -> list[OwnFile | Keys]:
    handler = _handler("claude-code", onFailure="block")
    hooks = {"PreToolUse": [{"matcher": "*", "hooks": [handler]}]}
    text = json.dumps({"hooks": hooks, "allowManagedHooksOnly": True}, indent=2) + "\n"
    return [OwnFile("/etc/claude-code/managed-settings.d/90-hardpoint-guard-hook.json", text)]


def _codex() -> list[OwnFile | Keys]:
    values: dict[tuple[str, ...], Any] = {
        ("hooks", "managed_dir"): folder("guard"),
        ("hooks", "PreToolUse"): [{"matcher": ".*", "hooks": [_handler("codex")]}],
        ("features", "hooks"): True,  # without it a trusted project turns them off
        ("allow_managed_hooks_only",): True,
    }
    return [Keys("/etc/codex/requirements.toml", "toml", values)]


def _gemini_cli() -> list[OwnFile | Keys]:
    handler = _handler("gemini-cli", PATIENCE * 1000, name="hardpoint-guard")
    key = ("hooks", "BeforeTool")
    values: dict[tuple[str, ...], Any] = {
        key: [{"matcher": "*", "hooks": [handler]}],
        ("hooksConfig", "enabled"): True,
    }
    return [Keys("/etc/gemini-cli/settings.json", "json", values, frozenset([key]))]


def _qwen_code() -> list[OwnFile | Keys]:
    handler = _handler("qwen-code", PATIENCE * 1000, name="hardpoint-guard")
    key = ("hooks", "PreToolUse")
    values: dict[tuple[str, ...], Any] = {
        key: [{"matcher": "*", "hooks": [handler]}],
        ("disableAllHooks",): False,
    }
    return [Keys("/etc/qwen-code/settings.json", "json", values, frozenset([key]))]


def _copilot_cli() -> list[OwnFile | Keys]:
    handler = {"type": "command", "bash": asking("copilot-cli"), "timeoutSec": PATIENCE}
    text = json.dumps({"version": 1, "hooks": {"preToolUse": [handler]}}, indent=2) + "\n"
    return [OwnFile("/etc/github-copilot/policy.d/40-hardpoint-guard.json", text)]


PLUGIN = "/etc/opencode/plugins/hardpoint-guard.js"

_PLUGIN = """\
// hardpoint's guard, asked before each tool call: any end but exit status 0 refuses the call.
import { spawnSync } from "node:child_process"

export const HardpointGuard = async ({ directory }) => ({
  "tool.execute.before": async (input, output) => {
    const event = {
      hook_event_name: "tool.execute.before",
      tool_name: input.tool,
      tool_input: output.args ?? {},
      session_id: input.sessionID,
      cwd: directory,
    }
    const done = spawnSync("/bin/sh", ["-c", @command@], {
      input: JSON.stringify(event),
      encoding: "utf8",
      timeout: @patience@,
    })
    if (done.status !== 0) {
      throw new Error((done.stderr || "").trim() || "hardpoint's guard gave no answer: refused")
    }
  },
})
"""


def _opencode() -> list[OwnFile | Keys]:
    plugin = _PLUGIN.replace("@command@", json.dumps(asking("opencode")))
    plugin = plugin.replace("@patience@", str(PATIENCE * 1000))
    key = ("plugin",)
    named = Keys(
        "/etc/opencode/opencode.json", "json", {key: [f"file://{PLUGIN}"]}, frozenset([key])
    )
    return [OwnFile(PLUGIN, plugin), named]


def _cursor() -> list[OwnFile | Keys]:
    handler = {"command": asking("cursor"), "timeout": PATIENCE, "failClosed": True}
    events = ("preToolUse", "beforeShellExecution", "beforeMCPExecution", "beforeReadFile")
    keys: dict[tuple[str, ...], Any] = {("hooks", event): [handler] for event in events}
    values: dict[tuple[str, ...], Any] = {("version",): 1, **keys}
    return [Keys("/etc/cursor/hooks.json", "json", values, frozenset(keys))]


_REGISTRATIONS: dict[str, Callable[[], list[OwnFile | Keys]]] = {
    "claude-code": _claude_code,
    "codex": _codex,
    "gemini-cli": _gemini_cli,
    "qwen-code": _qwen_code,
    "copilot-cli": _copilot_cli,
    "opencode": _opencode,
    "cursor": _cursor,
}

AGENTS = tuple(_REGISTRATIONS)
"""Those that can be told system-wide. VS Code reads hooks from users' and projects' folders only."""


def registration(agent: str) -> tuple[OwnFile | Keys, ...]:
    """What makes the agent ask the guard; () for one that can't be told system-wide."""
    return tuple(_REGISTRATIONS[agent]()) if agent in _REGISTRATIONS else ()


def guard_hook(agent: str) -> Callable[[Intention], Words]:
    """The layer `guard-hook` of an agent's language: the guard itself reads the policy on the host."""
    return lambda meant: Words(registration(agent))
