"""One intention: what is shipped, and what a policy adds to it or takes away."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from hardpoint.controls.agents.intention import DANGERS, DEFAULTS, OPTIONS, intended


def test_what_is_shipped_holds_without_a_word() -> None:
    shipped = intended(DEFAULTS)
    assert {".ssh", ".aws", ".netrc"} <= set(shipped.home)
    assert {".env", "*.pem"} <= set(shipped.project)
    assert shipped.dangerous == DANGERS
    assert shipped.profile == "coder"


def test_options_add_and_take_away() -> None:
    meant = intended(
        {
            **DEFAULTS,
            "protect_homes": ["vault", ".ssh"],
            "domains": ["*.example.org"],
            "allow_dangerous": ["cloud"],
        },
        [("alice", "/home/alice")],
    )
    assert meant.home.count(".ssh") == 1 and meant.home[-1] == "vault"
    assert "*.example.org" in meant.domains and "github.com" in meant.domains
    assert "cloud" not in meant.dangerous and "disk" in meant.dangerous
    assert meant.homes == (("alice", "/home/alice"),)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("protect_homes", ["/etc/shadow"]),
        ("protect_homes", ["~/x"]),
        ("domains", ["https://example.org"]),
        ("domains", ["*"]),
        ("allow_dangerous", ["everything"]),
        ("profile", "root"),
    ],
)
def test_what_cannot_be_meant_is_refused(option: str, value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(OPTIONS[option].type).validate_python(value)
