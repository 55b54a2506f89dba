"""Dangerous commands as texts, for agents whose rules read a command's text: see commands.yaml."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from hardpoint.controls.agents.intention import Intention


@cache
def _texts() -> dict[str, dict[str, list[str]]]:
    return yaml.safe_load(Path(__file__).with_name("commands.yaml").read_text())


def begin(meant: Intention) -> list[str]:
    """Texts that a refused command begins with."""
    return [text for danger in meant.dangerous for text in _texts()[danger].get("begin", ())]


def whole(meant: Intention) -> list[str]:
    """Refused commands, each whole."""
    return [text for danger in meant.dangerous for text in _texts()[danger].get("whole", ())]


def globs(meant: Intention) -> list[str]:
    """Both as patterns with `*`. A single word, which agents take for any call of that program, is
    left out: `sh` alone is what a pipe ends in, and `sh build.sh` is not."""
    found = []
    for text in begin(meant):
        found += [text, f"{text} *"] if text[-1].isalnum() else [f"{text}*"]
    return [*found, *(text for text in whole(meant) if " " in text)]
