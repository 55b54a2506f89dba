"""What the languages say for a policy that says nothing of its own: one file an agent.

`python -m tests.unit.agents.said` writes them anew: read the difference before it is committed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hardpoint.controls.agents.intention import DEFAULTS, Intention, intended
from hardpoint.controls.agents.language import Language, OwnFile

AGENTS = (
    "claude-code",
    "codex",
    "copilot-cli",
    "cursor",
    "gemini-cli",
    "opencode",
    "qwen-code",
    "vscode",
)


def path(agent: str) -> Path:
    return Path(__file__).with_name(f"{agent}.json")


def said(language: Language, meant: Intention | None = None) -> dict[str, Any]:
    """{layer: {"documents": {path: lines of a file, or {key: value}}, "unsaid": [...]}}"""
    meant = meant or intended(DEFAULTS)
    whole: dict[str, Any] = {}
    for layer, translate in language.layers.items():
        words = translate(meant)
        documents: dict[str, Any] = {}
        for piece in words.pieces:
            if isinstance(piece, OwnFile):
                documents[piece.path] = piece.content.splitlines()
            else:
                documents[piece.path] = {
                    "/".join(key): value for key, value in piece.values.items()
                }
        unsaid = [[one.layer, one.what, list(one.covered_by)] for one in words.unsaid]
        whole[layer] = {"documents": documents, "unsaid": unsaid}
    return whole


def text(language: Language) -> str:
    return json.dumps(said(language), indent=1, ensure_ascii=False) + "\n"
