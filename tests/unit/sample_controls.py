"""Controls that are metadata only, for tests of the policy and of the reports."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from hardpoint.control import Control, Metadata, Option, Reference, Registry
from hardpoint.outcome import Severity


def sample(control_id: str, **metadata: Any) -> Control:
    """A control with harmless words for all that is not given."""
    defaults = {
        "family": "services",
        "title": f"{control_id} holds",
        "severity": Severity.HIGH,
        "risk": "Anyone on your network can use it.",
        "changes": "A drop-in file.",
        "undo": "The drop-in file goes.",
        "profiles": ("minimal", "recommended", "strict"),
        "mappings": (),
    }
    return Control(Metadata(control_id, **{**defaults, **metadata}))


def sample_registry() -> Registry:
    """Four controls of two families: options of many types, an alias, a requirement."""
    ollama = sample(
        "ollama-loopback",
        title="Ollama listens on loopback only",
        severity=Severity.CRITICAL,
        risk="Anyone on your network can run, pull and delete your models.",
        changes="A drop-in of ollama.service sets OLLAMA_HOST; the service restarts.",
        undo="The drop-in goes, the service restarts.",
        mappings=(
            Reference("OWASP LLM Top 10", "LLM06:2026"),
            Reference("MITRE ATLAS", "AML.T0132@2026.09"),
            Reference("MITRE ATLAS", "AML.T0034@2026.09"),
        ),
        sources=("https://docs.ollama.com/faq",),
        aliases=("ollama-bind",),
        options={
            "port": Option(Annotated[int, Field(ge=1, le=65535)], 11434, "The port it listens on."),
            "origins": Option(list[str], [], "Web pages | tools that may call it."),
            "restart": Option(Literal["now", "never"] | None, None, "When it may restart."),
        },
    )
    vllm = sample("vllm-loopback", options={"port": Option(int, 8000, "The port.")})
    bubblewrap = sample("bubblewrap", family="agents", severity=Severity.LOW)
    sandbox = sample(
        "claude-code-sandbox",
        family="agents",
        profiles=("strict",),
        requires=("bubblewrap",),
        undo="Run `hardpoint rollback --control claude-code-sandbox`.",
    )
    return Registry([ollama, vllm, sandbox, bubblewrap])
