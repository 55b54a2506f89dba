"""What makes an agent tell the audit log of its calls: keys of its own system-wide document.

Tried with the real agents (Claude Code 2.1.329, Codex 0.169.0, Gemini CLI 0.61.0, Qwen Code 0.24.4) against
users' settings, flags and variables that say otherwise: theirs do not win, but for Qwen Code's variable
QWEN_TELEMETRY_ENABLED. Agents that are not here have no such words: the guard tells for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

LOG = "agent-audit-log"
"""The control that installs the writer."""

PORT = 4378
"""Where it takes OTLP over HTTP, on loopback, unless that control's option `port` says otherwise."""

Keys = Mapping[tuple[str, ...], Any]


def telemetry(agent: str, port: int = PORT) -> Keys:
    """key -> value for the agent's document; empty for an agent that can't tell.

    claude-code: managed-settings.json; codex: managed_config.toml, which beats flags and every
    other file; gemini-cli and qwen-code: the settings.json of the system, which overrides.
    """
    words = _WORDS.get(agent)
    return words(f"http://127.0.0.1:{port}") if words else {}


def _claude_code(root: str) -> Keys:
    values = {
        "CLAUDE_CODE_ENABLE_TELEMETRY": "1",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "none",
        # those of the logs alone: a user's own would beat the common ones
        "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL": "http/json",
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": f"{root}/v1/logs",
        "OTEL_LOG_TOOL_DETAILS": "1",
        "OTEL_LOG_USER_PROMPTS": "0",
    }
    return {("env", name): value for name, value in values.items()}


def _codex(root: str) -> Keys:
    exporter = ("otel", "exporter", "otlp-http")
    return {
        (*exporter, "endpoint"): f"{root}/v1/logs",
        (*exporter, "protocol"): "json",
        ("otel", "log_user_prompt"): False,
    }


def _gemini(root: str) -> Keys:
    values = {
        "enabled": True,
        "target": "local",
        "otlpEndpoint": root,
        "otlpProtocol": "http",
        "outfile": "",  # a file of the user's would be written instead
        "logPrompts": False,
    }
    return {("telemetry", name): value for name, value in values.items()}


_WORDS: Mapping[str, Callable[[str], Keys]] = {
    "claude-code": _claude_code,
    "codex": _codex,
    "gemini-cli": _gemini,
    "qwen-code": _gemini,
}
