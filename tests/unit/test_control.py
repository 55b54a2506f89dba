"""The registry, and what every shipped control has to say about itself."""

from __future__ import annotations

import re

import pytest

from hardpoint.control import Control, DuplicateControl, Registry
from hardpoint.controls import registry
from tests.sample_controls import Sample


def test_a_second_control_of_one_name_is_refused() -> None:
    with pytest.raises(DuplicateControl, match="'same-name'"):
        Registry([Sample("same-name"), Sample("same-name")])


def test_an_alias_is_a_name_too() -> None:
    with pytest.raises(DuplicateControl, match="'old-name'"):
        Registry([Sample("new-name", aliases=("old-name",)), Sample("old-name")])
    known = Registry([Sample("new-name", aliases=("old-name",))])
    assert known["old-name"].id == known.resolve("old-name") == "new-name"
    assert "old-name" in known


def test_what_is_required_comes_first() -> None:
    known = Registry([Sample("last-one", requires=("first-one",)), Sample("first-one")])
    assert [control.id for control in known] == ["first-one", "last-one"]


def test_a_circle_of_requirements_is_named() -> None:
    known = Registry([Sample("one", requires=("two",)), Sample("two", requires=("one",))])
    with pytest.raises(ValueError, match="one -> two -> one"):
        list(known)


@pytest.mark.parametrize("control", registry(), ids=lambda control: control.id)
def test_every_control_says_what_it_is_for(control: Control) -> None:
    about = control.metadata
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", about.id)
    assert about.title[0].isupper() or about.title.startswith("opencode ")  # so it is spelt
    assert not about.title.endswith(".")
    assert all((about.risk, about.changes, about.undo, about.sources))
    assert set(about.profiles) <= {"minimal", "recommended", "strict"} and about.profiles
    assert all(name in registry() for name in about.requires)


@pytest.mark.parametrize("control", registry(), ids=lambda control: control.id)
def test_every_mapping_names_its_edition(control: Control) -> None:
    assert control.metadata.mappings
    for reference in control.metadata.mappings:
        assert re.search(r":20\d\d$|@(20\d\d\.\d\d|v\d+\.\d+(\.\d+)?|r5)$", reference.id), reference


@pytest.mark.parametrize("control", registry(), ids=lambda control: control.id)
def test_metadata_is_frozen(control: Control) -> None:
    with pytest.raises(AttributeError):
        control.metadata.id = "other"  # type: ignore[misc]


@pytest.mark.parametrize("control", registry(), ids=lambda control: control.id)
def test_every_option_has_a_type_a_default_and_a_sentence(control: Control) -> None:
    from pydantic import TypeAdapter

    for option in control.metadata.options.values():
        TypeAdapter(option.type).validate_python(option.default)
        assert option.help.endswith(".")
