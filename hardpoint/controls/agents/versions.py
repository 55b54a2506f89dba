"""Versions as agents number them (semver), compared."""

from __future__ import annotations

import re

Parsed = tuple[tuple[int, ...], bool]
_FORM = re.compile(r"v?([0-9]+(?:\.[0-9]+)*)(-[0-9A-Za-z.-]+)?(?:\+.*)?")


def parse(text: str) -> Parsed | None:
    """(numbers without zeros at the end, whether it is a release), which compare as versions do."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    numbers = [int(part) for part in found[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers), not found[2]


def within(text: str, since: str, below: str) -> bool:
    """Whether a version is in the range; a pre-release of `below` is not, its numbers count."""
    version, first, end = parse(text), parse(since), parse(below)
    if version is None or first is None or end is None:
        return False
    return version >= first and version[0] < end[0]


def newest(texts: list[str]) -> str:
    """The highest of some versions; what is no version counts as the lowest."""
    return max(texts, key=lambda text: parse(text) or ((), False))
