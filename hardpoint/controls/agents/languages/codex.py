"""Codex: keys of its requirements, which no file, flag or session can loosen, and of its managed settings.

Tried with 0.169.0. A list of allowed permission profiles makes it use ours, whatever sandbox mode it is
asked for. What a profile does not name can't be read: ours names a project and what commands need.
"""

from __future__ import annotations

from typing import Any

from hardpoint.controls.agents.commands import begin, whole
from hardpoint.controls.agents.confined import confined
from hardpoint.controls.agents.hooks import guard_hook
from hardpoint.controls.agents.intention import Intention
from hardpoint.controls.agents.language import Keys, Language, Shadow, Unsaid, Words
from hardpoint.controls.agents.names import TOOLS, without
from hardpoint.controls.agents.telemetry import telemetry

AGENT = "codex"
FOLDER = "/etc/codex"
REQUIREMENTS = f"{FOLDER}/requirements.toml"
MANAGED = f"{FOLDER}/managed_config.toml"
Values = dict[tuple[str, ...], Any]
_DOCS = "https://developers.openai.com/codex"
_PROFILE = "hardpoint"
_FILES = ("permissions", _PROFILE, "filesystem")
_NETWORK = ("permissions", _PROFILE, "network")
_PROJECT = (*_FILES, ":workspace_roots")
_INSTALLED = ".codex/packages/standalone/releases"
"""Its own program, where its installer puts it: it starts itself in the sandbox."""
_DEPTH = 6
"""How deep in a project it looks for protected names before each command."""


def _required(values: Values, *union: tuple[str, ...]) -> Keys:
    return Keys(REQUIREMENTS, "toml", values, frozenset(union))


def _managed(values: Values) -> Keys:
    return Keys(MANAGED, "toml", values)


def _managed_policy(meant: Intention) -> Words:
    policies = ("allowed_approval_policies",)
    values: Values = {
        policies: ["on-request", "untrusted", "never"],
        ("allowed_sandbox_modes",): ["read-only", "workspace-write"],
        ("allow_managed_hooks_only",): True,
        ("features", "hooks"): True,
    }
    servers = Unsaid(
        "managed-policy",
        "which MCP servers may start: its list asks for each one's command or address, too",
        ("agent-launcher",),
    )
    return Words((_required(values),), (servers,))


def _deny_sensitive_reads(meant: Intention) -> Words:
    denied = [f"{home}/{path}" for _, home in meant.homes for path in meant.home]
    denied += meant.system
    values: Values = {("permissions", "filesystem", "deny_read"): denied}
    for pattern in meant.project:
        for name in without(pattern, meant.exempt):
            values[(*_PROJECT, f"**/{name}")] = "deny"
    hidden: Values = {
        ("shell_environment_policy", "exclude"): list(meant.environment),
        ("shell_environment_policy", "ignore_default_excludes"): False,
    }
    unsaid = (
        Unsaid(
            "deny-sensitive-reads",
            f"protected names deeper than {_DEPTH} folders in a project, or without its sandbox",
            ("codex-sandbox", "agent-launcher"),
        ),
        Unsaid(
            "deny-sensitive-reads",
            "a hard link inside a project to a protected file",
            ("secret-links", "agent-launcher"),
        ),
    )
    pieces = (_required(values, ("permissions", "filesystem", "deny_read")), _managed(hidden))
    return Words(pieces, unsaid)


def _deny_dangerous_commands(meant: Intention) -> Words:
    refused = [text for text in begin(meant) if text[-1].isalnum()]  # it compares whole words
    refused += [text for text in whole(meant) if " " in text]
    rules = [
        {
            "pattern": [{"token": word} for word in text.split()],
            "decision": "forbidden",
            "justification": "refused by policy",
        }
        for text in refused
    ]
    key = ("rules", "prefix_rules")
    disguised = Unsaid(
        "deny-dangerous-commands",
        "dangerous commands in disguise: by a variable, a glob, an alias, an interpreter, a pipe",
        ("codex-sandbox", "codex-guard-hook"),
    )
    return Words((_required({key: rules}, key),), (disguised,))


def _sandbox(meant: Intention) -> Words:
    access = "read" if meant.profile == "research" else "write"
    values: Values = {
        ("default_permissions",): _PROFILE,
        ("allowed_permission_profiles", _PROFILE): True,
        (*_FILES, ":minimal"): "read",
        (*_FILES, ":tmpdir"): "write",
        (*_FILES, ":slash_tmp"): "write",
        (*_FILES, "glob_scan_max_depth"): _DEPTH,
        (*_PROJECT, "."): access,
        (*_NETWORK, "enabled"): False,
    }
    for path in (*TOOLS, *meant.persistent_home, _INSTALLED):
        values[(*_FILES, f"~/{path}")] = "read"
    unsaid = (
        Unsaid(
            "sandbox",
            "the policy's domains: its commands have no network at all",
            ("agent-launcher",),
        ),
        Unsaid(
            "sandbox",
            "to write in .git: its commands can't commit; a .git that is a file would end its start",
            ("agent-launcher",),
        ),
        Unsaid(
            "self-protection",
            "files of a project that others obey, but for .git, .codex and .agents, which it never writes",
            ("agent-launcher", "codex-guard-hook"),
        ),
    )
    # in hardpoint-run its own sandbox would only keep it from committing
    pieces = (_required(values), confined(AGENT, {REQUIREMENTS: None}))
    return Words(pieces, () if access == "read" else unsaid)


def _privacy(meant: Intention) -> Words:
    values: Values = {("analytics", "enabled"): False, ("feedback", "enabled"): False}
    account = Unsaid("privacy", "whether the vendor trains on sessions: the account's setting says")
    return Words((_managed(values),), (account,))


def _audit(meant: Intention) -> Words:
    return Words((_managed(dict(telemetry(AGENT, meant.audit_port))),))


LANGUAGE = Language(
    agent=AGENT,
    layers={
        "managed-policy": _managed_policy,
        "deny-sensitive-reads": _deny_sensitive_reads,
        "deny-dangerous-commands": _deny_dangerous_commands,
        "sandbox": _sandbox,
        "guard-hook": guard_hook(AGENT),
        "privacy": _privacy,
        "audit": _audit,
    },
    trusted=(FOLDER, REQUIREMENTS, MANAGED, f"{FOLDER}/config.toml"),
    shadows=(
        Shadow(
            "managed-policy",
            "its own settings are elsewhere, where no rule protects them",
            variable="CODEX_HOME",
        ),
    ),
    sources=(
        f"{_DOCS}/permissions",
        f"{_DOCS}/enterprise/managed-configuration",
        f"{_DOCS}/config-reference",
    ),
)
