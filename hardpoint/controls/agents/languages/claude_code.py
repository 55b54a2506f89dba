"""Claude Code: one drop-in file a layer, in the folder that it merges into its managed settings.

Tried with 2.1.329. Lists of drop-ins add up, objects merge, of two scalars the later name's wins. Rules
of Read and Edit bind its file tools and its sandbox; `sandbox.filesystem` binds the sandbox alone.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from hardpoint.controls.agents.commands import globs
from hardpoint.controls.agents.hooks import guard_hook
from hardpoint.controls.agents.intention import Intention
from hardpoint.controls.agents.language import Language, OwnFile, Shadow, Unsaid, Words
from hardpoint.controls.agents.names import SECRETS, TOOLS, without
from hardpoint.controls.agents.telemetry import telemetry

AGENT = "claude-code"
FOLDER = "/etc/claude-code"
_DOCS = "https://code.claude.com/docs/en"
_STATE = (".claude", ".claude.json")
_OTHERS = ("/srv/*", "/mnt/*", "/media/*")
"""Where projects are kept beside homes."""
_SHARED = ".github/"
"""A mask on what is not there would hold its folder, too."""
_SCHEDULES = ("/var/spool/cron", "/var/spool/at")
_WRITERS = ("Edit", "Write", "NotebookEdit", "Bash")
"""Its sandbox fails in a project where nothing may be written: it masks names that are not there."""
_INSIDE = ": </dev/null; "
"""A redirection keeps a command in the sandbox, whatever `excludedCommands` a user's file has."""


def _drop_in(layer: str, document: dict[str, Any]) -> OwnFile:
    path = f"{FOLDER}/managed-settings.d/90-hardpoint-{layer}.json"
    return OwnFile(path, json.dumps(document, indent=2) + "\n")


def _managed_policy(meant: Intention) -> Words:
    rules: dict[str, Any] = {
        "disableBypassPermissionsMode": "disable",
        "disableAutoMode": "disable",
    }
    if meant.profile == "research":
        rules["deny"] = list(_WRITERS)
    else:
        rules["allow"] = ["Edit(./**)"]
    document: dict[str, Any] = {
        "permissions": rules,
        "allowManagedPermissionRulesOnly": True,
        "allowManagedHooksOnly": True,
        "disableSkillShellExecution": True,
        "enableAllProjectMcpServers": False,
    }
    unsaid = []
    if meant.mcp_servers:
        document["allowManagedMcpServersOnly"] = True
        document["allowedMcpServers"] = [{"serverName": name} for name in meant.mcp_servers]
    else:
        what = "which MCP servers a user's and a project's files may start, while the policy names none"
        unsaid.append(Unsaid("managed-policy", what, ("agent-launcher",)))
    return Words((_drop_in("managed-policy", document),), tuple(unsaid))


def _deny_sensitive_reads(meant: Intention) -> Words:
    paths = [f"~/{path}" for path in meant.home] + [f"/{path}" for path in meant.system]
    names = [one for pattern in meant.project for one in without(pattern, meant.exempt)]
    # from the root for the file tools, wherever they look; from the project for the sandbox
    deny = _both([*paths, *(f"//**/{name}" for name in names)])
    deny += [f"Read(**/{name})" for name in names]
    hidden = [name for name in SECRETS if _any(name, meant.environment)]
    hidden += [name for name in meant.environment if "*" not in name and name not in hidden]
    document = {
        "permissions": {"deny": deny},
        "sandbox": {
            "credentials": {"envVars": [{"name": name, "mode": "deny"} for name in hidden]}
        },
    }
    unsaid = [
        Unsaid(
            "deny-sensitive-reads",
            "variables that only a pattern tells: the sandbox's first process shows them in /proc",
            ("agent-launcher", "claude-code-guard-hook"),
        ),
        Unsaid(
            "deny-sensitive-reads",
            "a hard link inside a project to a protected file",
            ("secret-links", "agent-launcher"),
        ),
    ]
    return Words((_drop_in("deny-sensitive-reads", document),), tuple(unsaid))


