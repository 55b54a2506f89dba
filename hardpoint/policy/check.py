"""What is wrong in one policy file, measured by its shape and by the controls that there are.

Works on plain data that may have any shape, so that one problem hides no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hardpoint.control import Metadata, Registry
from hardpoint.policy.problems import did_you_mean
from hardpoint.policy.schema import PolicyShape, validate
from hardpoint.policy.source import Loc, Source


def check(source: Source, registry: Registry) -> PolicyShape | None:
    """Note all problems of a file in it. The file in its shape, where it has it."""
    if source.data is None:
        source.data = {}
    if isinstance(source.data, dict):
        source.data = {key: value for key, value in source.data.items() if value is not None}
    shape = validate(PolicyShape, source.data, source, ())
    for loc, name in named_controls(source.data):
        if name not in registry:
            otherwise = "`hardpoint controls` lists them all"
            hint = did_you_mean(name, registry.names(), otherwise)
            source.blame((*loc, name), f"no control has this name{hint}")
    for loc, name, options in _options(source.data):
        if name in registry:
            _check_options(source, (*loc, name), registry[name].metadata, options)
    for loc in _for_nobody(source.data):
        source.blame(loc, "for no host; add hosts or groups")
    return shape


def named_controls(data: Any) -> Iterator[tuple[Loc, str]]:
    """Each mention of a control, and where it is mentioned."""
    for loc, table in _tables(data):
        for name in _mapping(table.get("options")):
            yield (*loc, "options"), name
        for index, name in enumerate(_list(table.get("skip"))):
            if isinstance(name, str):
                yield (*loc, "skip", index), name
    for loc, waiver in _items(data, "waivers"):
        if isinstance(waiver.get("control"), str):
            yield (*loc, "control"), waiver["control"]


def _check_options(source: Source, loc: Loc, control: Metadata, options: dict[str, Any]) -> None:
    if control.id != loc[-1] and (*loc[:-1], control.id) in source.places:
        source.blame(loc, f"an older name of {control.id}, which is written here too; keep one")
    for name, value in options.items():
        if name in control.options:
            validate(control.options[name].type, value, source, (*loc, name))
            continue
        known = ", ".join(control.options)
        otherwise = f"its options are: {known}" if known else "it has none"
        hint = did_you_mean(name, control.options, otherwise)
        source.blame((*loc, name), f"{control.id} has no such option{hint}")


def _options(data: Any) -> Iterator[tuple[Loc, str, dict[str, Any]]]:
    for loc, table in _tables(data):
        for name, values in _mapping(table.get("options")).items():
            yield (*loc, "options"), name, _mapping(values)


def _for_nobody(data: Any) -> Iterator[Loc]:
    for loc, table in [*_items(data, "overrides"), *_items(data, "waivers")]:
        if not table.get("hosts") and not table.get("groups"):
            yield loc


def _tables(data: Any) -> Iterator[tuple[Loc, dict[str, Any]]]:
    """The file and each of its overrides: what may have options and skips."""
    yield (), _mapping(data)
    yield from _items(data, "overrides")


def _items(data: Any, section: str) -> Iterator[tuple[Loc, dict[str, Any]]]:
    for index, item in enumerate(_list(_mapping(data).get(section))):
        if isinstance(item, dict):
            yield (section, index), item


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
