"""Copilot CLI: /etc/github-copilot/managed-settings.json, which nobody else's settings loosen.

Tried with 1.0.102, also without an account. A broken file is taken as the most restrictive policy.
It has a sandbox of its own, which needs no more than bubblewrap while commands get no network. In
hardpoint-run the folder is hidden: root is not root there, and Copilot takes a file that is not
root's for a broken one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hardpoint.controls.agents import commands
from hardpoint.controls.agents.confined import LAUNCHER, confined
from hardpoint.controls.agents.hooks import guard_hook
from hardpoint.controls.agents.intention import Intention
from hardpoint.controls.agents.language import Keys, Language, Translator, Unsaid, Words
from hardpoint.controls.agents.places import secret_rules, unwritten_rules

FOLDER = "/etc/github-copilot"
SETTINGS = f"{FOLDER}/managed-settings.json"
_DENY, _ALLOW = ("permissions", "deny"), ("permissions", "allow")
_SANDBOX = ("copilot-cli-sandbox", *LAUNCHER)


def managed_policy(meant: Intention) -> Words:
    """Once a rule stands there, all that no rule allows is asked for, in every mode."""
    values: dict[tuple[str, ...], Any] = {
        ("permissions", "disableBypassPermissionsMode"): "disable",
        ("permissions", "disableAssistedPermissionsMode"): True,
        ("allowManagedHooksOnly",): True,
        ("strictPluginOnlyCustomization",): ["hooks"],
    }
    if meant.mcp_servers:
        values["allowedMcpServers",] = [{"serverName": name} for name in meant.mcp_servers]
    return Words((Keys(SETTINGS, "json", values),))


def deny_sensitive_reads(meant: Intention) -> Words:
    rules, left = secret_rules(meant)
    layer = "deny-sensitive-reads"
    return Words(
        (_denied(rules),),
        (
            Unsaid(layer, "which commands read a file, but by its name", _SANDBOX),
            Unsaid(layer, "variables that its commands may not see", LAUNCHER),
            *(Unsaid(layer, f"{one}, but those that are exempt", LAUNCHER) for one in left),
        ),
    )


def deny_dangerous_commands(meant: Intention) -> Words:
    rules = [f"Shell({text})" for text in commands.globs(meant)]
    what = "what a command does, but by its text"
    return Words(
        (_denied(rules),),
        (Unsaid("deny-dangerous-commands", what, ("copilot-cli-guard-hook", *_SANDBOX)),),
    )


def self_protection(meant: Intention) -> Words:
    rules = unwritten_rules(meant, ".copilot", (".github/hooks", ".github/copilot"))
    what = "which commands write a file of the project, but by its name"
    return Words(
        (_denied(rules),),
        (Unsaid("self-protection", what, LAUNCHER),),
    )


def sandbox(meant: Intention) -> Words:
    """Commands, MCP and language servers see the project and the system, and no network: names of
    hosts need more programs than bubblewrap. In it, they need not be asked for."""
    root = ("sandbox",)
    network = (*root, "userPolicy", "network")
    values: dict[tuple[str, ...], Any] = {
        (*root, "enabled"): True,
        (*root, "failIfUnavailable"): True,
        (*root, "allowBypass"): False,
        (*root, "sandboxMcpServers"): True,
        (*root, "sandboxLspServers"): True,
        (*root, "auth", "git"): False,
        (*root, "auth", "gh"): False,
        (*network, "allowOutbound"): False,
        (*network, "allowLocalNetwork"): False,
        _ALLOW: ["Shell", "Read", "Edit"],
    }
    return Words(
        (
            Keys(SETTINGS, "json", values, frozenset({_ALLOW})),
            confined("copilot-cli", {FOLDER: None}),
        ),
        (
            Unsaid(
                "sandbox", "the hosts that commands may reach: it lets them reach none", LAUNCHER
            ),
        ),
    )


def privacy(meant: Intention) -> Words:
    """Nobody steers this machine's sessions from another device."""
    what = "no telemetry to the vendor, but by COPILOT_OFFLINE and another provider"
    return Words(
        (Keys(SETTINGS, "json", {("remoteControl", "mode"): "disabled"}),),
        (Unsaid("privacy", what, LAUNCHER),),
    )


def _denied(rules: Iterable[str]) -> Keys:
    return Keys(SETTINGS, "json", {_DENY: list(dict.fromkeys(rules))}, frozenset({_DENY}))


LAYERS: dict[str, Translator] = {
    "managed-policy": managed_policy,
    "deny-sensitive-reads": deny_sensitive_reads,
    "deny-dangerous-commands": deny_dangerous_commands,
    "sandbox": sandbox,
    "guard-hook": guard_hook("copilot-cli"),
    "self-protection": self_protection,
    "privacy": privacy,
}

LANGUAGE = Language(
    agent="copilot-cli",
    layers=LAYERS,
    trusted=(FOLDER, SETTINGS, f"{FOLDER}/policy.d"),
    sources=(
        "https://docs.github.com/en/copilot/reference/enterprise-administrators/"
        "enterprise-managed-settings",
        "https://docs.github.com/en/copilot/reference/hooks-reference",
        "https://docs.github.com/en/copilot/how-tos/cloud-and-local-sandboxes/"
        "using-local-sandboxing",
    ),
)
