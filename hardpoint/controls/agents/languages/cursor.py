"""Cursor, its editor and its command line alike: /etc/cursor/hooks.json, by its documentation.

Its permissions stand in a file of each person's, which is his to change; for all there are hooks alone.
"""

from __future__ import annotations

from dataclasses import replace

from hardpoint.controls.agents.hooks import guard_hook
from hardpoint.controls.agents.intention import Intention
from hardpoint.controls.agents.language import Language, Unsaid, Words

_GUARD = ("cursor-guard-hook",)


def asked(meant: Intention) -> Words:
    return replace(
        guard_hook("cursor")(meant),
        unsaid=(
            Unsaid("managed-policy", "no mode that approves everything"),
            Unsaid("deny-sensitive-reads", "which files its commands may not read", _GUARD),
            Unsaid("deny-dangerous-commands", "which commands it may not run", _GUARD),
            Unsaid("sandbox", "to run commands in a sandbox or not at all"),
            Unsaid("self-protection", "which files it may not change", _GUARD),
            Unsaid("privacy", "no telemetry: its privacy mode is the account's"),
        ),
    )


LANGUAGE = Language(
    agent="cursor",
    layers={"guard-hook": asked},
    trusted=("/etc/cursor", "/etc/cursor/hooks.json"),
    sources=("https://cursor.com/docs/agent/hooks",),
)
