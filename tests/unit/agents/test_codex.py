"""What the policy is in Codex's words: keys of its requirements that add up over its layers."""

from __future__ import annotations

from typing import Any

import pytest

from hardpoint.controls.agents.intention import DEFAULTS, intended
from hardpoint.controls.agents.language import Keys
from hardpoint.controls.agents.languages.codex import LANGUAGE, MANAGED, REQUIREMENTS

HOMES = (("ann", "/home/ann"), ("bob", "/srv/bob's home"))


def said(layer: str, path: str = REQUIREMENTS, **options: Any) -> dict[tuple[str, ...], Any]:
    pieces = LANGUAGE.layers[layer](intended({**DEFAULTS, **options}, HOMES)).pieces
    (piece,) = (one for one in pieces if isinstance(one, Keys) and one.path == path)
    return dict(piece.values)


def test_layers_that_say_the_same_key_say_the_same():
    seen: dict[tuple[str, tuple[str, ...]], Any] = {}
    for layer in LANGUAGE.layers.values():
        pieces = layer(intended(DEFAULTS)).pieces
        for piece in (one for one in pieces if isinstance(one, Keys)):
            for key, value in piece.values.items():
                assert seen.setdefault((piece.path, key), value) == value


def test_hooks_stay_on_and_no_mode_is_without_a_sandbox():
    values = said("managed-policy")
    assert values["features", "hooks"] is True
    assert "danger-full-access" not in values[("allowed_sandbox_modes",)]


def test_secrets_are_denied_in_each_home():
    values = said("deny-sensitive-reads", protect_homes=["vault"])
    denied = values["permissions", "filesystem", "deny_read"]
    assert {"/home/ann/vault", "/srv/bob's home/.ssh", "/etc/shadow"} <= set(denied)
    project = ("permissions", "hardpoint", "filesystem", ":workspace_roots")
    assert values[(*project, "**/.env")] == "deny"
    assert (*project, "**/.env.*") not in values  # it would hide .env.example, too
    hidden = said("deny-sensitive-reads", MANAGED)["shell_environment_policy", "exclude"]
    assert "*_TOKEN" in hidden


def test_only_a_project_and_tools_are_read():
    values = said("sandbox")
    files = ("permissions", "hardpoint", "filesystem")
    assert values[(*files, ":minimal")] == "read" and (*files, ":root") not in values
    assert values[(*files, "~/.local/bin")] == "read"
    assert values[(*files, ":workspace_roots", ".")] == "write"
    assert values["permissions", "hardpoint", "network", "enabled"] is False


def test_research_writes_nothing():
    values = said("sandbox", profile="research")
    assert values["permissions", "hardpoint", "filesystem", ":workspace_roots", "."] == "read"


@pytest.mark.parametrize("allowed", [True, False])
def test_a_danger_is_refused_unless_it_is_allowed(allowed):
    options = {"allow_dangerous": ["privilege"]} if allowed else {}
    rules = said("deny-dangerous-commands", **options)["rules", "prefix_rules"]
    assert ("doas" in {rule["pattern"][0]["token"] for rule in rules}) is not allowed
    assert all(rule["decision"] == "forbidden" for rule in rules)
