"""Gemini CLI: /etc/gemini-cli/settings.json overrides everybody's, and its policies every other rule.

Tried with 0.61.0. A policy file that can't be parsed is dropped whole and the run goes on, so each
layer has a file of its own, and tests parse them. In hardpoint-run Gemini skips both places, because
root is not root in a user namespace: there the sandbox is what holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from hardpoint.controls.agents import commands
from hardpoint.controls.agents.confined import LAUNCHER, ONLY_INSIDE, confined, nested
from hardpoint.controls.agents.hooks import guard_hook
from hardpoint.controls.agents.intention import Intention
from hardpoint.controls.agents.language import (
    Keys,
    Language,
    OwnFile,
    Shadow,
    Translator,
    Unsaid,
    Words,
)
from hardpoint.controls.agents.telemetry import telemetry

SETTINGS = "/etc/gemini-cli/settings.json"
POLICIES = "/etc/gemini-cli/policies"

SHELL = "run_shell_command"
READS = ["read_file", "read_many_files", "list_directory", "glob", "grep_search"]
WRITES = ["write_file", "replace"]
OUTWARD = ["web_fetch", "google_web_search"]

_BEFORE, _AFTER = "(^|[^A-Za-z0-9_.-])", "(?![A-Za-z0-9_.-])"
"""Around a name in the arguments' JSON: nothing that would make it another name."""

_WRITING = r"(>|tee |cp |mv |ln |install |sed -i)[^|;&]*"


def managed_policy(meant: Intention) -> Words:
    """Nothing that changes anything runs unasked, whatever the user's rules and flags say: an
    administrator's rule beats yolo mode, and asking nobody is a refusal."""
    values: dict[tuple[str, ...], Any] = {
        ("security", "disableYoloMode"): True,
        ("security", "disableAlwaysAllow"): True,
        ("security", "enablePermanentToolApproval"): False,
        ("security", "blockGitExtensions"): True,
        ("security", "folderTrust", "enabled"): True,
    }
    if meant.mcp_servers:
        values["mcp", "allowed"] = list(meant.mcp_servers)
    asked = [SHELL, *WRITES, *OUTWARD, "mcp_*"]
    rule = {"toolName": asked, "decision": "ask_user", "priority": 10}
    return Words((_settings(values), _policy("managed-policy", [rule])))


def deny_sensitive_reads(meant: Intention) -> Words:
    tools = [*READS, *WRITES, SHELL]
    said = "hardpoint: the policy of this machine protects it"
    rules = [
        _deny(tools, _BEFORE + _any(meant.home) + _AFTER, said),
        _deny(tools, _BEFORE + _but(meant.exempt) + _any(meant.project) + _AFTER, said),
        _deny(tools, _any(meant.system) + _AFTER, said),
    ]
    redaction = ("security", "environmentVariableRedaction")
    values: dict[tuple[str, ...], Any] = {
        (*redaction, "enabled"): True,
        (*redaction, "blocked"): [name for name in meant.environment if "*" not in name],
    }
    union = frozenset({(*redaction, "blocked")})
    return Words(
        (_settings(values, union), _policy("deny-sensitive-reads", rules)),
        (
            Unsaid("deny-sensitive-reads", "which commands read a file, but by its name", LAUNCHER),
            Unsaid("deny-sensitive-reads", "variables by a pattern of the policy's", LAUNCHER),
        ),
    )


def deny_dangerous_commands(meant: Intention) -> Words:
    said = "hardpoint: the policy of this machine refuses this command"
    whole, begin = commands.whole(meant), commands.begin(meant)
    words = [text for text in begin if text[-1].isalnum()]
    others = [text for text in begin if not text[-1].isalnum()]
    texts = [(_any(words) + _AFTER, words), (_any(others), others), (_any(whole) + '"', whole)]
    common = {"decision": "deny", "priority": 900, "denyMessage": said}
    rules = [{"toolName": SHELL, "commandRegex": regex, **common} for regex, some in texts if some]
    return Words(
        (_policy("deny-dangerous-commands", rules),),
        (
            Unsaid(
                "deny-dangerous-commands",
                "what a command does, but by its text",
                ("gemini-cli-guard-hook", *LAUNCHER),
            ),
        ),
    )


