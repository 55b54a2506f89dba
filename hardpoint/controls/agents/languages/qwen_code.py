"""Qwen Code: /etc/qwen-code/settings.json overrides everybody's; lists of rules add up. Tried with 0.24.4.

A rule that asks is not asked in its yolo mode, and any settings file of a project can switch hooks off.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hardpoint.controls.agents import commands
from hardpoint.controls.agents.confined import LAUNCHER, ONLY_INSIDE, confined, nested
from hardpoint.controls.agents.hooks import guard_hook
from hardpoint.controls.agents.intention import Intention
from hardpoint.controls.agents.language import Keys, Language, Shadow, Translator, Unsaid, Words
from hardpoint.controls.agents.places import secret_rules, unwritten_rules
from hardpoint.controls.agents.telemetry import telemetry

SETTINGS = "/etc/qwen-code/settings.json"
_DENY = ("permissions", "deny")


def managed_policy(meant: Intention) -> Words:
    """A person's own choice of a mode goes by the flag alone: no file makes it the usual one."""
    values: dict[tuple[str, ...], Any] = {("tools", "approvalMode"): "default"}
    if meant.mcp_servers:
        values["mcp", "allowed"] = list(meant.mcp_servers)
    what = "no yolo mode: its flag can't be refused"
    return Words((_settings(values),), (Unsaid("managed-policy", what, ("qwen-code-sandbox",)),))


def deny_sensitive_reads(meant: Intention) -> Words:
    rules, left = secret_rules(meant)
    layer = "deny-sensitive-reads"
    return Words(
        (_denied(rules),),
        (
            Unsaid(layer, "which commands read a file, but by its name", LAUNCHER),
            Unsaid(layer, "variables that its commands may not see", LAUNCHER),
            *(Unsaid(layer, f"{one}, but those that are exempt", LAUNCHER) for one in left),
        ),
    )


def deny_dangerous_commands(meant: Intention) -> Words:
    rules = [f"Bash({text})" for text in commands.globs(meant)]
    what = "what a command does, but by its text"
    return Words(
        (_denied(rules),),
        (Unsaid("deny-dangerous-commands", what, ("qwen-code-guard-hook", *LAUNCHER)),),
    )


def self_protection(meant: Intention) -> Words:
    rules = unwritten_rules(meant, ".qwen", (".qwen", "QWEN.md"))
    what = "which commands write a file, but by its name"
    return Words(
        (_denied(rules),),
        (Unsaid("self-protection", what, LAUNCHER),),
    )


def sandbox(meant: Intention) -> Words:
    """Outside hardpoint-run it does not start: no way of signing in is of that name. (Its own
    sandbox of commands keeps every file readable.)"""
    keys = _settings({("security", "auth", "enforcedType"): ONLY_INSIDE})
    return Words((keys, confined("qwen-code", {SETTINGS: nested(keys)})))


def privacy(meant: Intention) -> Words:
    return Words((_settings({("privacy", "usageStatisticsEnabled"): False}),))


def audit(meant: Intention) -> Words:
    return Words((_settings(dict(telemetry("qwen-code", meant.audit_port))),))


def _settings(values: dict[tuple[str, ...], Any]) -> Keys:
    return Keys(SETTINGS, "json", values)


def _denied(rules: Iterable[str]) -> Keys:
    return Keys(SETTINGS, "json", {_DENY: list(dict.fromkeys(rules))}, frozenset({_DENY}))


LAYERS: dict[str, Translator] = {
    "managed-policy": managed_policy,
    "deny-sensitive-reads": deny_sensitive_reads,
    "deny-dangerous-commands": deny_dangerous_commands,
    "sandbox": sandbox,
    "guard-hook": guard_hook("qwen-code"),
    "audit": audit,
    "self-protection": self_protection,
    "privacy": privacy,
}

LANGUAGE = Language(
    agent="qwen-code",
    layers=LAYERS,
    trusted=("/etc/qwen-code", SETTINGS, "/etc/qwen-code/system-defaults.json"),
    shadows=(
        Shadow(
            "managed-policy",
            "it names another file for the settings that override everybody's",
            variable="QWEN_CODE_SYSTEM_SETTINGS_PATH",
        ),
        Shadow(
            "audit",
            "it switches off what the agent tells of its calls",
            variable="QWEN_TELEMETRY_ENABLED",
        ),
        Shadow(
            "guard-hook",
            "it switches hooks off, those of the system too",
            path=".qwen/settings.json",
            keys=(("disableAllHooks",),),
            harmless=(None, False),
        ),
    ),
    sources=(
        "https://qwenlm.github.io/qwen-code-docs/en/users/configuration/settings/",
        "https://qwenlm.github.io/qwen-code-docs/en/users/features/sandbox/",
    ),
)
