"""The tools of agents' sandboxes, as data."""

from __future__ import annotations

from hardpoint.control import Metadata, Option, Reference
from hardpoint.controls.tools.bubblewrap import PROFILE, UNIT, BubblewrapInstalled
from hardpoint.controls.tools.sandbox_runtime import PREFIX, SandboxRuntimeInstalled
from hardpoint.controls.tools.tool import RUNTIME, Tool, ToolInstalled
from hardpoint.outcome import Severity

SANDBOX = (
    Reference("OWASP LLM", "LLM03:2026"),
    Reference("OWASP Agentic", "ASI05:2026"),
    Reference("MITRE ATLAS", "AML.T0105@2026.09"),
    Reference("MITRE ATLAS", "AML.T0112.000@2026.09"),
    Reference("CIS Controls", "10.5@v8.1"),
    Reference("NIST SP 800-53", "SC-39@r5"),
    Reference("NIST SP 800-53", "AC-6@r5"),
)
EVERYWHERE = ("minimal", "recommended", "strict")

BUBBLEWRAP = Tool(
    Metadata(
        id="bubblewrap-installed",
        family="tools",
        title="Coding agents can be locked in: bubblewrap works for ordinary users",
        severity=Severity.HIGH,
        risk="a command that a model asks for runs with all rights of whoever started the agent: it "
        "reads every key and changes every file of that person",
        changes="Installs the package bubblewrap. Where AppArmor lets only named programs make user "
        f"namespaces (Ubuntu since 24.04) and nothing names bwrap, writes {PROFILE}, and {UNIT}, "
        "which loads it. Settings of the kernel are never changed: the finding has the command.",
        undo="hardpoint rollback --control bubblewrap-installed",
        profiles=EVERYWHERE,
        mappings=SANDBOX,
        sources=(
            "bwrap(1)",
            "Claude Code, Sandboxing: Set up Linux and WSL2 (code.claude.com/docs/en/sandboxing)",
            "AppArmor, Restricting unprivileged user namespaces (Ubuntu 24.04 release notes)",
        ),
    ),
    program="bwrap",
    package="bubblewrap",
    without="a sandbox of an agent refuses to start here, or is left out without a word",
)
SOCAT = Tool(
    Metadata(
        id="socat-installed",
        family="tools",
        title="Claude Code's sandbox finds socat",
        severity=Severity.MEDIUM,
        risk="without it Claude Code's sandbox does not start; where it may go on without one, a "
        "command that a model asks for runs with all rights of the person",
        changes="Installs the package socat.",
        undo="hardpoint rollback --control socat-installed",
        profiles=EVERYWHERE,
        mappings=SANDBOX,
        sources=(
            "Claude Code, Sandboxing: Set up Linux and WSL2 (code.claude.com/docs/en/sandboxing)",
        ),
    ),
    program="socat",
    package="socat",
    without="Claude Code's sandbox can't give commands their way to the network, and does not start",
    agents=("claude-code",),
)
RIPGREP = Tool(
    Metadata(
        id="ripgrep-installed",
        family="tools",
        title="Agents find the system's ripgrep",
        severity=Severity.LOW,
        risk="an agent that finds none may fetch a program from the internet and run it, in no version "
        "that you chose: opencode does",
        changes="Installs the package ripgrep.",
        undo="hardpoint rollback --control ripgrep-installed",
        profiles=EVERYWHERE,
        mappings=(
            Reference("OWASP LLM", "LLM04:2026"),
            Reference("OWASP Agentic", "ASI04:2026"),
            Reference("CIS Controls", "2.5@v8.1"),
            Reference("NIST SP 800-53", "CM-7(5)@r5"),
        ),
        sources=(
            "opencode 1.18.33: downloads ripgrep into its own folder where the PATH has none",
            "sandbox-runtime 0.0.83, README: ripgrep finds the files that a command may not write",
        ),
    ),
    program="rg",
    package="ripgrep",
    without="an agent may fetch one from the internet by itself",
)
SANDBOX_RUNTIME = Tool(
    Metadata(
        id=RUNTIME,
        family="tools",
        title="Any command can be locked in: sandbox-runtime works",
        severity=Severity.LOW,
        risk="MCP servers and scripts that an agent starts outside its own sandbox run with all rights "
        "of the person",
        changes=f"Nothing while the option `wanted` is false. Else writes package.json and its lock, "
        f"pinned by hashes, to {PREFIX}; the finding has the npm command that installs by them.",
        undo=f"hardpoint rollback --control {RUNTIME}; then sudo rm -r {PREFIX}",
        profiles=EVERYWHERE,
        mappings=SANDBOX,
        sources=("sandbox-runtime 0.0.83, README (npm, @anthropic-ai/sandbox-runtime)",),
        requires=("bubblewrap-installed", "socat-installed", "ripgrep-installed"),
        options={
            "wanted": Option(
                bool,
                False,
                "Whether it should be there; hardpoint's own launcher needs no Node.js.",
            )
        },
    ),
    program="srt",
    package="sandbox-runtime",
    without="nothing here can lock in a command that is no agent's own",
)


def tools() -> list[ToolInstalled]:
    """One control a tool."""
    return [
        BubblewrapInstalled(BUBBLEWRAP),
        ToolInstalled(SOCAT),
        ToolInstalled(RIPGREP),
        SandboxRuntimeInstalled(SANDBOX_RUNTIME),
    ]