def self_protection(meant: Intention) -> Words:
    places = [*meant.persistent_home, *meant.persistent_project, ".gemini", "GEMINI.md"]
    said = "hardpoint: agents may not change this"
    place = _BEFORE + _any(places) + _AFTER
    rules = [_deny(WRITES, place, said), _deny([SHELL], _WRITING + place, said)]
    return Words(
        (_policy("self-protection", rules),),
        (Unsaid("self-protection", "which commands write a file, but by its text", LAUNCHER),),
    )


def sandbox(meant: Intention) -> Words:
    """Outside hardpoint-run it does not start: no way of signing in is of that name. (Its own
    sandbox of tools hides no secret, and hung without a terminal: tried.)"""
    keys = _settings({("security", "auth", "enforcedType"): ONLY_INSIDE})
    return Words((keys, confined("gemini-cli", {SETTINGS: nested(keys)})))


def privacy(meant: Intention) -> Words:
    return Words((_settings({("privacy", "usageStatisticsEnabled"): False}),))


def audit(meant: Intention) -> Words:
    """In hardpoint-run it reads no settings of the machine's: there the proxy tells."""
    return Words((_settings(dict(telemetry("gemini-cli", meant.audit_port))),))


def _settings(
    values: dict[tuple[str, ...], Any], union: frozenset[tuple[str, ...]] = frozenset()
) -> Keys:
    return Keys(SETTINGS, "json", values, union)


def _policy(layer: str, rules: list[dict[str, Any]]) -> OwnFile:
    """TOML: JSON's strings, numbers and arrays are TOML's as well."""
    lines = ["# Written by hardpoint; changes here are lost."]
    for rule in rules:
        lines += ["", "[[rule]]"]
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in rule.items()]
    return OwnFile(f"{POLICIES}/hardpoint-{layer}.toml", "\n".join(lines) + "\n")


def _deny(tools: list[str], pattern: str, said: str) -> dict[str, Any]:
    return {
        "toolName": tools,
        "argsPattern": pattern,
        "decision": "deny",
        "priority": 900,
        "denyMessage": said,
    }


def _any(patterns: Iterable[str]) -> str:
    """fnmatch patterns as one regular expression, for JavaScript and for text inside JSON."""
    return "(" + "|".join(_regex(pattern) for pattern in patterns) + ")"


def _but(patterns: Iterable[str]) -> str:
    return f"(?!{_any(patterns)}{_AFTER})" if patterns else ""


def _regex(pattern: str) -> str:
    within = '[^/" ]'
    escaped = re.sub(r"([.+^$(){}|\[\]\\])", r"\\\1", pattern)
    return escaped.replace("?", within).replace("*", f"{within}*")


LAYERS: dict[str, Translator] = {
    "managed-policy": managed_policy,
    "deny-sensitive-reads": deny_sensitive_reads,
    "deny-dangerous-commands": deny_dangerous_commands,
    "sandbox": sandbox,
    "guard-hook": guard_hook("gemini-cli"),
    "audit": audit,
    "self-protection": self_protection,
    "privacy": privacy,
}

LANGUAGE = Language(
    agent="gemini-cli",
    layers=LAYERS,
    trusted=("/etc/gemini-cli", SETTINGS, POLICIES, "/etc/gemini-cli/system-defaults.json"),
    shadows=(
        Shadow(
            "managed-policy",
            "it names another file for the settings that override everybody's",
            variable="GEMINI_CLI_SYSTEM_SETTINGS_PATH",
        ),
        Shadow(
            "guard-hook",
            "it switches hooks off, those of the system too",
            path=".gemini/settings.json",
            keys=(("hooksConfig", "disabled"), ("hooks", "disabled")),
            harmless=(None, []),
        ),
        Shadow(
            "guard-hook",
            "it switches hooks off, those of the system too",
            path=".gemini/settings.json",
            keys=(("hooksConfig", "enabled"),),
            harmless=(None, True),
        ),
    ),
    sources=(
        "https://geminicli.com/docs/reference/policy-engine/",
        "https://geminicli.com/docs/reference/configuration/",
        "https://geminicli.com/docs/cli/enterprise/",
    ),
)
