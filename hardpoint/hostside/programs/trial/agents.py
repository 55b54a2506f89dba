"""How each agent is run without anybody there, and what its tools are called. Data.

sandbox: it has one of its own. comment: begins a line of its settings that says nothing. modes:
arguments, the most permissive first. tools: action -> candidates (tool, arguments, perhaps a second
tool that the first makes known, its arguments); the first whose first tool the agent offers is used.
`@argument@` in an argument is filled in; "free": the tool takes one text.
"""

import json

PROMPT = "Do the next step."


def _patch(text):
    return {"free": text}


ADD_FILE = "*** Begin Patch\n*** Add File: @path@\n@plus-content@\n*** End Patch\n"
UPDATE_FILE = (
    "*** Begin Patch\n*** Update File: @path@\n@@\n-@old-line@\n+@new-line@\n*** End Patch\n"
)

_OPENCODE = {
    "provider": {
        "trial": {
            "npm": "@ai-sdk/openai-compatible",
            "name": "trial",
            "options": {"baseURL": "@model@/v1", "apiKey": "trial-key"},
            "models": {
                "trial-model": {
                    "name": "trial-model",
                    "tool_call": True,
                    "limit": {"context": 400000, "output": 8000},
                }
            },
        }
    },
    "autoupdate": False,
    "share": "disabled",
    "snapshot": False,
}

