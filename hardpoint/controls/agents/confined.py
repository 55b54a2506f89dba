"""What holds outside hardpoint-run only: an agent may not start there, or not unasked.

hardpoint-run reads the agent's file and shows the agent its system-wide settings without that: an
agent can't tell inside from outside, and inside the sandbox is the policy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hardpoint.controls.agents.language import Keys, OwnFile

FOLDER = "/etc/hardpoint/confined"
ONLY_INSIDE = "only-inside-hardpoint-run"
"""Stands where an agent wants a name of a vendor's and refuses to start without: it says why."""

LAUNCHER = ("agent-launcher",)


def confined(agent: str, outside: Mapping[str, Any]) -> OwnFile:
    """`outside`: document -> what to take out of it; folder or document -> None, hide it."""
    return OwnFile(f"{FOLDER}/{agent}.json", json.dumps(outside, indent=1, sort_keys=True) + "\n")


def nested(keys: Keys) -> dict[str, Any]:
    """The document that only these keys would make."""
    document: dict[str, Any] = {}
    for key, value in keys.values.items():
        place = document
        for part in key[:-1]:
            place = place.setdefault(part, {})
        place[key[-1]] = value
    return document