def _deny_dangerous_commands(meant: Intention) -> Words:
    said = [f"Bash({text})" for text in globs(meant)]
    document = {"permissions": {"deny": said}}
    disguised = Unsaid(
        "deny-dangerous-commands",
        "dangerous commands in disguise: by a variable, an alias, an interpreter, a pipe to a shell",
        ("claude-code-sandbox", "claude-code-guard-hook"),
    )
    return Words((_drop_in("deny-dangerous-commands", document),), (disguised,))


def _sandbox(meant: Intention) -> Words:
    reaches = meant.profile != "research"
    filesystem: dict[str, Any] = {
        # each entry of the home by itself: a grant of a user's file for all of the home reopens none of them
        "denyRead": ["~/*", "~/.*", *_OTHERS],
        "allowRead": [f"~/{path}" for path in _readable(meant)],
        "allowWrite": ["/tmp"],
        "allowManagedReadPathsOnly": True,
        "disabled": False,
    }
    document = {
        "sandbox": {
            "enabled": True,
            "failIfUnavailable": True,
            "autoAllowBashIfSandboxed": True,
            "allowUnsandboxedCommands": False,
            "enableWeakerNestedSandbox": False,
            "allowNestedUserNamespaces": False,
            "filesystem": filesystem,
            "network": {
                "allowedDomains": [_host(one) for one in meant.domains] if reaches else [],
                "allowManagedDomainsOnly": True,
                "strictAllowlist": True,
                "allowAllUnixSockets": False,
            },
        },
        "hooks": {"PreToolUse": [_hook("Bash", _keep_inside(meant))]},
    }
    unsaid = [
        Unsaid(
            "sandbox",
            "a user's own file may give more folders by name, to the file tools and the sandbox",
            ("agent-launcher",),
        ),
        Unsaid(
            "sandbox",
            "MCP servers, and helpers that a user's file names, run outside the sandbox",
            ("agent-launcher",),
        ),
    ]
    if any(":" in one for one in meant.domains):
        what = "ports of allowed domains: all of a domain's ports are open"
        unsaid.append(Unsaid("sandbox", what, ("agent-launcher",)))
    return Words((_drop_in("sandbox", document),), tuple(unsaid))


def _self_protection(meant: Intention) -> Words:
    homes = (*_STATE, *meant.persistent_home)
    projects = _outermost((".claude", *meant.persistent_project))
    rules = [f"Edit(~/{path})" for path in homes]
    rules += [f"Edit(//**/{path})" for path in projects]
    # what lies deeper in a home is not writable in the sandbox at all
    written = [f"~/{path}" for path in homes if "/" not in path]
    written += [path for path in projects if not path.startswith(_SHARED)]
    document = {
        "permissions": {"deny": rules},
        "sandbox": {"filesystem": {"denyWrite": [*written, *_SCHEDULES]}},
    }
    shared = Unsaid(
        "self-protection",
        "to keep its commands from what lies in a project's .github: all of it would be read-only",
        ("agent-launcher", "claude-code-guard-hook"),
    )
    return Words((_drop_in("self-protection", document),), (shared,))


def _privacy(meant: Intention) -> Words:
    document = {
        "env": {
            "DISABLE_TELEMETRY": "1",
            "DISABLE_ERROR_REPORTING": "1",
            "DISABLE_FEEDBACK_COMMAND": "1",
            "CLAUDE_CODE_DISABLE_FEEDBACK_SURVEY": "1",
        },
        "feedbackSurveyRate": 0,
    }
    account = Unsaid("privacy", "whether the vendor trains on sessions: the account's setting says")
    return Words((_drop_in("privacy", document),), (account,))