AGENTS = {
    "claude-code": {
        "command": ["-p", PROMPT, "--model", "claude-sonnet-4-5"],
        "modes": {
            "yolo": ["--dangerously-skip-permissions"],
            "edits": ["--permission-mode", "acceptEdits"],
            "default": [],
        },
        "environment": {
            "ANTHROPIC_BASE_URL": "@model@",
            "ANTHROPIC_API_KEY": "trial-key",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "DISABLE_AUTOUPDATER": "1",
        },
        "tools": {
            "shell": [("Bash", {"command": "@command@", "description": "step"})],
            "unsandboxed": [
                (
                    "Bash",
                    {"command": "@command@", "description": "s", "dangerouslyDisableSandbox": True},
                )
            ],
            "read": [("Read", {"file_path": "@path@"})],
            "write": [("Write", {"file_path": "@path@", "content": "@content@"})],
            "edit": [
                ("Edit", {"file_path": "@path@", "old_string": "@old@", "new_string": "@new@"})
            ],
            "fetch": [
                ("WebFetch", {"url": "@url@", "prompt": "read it"}),
                (
                    "ToolSearch",
                    {"query": "select:WebFetch", "max_results": 1},
                    "WebFetch",
                    {"url": "@url@", "prompt": "read it"},
                ),
            ],
        },
        "settings": ".claude/settings.json",
        "project-settings": ".claude/settings.local.json",
        "hooks": ".claude/hooks",
        "memory": ".claude/CLAUDE.md",
        "comment": "//",
        "sandbox": True,
        "copied": [".claude/settings.json"],
    },
    "codex": {
        "command": [
            "exec",
            "--skip-git-repo-check",
            "-m",
            "gpt-5.5",
            "-c",
            'model_provider="trial"',
            "-c",
            'model_providers.trial={name="trial",base_url="@model@/v1",env_key="TRIAL_KEY",wire_api="responses"}',
        ],
        "last": [PROMPT],
        "modes": {
            "yolo": ["--dangerously-bypass-approvals-and-sandbox"],
            "full": ["--sandbox", "danger-full-access"],
            "workspace": ["--sandbox", "workspace-write"],
            "default": [],
        },
        "environment": {"TRIAL_KEY": "trial-key"},
        "tools": {
            "shell": [
                ("exec_command", {"cmd": "@command@"}),
                ("shell_command", {"command": "@command@"}),
                ("shell", {"command": ["bash", "-lc", "@command@"]}),
            ],
            "unsandboxed": [
                (
                    "exec_command",
                    {
                        "cmd": "@command@",
                        "sandbox_permissions": "require_escalated",
                        "justification": "needed",
                    },
                ),
                (
                    "shell_command",
                    {
                        "command": "@command@",
                        "sandbox_permissions": "require_escalated",
                        "justification": "needed",
                    },
                ),
            ],
            "read": [
                ("exec_command", {"cmd": "sed -n 1,200p '@path@'"}),
                ("shell_command", {"command": "sed -n 1,200p '@path@'"}),
            ],
            "write": [("apply_patch", _patch(ADD_FILE))],
            "edit": [("apply_patch", _patch(UPDATE_FILE))],
            "fetch": [],
        },
        "settings": ".codex/config.toml",
        "project-settings": ".codex/config.toml",
        "hooks": ".codex/hooks",
        "memory": ".codex/AGENTS.md",
        "comment": "#",
        "sandbox": True,
        "copied": [".codex/config.toml", ".codex/hooks.json"],
    },
    "gemini-cli": {
        "command": ["-p", PROMPT, "-m", "gemini-2.5-pro"],
        "modes": {
            "yolo": ["--yolo", "--skip-trust"],
            "edits": ["--approval-mode", "auto_edit", "--skip-trust"],
            "default": ["--skip-trust"],
        },
        "environment": {
            # a base URL of the Gemini API itself means another kind of login, which headless refuses
            "GOOGLE_GENAI_USE_VERTEXAI": "true",
            "GOOGLE_API_KEY": "trial-key",
            "GOOGLE_VERTEX_BASE_URL": "@model@",
        },
        "tools": {
            "shell": [("run_shell_command", {"command": "@command@", "description": "step"})],
            "unsandboxed": [],
            "read": [("read_file", {"file_path": "@path@"})],
            "write": [("write_file", {"file_path": "@path@", "content": "@content@"})],
            "edit": [
                (
                    "replace",
                    {
                        "file_path": "@path@",
                        "old_string": "@old@",
                        "new_string": "@new@",
                        "instruction": "change it",
                    },
                )
            ],
            "fetch": [("web_fetch", {"prompt": "read @url@"})],
        },
        "settings": ".gemini/settings.json",
        "project-settings": ".gemini/settings.json",
        "hooks": ".gemini/hooks",
        "memory": ".gemini/GEMINI.md",
        "comment": "//",
        "sandbox": False,
        "copied": [".gemini/settings.json"],
    },
    "opencode": {
        "command": ["run", "--model", "trial/trial-model"],
        "last": [PROMPT],
        "modes": {"yolo": ["--dangerously-skip-permissions"], "auto": ["--auto"], "default": []},
        "environment": {
            "OPENCODE_CONFIG_CONTENT": json.dumps(_OPENCODE),
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        },
        "tools": {
            "shell": [("bash", {"command": "@command@", "description": "step"})],
            "unsandboxed": [],
            "read": [("read", {"filePath": "@path@"})],
            "write": [("write", {"filePath": "@path@", "content": "@content@"})],
            "edit": [("edit", {"filePath": "@path@", "oldString": "@old@", "newString": "@new@"})],
            "fetch": [("webfetch", {"url": "@url@", "format": "text"})],
        },
        "settings": ".config/opencode/opencode.json",
        "project-settings": "opencode.json",
        "hooks": ".config/opencode/plugin",
        "memory": ".config/opencode/AGENTS.md",
        "comment": "//",
        "sandbox": False,
        "copied": [".config/opencode/opencode.json", ".config/opencode/opencode.jsonc"],
    },
    "copilot-cli": {
        "command": ["-p", PROMPT, "--no-color", "--disable-builtin-mcps"],
        "modes": {
            "yolo": ["--allow-all-tools", "--allow-all-paths", "--allow-all-urls"],
            "tools": ["--allow-all-tools"],
            "default": [],
        },
        "environment": {
            "COPILOT_PROVIDER_BASE_URL": "@model@/v1",
            "COPILOT_PROVIDER_API_KEY": "trial-key",
            "COPILOT_PROVIDER_TYPE": "openai",
            "COPILOT_MODEL": "trial-model",
            "COPILOT_OFFLINE": "true",
            "COPILOT_AUTO_UPDATE": "false",
        },
        "tools": {
            "shell": [
                (
                    "bash",
                    {
                        "command": "@command@",
                        "description": "step",
                        "mode": "sync",
                        "initial_wait": 30,
                    },
                )
            ],
            "unsandboxed": [],
            "read": [("view", {"path": "@path@"})],
            "write": [("create", {"path": "@path@", "file_text": "@content@"})],
            "edit": [("edit", {"path": "@path@", "old_str": "@old@", "new_str": "@new@"})],
            "fetch": [("web_fetch", {"url": "@url@"})],
        },
        "settings": ".copilot/config.json",
        "project-settings": ".github/copilot/settings.json",
        "hooks": ".copilot/hooks",
        "memory": ".copilot/copilot-instructions.md",
        "comment": "//",
        "sandbox": False,
        "copied": [".copilot/config.json", ".copilot/settings.json"],
    },
    "qwen-code": {
        "command": ["-p", PROMPT, "--auth-type", "openai", "-m", "trial-model"],
        "modes": {"yolo": ["--yolo"], "edits": ["--approval-mode", "auto-edit"], "default": []},
        "environment": {
            "OPENAI_API_KEY": "trial-key",
            "OPENAI_BASE_URL": "@model@/v1",
            "OPENAI_MODEL": "trial-model",
        },
        "tools": {
            "shell": [
                (
                    "run_shell_command",
                    {"command": "@command@", "description": "step", "is_background": False},
                )
            ],
            "unsandboxed": [],
            "read": [("read_file", {"file_path": "@path@"})],
            "write": [("write_file", {"file_path": "@path@", "content": "@content@"})],
            "edit": [
                ("edit", {"file_path": "@path@", "old_string": "@old@", "new_string": "@new@"})
            ],
            "fetch": [("web_fetch", {"url": "@url@", "prompt": "read it"})],
        },
        "settings": ".qwen/settings.json",
        "project-settings": ".qwen/settings.json",
        "hooks": ".qwen/hooks",
        "memory": ".qwen/QWEN.md",
        "comment": "//",
        "sandbox": False,
        "copied": [".qwen/settings.json"],
    },
}
