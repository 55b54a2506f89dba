"""One event of each agent, a shell command, in the form that it has sent; @cwd@ and @command@ are filled in.

Captured from claude-code 2.1.329, codex 0.169.0, gemini-cli 0.61.0, copilot-cli 1.0.102, qwen-code 0.24.4
and, by way of our plugin, opencode 1.18.33. Cursor's and VS Code's are as their documentation has them.
"""

EVENTS = {
    "claude-code": {
        "session_id": "521bc5cb-2eb8-4533-a0c9-38d89ba350d0",
        "transcript_path": "/home/dev/.claude/projects/-home-dev-alpha/521bc5cb.jsonl",
        "cwd": "@cwd@",
        "prompt_id": "59bd0a80-893b-4d86-a8cc-ea0b1c8ac4ad",
        "permission_mode": "bypassPermissions",
        "hook_event_name": "PreToolUse",
        "tool_name": "Bash",
        "tool_input": {"command": "@command@", "description": "step"},
        "tool_use_id": "call_x_1",
    },
    "codex": {
        "session_id": "01a1ff67-6d84-7991-9540-ac97e87202aa",
        "turn_id": "01a1ff67-6de4-7ef3-8796-e1193a8ae470",
        "transcript_path": "/home/dev/.codex/sessions/2026/11/21/rollout.jsonl",
        "cwd": "@cwd@",
        "hook_event_name": "PreToolUse",
        "model": "gpt-5.5",
        "permission_mode": "bypassPermissions",
        "tool_name": "Bash",
        "tool_input": {"command": "@command@"},
        "tool_use_id": "call_x_1",
    },
    "gemini-cli": {
        "session_id": "dfc0fae3-18c2-4d34-97c9-3dbaead1175b",
        "transcript_path": "/home/dev/.gemini/tmp/alpha/chats/session.jsonl",
        "cwd": "@cwd@",
        "hook_event_name": "BeforeTool",
        "timestamp": "2026-11-21T18:39:10.965Z",
        "tool_name": "run_shell_command",
        "tool_input": {"command": "@command@", "description": "step"},
    },
    "copilot-cli": {
        "sessionId": "2699234f-4a34-4b99-874f-bd03e94705ff",
        "timestamp": 1795286368073,
        "cwd": "@cwd@",
        "toolName": "bash",
        "toolArgs": {
            "command": "@command@",
            "description": "step",
            "mode": "sync",
            "initial_wait": 30,
        },
    },
    "opencode": {
        "hook_event_name": "tool.execute.before",
        "tool_name": "bash",
        "tool_input": {"command": "@command@", "description": "step"},
        "session_id": "ses_1",
        "cwd": "@cwd@",
    },
    "qwen-code": {
        "session_id": "dfc0fae3-18c2-4d34-97c9-3dbaead1175c",
        "transcript_path": "/home/dev/.qwen/tmp/alpha/chats/session.jsonl",
        "cwd": "@cwd@",
        "hook_event_name": "PreToolUse",
        "timestamp": "2026-11-21T18:39:40.965Z",
        "permission_mode": "yolo",
        "tool_name": "run_shell_command",
        "tool_input": {"command": "@command@", "description": "step", "is_background": False},
        "tool_use_id": "call_x_1",
    },
    "cursor": {
        "conversation_id": "c1",
        "generation_id": "g1",
        "hook_event_name": "beforeShellExecution",
        "workspace_roots": ["@cwd@"],
        "command": "@command@",
        "cwd": "@cwd@",
    },
    "vscode": {
        "timestamp": "2026-11-21T18:39:10.965Z",
        "cwd": "@cwd@",
        "sessionId": "s1",
        "hookEventName": "PreToolUse",
        "transcript_path": "/home/dev/t.json",
        "tool_name": "run_in_terminal",
        "tool_input": {"command": "@command@", "explanation": "x", "isBackground": False},
        "tool_use_id": "tool-123",
    },
}