def _audit(meant: Intention) -> Words:
    # a user's own would be run at each export
    document: dict[str, Any] = {"otelHeadersHelper": "printf {}"}
    for key, value in telemetry(AGENT, meant.audit_port).items():
        inner = document
        for name in key[:-1]:
            inner = inner.setdefault(name, {})
        inner[key[-1]] = value
    return Words((_drop_in("audit", document),))


def _both(paths: Iterable[str]) -> list[str]:
    return [f"{tool}({path})" for path in paths for tool in ("Read", "Edit")]


def _outermost(paths: tuple[str, ...]) -> list[str]:
    """Without those that lie in another."""
    found = set(paths)
    return [one for one in dict.fromkeys(paths) if not {*_above(one)} & found]


def _above(path: str) -> Iterable[str]:
    return (str(one) for one in PurePosixPath(path).parents)


def _any(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _readable(meant: Intention) -> list[str]:
    """What commands need of a home: programs and their libraries, and what says how they are set."""
    return [*TOOLS, *(one for one in meant.persistent_home if one not in TOOLS)]


def _host(domain: str) -> str:
    return domain.partition(":")[0]


def _hook(matcher: str, command: str) -> dict[str, Any]:
    handler = {"type": "command", "command": command, "timeout": 30, "onFailure": "block"}
    return {"matcher": matcher, "hooks": [handler]}


def _keep_inside(meant: Intention) -> str:
    """Approves a shell command in a form that never leaves the sandbox, without the protected variables.

    A failure refuses the command. Denials, of rules and of other hooks, win over it.
    """
    program = f"""\
import json, os, sys
from fnmatch import fnmatchcase as fits
secret = {list(meant.environment)!r}
said = json.load(sys.stdin)["tool_input"]
hidden = [n for n in sorted(os.environ) if n.isidentifier() and any(fits(n, p) for p in secret)]
said["command"] = {_INSIDE!r} + ("unset " + " ".join(hidden) + "; " if hidden else "") + said["command"]
answer = {{"hookEventName": "PreToolUse", "permissionDecision": "allow", "updatedInput": said}}
print(json.dumps({{"hookSpecificOutput": answer}}))
"""
    return f"/usr/bin/python3 -I -S -c {shlex.quote(program)} || exit 2"


_USERS = ".claude/settings.json"
_SERVERS = ".claude/remote-settings.json"

LANGUAGE = Language(
    agent=AGENT,
    layers={
        "managed-policy": _managed_policy,
        "deny-sensitive-reads": _deny_sensitive_reads,
        "deny-dangerous-commands": _deny_dangerous_commands,
        "sandbox": _sandbox,
        "guard-hook": guard_hook(AGENT),
        "self-protection": _self_protection,
        "privacy": _privacy,
        "audit": _audit,
    },
    # Told to lock its commands in, it refuses to start where it can't.
    requires={"sandbox": ("bubblewrap-installed", "socat-installed")},
    trusted=(
        FOLDER,
        f"{FOLDER}/managed-settings.json",
        f"{FOLDER}/managed-settings.d",
        f"{FOLDER}/managed-mcp.json",
        f"{FOLDER}/CLAUDE.md",
    ),
    shadows=(
        Shadow(
            "sandbox",
            "its commands run where the user's file says, beside the project",
            _USERS,
            keys=(
                ("sandbox", "filesystem", "allowWrite"),
                ("permissions", "additionalDirectories"),
                ("sandbox", "excludedCommands"),
            ),
            harmless=(None, []),
        ),
        Shadow(
            "managed-policy",
            "a policy of the vendor's server stands in the place of this host's files",
            _SERVERS,
            keys=(("permissions",), ("sandbox",), ("hooks",)),
        ),
        Shadow(
            "self-protection",
            "its own settings are elsewhere, where no rule protects them",
            variable="CLAUDE_CONFIG_DIR",
        ),
    ),
    sources=(
        f"{_DOCS}/settings",
        f"{_DOCS}/sandboxing",
        f"{_DOCS}/permissions",
        f"{_DOCS}/hooks",
    ),
)
