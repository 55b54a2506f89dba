"""opencode: /etc/opencode/opencode.json is merged over everybody's; a project's own agent wins over it.

Tried with 1.18.33. Rules stand globally and for each agent that it ships, or else a project's
`.opencode/agent/build.md` overrules them; one of a new name can't be told anything. The last rule
that fits decides, and its yolo mode answers what is asked.
"""

from __future__ import annotations

from typing import Any

from hardpoint.controls.agents import commands
from hardpoint.controls.agents.confined import LAUNCHER, ONLY_INSIDE, confined, nested
from hardpoint.controls.agents.hooks import guard_hook
from hardpoint.controls.agents.intention import Intention
from hardpoint.controls.agents.language import Keys, Language, Shadow, Translator, Unsaid, Words

SETTINGS = "/etc/opencode/opencode.json"
AGENTS = ("build", "plan", "general", "explore")
_NEW = "agents of new names that a project defines, with rights of their own"
_BY_TEXT = "what a command does, but by its text"


def managed_policy(meant: Intention) -> Words:
    unsaid = [
        Unsaid("managed-policy", "no mode that approves everything", ("opencode-sandbox",)),
        Unsaid("managed-policy", "plugins that a project brings: code that it runs", LAUNCHER),
        Unsaid("managed-policy", _NEW, LAUNCHER),
    ]
    if meant.mcp_servers:
        unsaid.append(Unsaid("managed-policy", "which MCP servers may start", LAUNCHER))
    values: dict[tuple[str, ...], Any] = {("default_agent",): "build"}
    return Words((Keys(SETTINGS, "json", values),), tuple(unsaid))


def deny_sensitive_reads(meant: Intention) -> Words:
    layer = "deny-sensitive-reads"
    rules = {f"*/{place}*": "deny" for place in meant.home}
    rules |= {f"*{name}": "deny" for name in meant.project}
    rules |= {f"*{name}": "allow" for name in meant.exempt}
    rules |= {f"{path}*": "deny" for path in meant.system}
    return Words(
        (_everywhere("read", rules),),
        (
            Unsaid(layer, "which files a search looks through", LAUNCHER),
            Unsaid(layer, "which commands read a file", LAUNCHER),
            Unsaid(layer, "variables that its commands may not see", LAUNCHER),
            Unsaid(layer, _NEW, LAUNCHER),
        ),
    )


def deny_dangerous_commands(meant: Intention) -> Words:
    layer = "deny-dangerous-commands"
    rules = dict.fromkeys([*commands.globs(meant), *commands.whole(meant)], "deny")
    return Words(
        (_everywhere("bash", rules),),
        (
            Unsaid(layer, _BY_TEXT, ("opencode-guard-hook", *LAUNCHER)),
            Unsaid(layer, _NEW, LAUNCHER),
        ),
    )


def self_protection(meant: Intention) -> Words:
    rules = {f"*/{place}*": "deny" for place in meant.persistent_home}
    project = [*meant.persistent_project, ".opencode", "opencode.json"]
    rules |= {f"*{place}*": "deny" for place in project}
    return Words(
        (_everywhere("edit", rules),),
        (
            Unsaid("self-protection", "which commands write a file", LAUNCHER),
            Unsaid("self-protection", _NEW, LAUNCHER),
        ),
    )


def sandbox(meant: Intention) -> Words:
    """Outside hardpoint-run it has no model: no provider is of that name."""
    keys = Keys(SETTINGS, "json", {("enabled_providers",): [ONLY_INSIDE]})
    return Words((keys, confined("opencode", {SETTINGS: nested(keys)})))


def privacy(meant: Intention) -> Words:
    return Words((Keys(SETTINGS, "json", {("share",): "disabled"}),))


def _everywhere(permission: str, rules: dict[str, str]) -> Keys:
    """For all, and for each agent that it ships."""
    values: dict[tuple[str, ...], Any] = {("permission", permission): rules}
    values |= {("agent", agent, "permission", permission): rules for agent in AGENTS}
    return Keys(SETTINGS, "json", values)


LAYERS: dict[str, Translator] = {
    "managed-policy": managed_policy,
    "deny-sensitive-reads": deny_sensitive_reads,
    "deny-dangerous-commands": deny_dangerous_commands,
    "sandbox": sandbox,
    "guard-hook": guard_hook("opencode"),
    "self-protection": self_protection,
    "privacy": privacy,
}

LANGUAGE = Language(
    agent="opencode",
    layers=LAYERS,
    trusted=("/etc/opencode", SETTINGS, "/etc/opencode/opencode.jsonc"),
    shadows=(
        *(
            Shadow("managed-policy", "it stands above the settings of the machine", variable=name)
            for name in ("OPENCODE_PERMISSION", "OPENCODE_TEST_MANAGED_CONFIG_DIR")
        ),
        Shadow(
            "guard-hook", "opencode starts without the guard's plugin", variable="OPENCODE_PURE"
        ),
        Shadow(
            "managed-policy",
            "opencode reads it beside opencode.json, and it can say otherwise",
            path="/etc/opencode/opencode.jsonc",
            keys=(("permission",), ("agent",), ("enabled_providers",)),
        ),
    ),
    sources=("https://opencode.ai/docs/permissions/", "https://opencode.ai/docs/config/"),
)
