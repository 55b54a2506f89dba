"""VS Code's own agent: policies by name in /etc/vscode/policy.json, by its documentation.

An object or a list stands there as JSON in a text, as in the group policies of other systems. The
sandbox policies hold for local sessions; those of Copilot obey /etc/github-copilot.
"""

from __future__ import annotations

import json
from typing import Any

from hardpoint.controls.agents.intention import Intention
from hardpoint.controls.agents.language import Keys, Language, Translator, Unsaid, Words

POLICY = "/etc/vscode/policy.json"
_COPILOT = "/etc/github-copilot/managed-settings.json"


def managed_policy(meant: Intention) -> Words:
    values = {"ChatToolsAutoApprove": False, "ChatToolsTerminalEnableAutoApprove": False}
    copilot: dict[tuple[str, ...], Any] = {
        ("permissions", "disableBypassPermissionsMode"): "disable"
    }
    named = Unsaid("managed-policy", "which MCP servers may start, by name")
    pieces = (_policies(values), Keys(_COPILOT, "json", copilot))
    return Words(pieces, (named,) if meant.mcp_servers else ())


def sandbox(meant: Intention) -> Words:
    values = {
        "ChatAgentSandboxEnabled": "on",
        "ChatAgentSandboxAllowNetwork": False,
        "ChatAgentSandboxAllowUnsandboxedCommands": False,
        "ChatAgentNetworkFilter": True,
        "ChatAgentAllowedNetworkDomains": json.dumps(list(meant.domains)),
    }
    return Words(
        (_policies(values),),
        (
            Unsaid("deny-sensitive-reads", "which files it may not read"),
            Unsaid("deny-dangerous-commands", "which commands it may not run"),
            Unsaid("self-protection", "which files it may not change"),
            Unsaid("sandbox", "which files a command in its sandbox may not read"),
        ),
    )


def privacy(meant: Intention) -> Words:
    return Words((_policies({"TelemetryLevel": "off", "EnableFeedback": False}),))


def _policies(values: dict[str, Any]) -> Keys:
    return Keys(POLICY, "json", {(name,): value for name, value in values.items()})


LAYERS: dict[str, Translator] = {
    "managed-policy": managed_policy,
    "sandbox": sandbox,
    "privacy": privacy,
}

LANGUAGE = Language(
    agent="vscode",
    layers=LAYERS,
    trusted=("/etc/vscode", POLICY),
    sources=(
        "https://code.visualstudio.com/docs/enterprise/policies",
        "https://code.visualstudio.com/docs/enterprise/ai-settings",
    ),
)
