"""Names that agents' languages need one by one where the policy has a pattern."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

_DATA = yaml.safe_load(Path(__file__).with_name("names.yaml").read_text())
SECRETS: tuple[str, ...] = tuple(_DATA["secrets"])
"""Variables that commonly hold a secret, for agents that know no pattern."""
TOOLS: tuple[str, ...] = tuple(_DATA["tools"])
"""What commands need of a home."""
_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_.~+@-"
"""What a file's name is made of; the last stands where a class of characters takes it as itself."""


def without(pattern: str, exempt: Iterable[str]) -> tuple[str, ...]:
    """Patterns, with classes but no negation, for what `pattern` means but no name of `exempt`.

    Only a pattern that ends in its one star can be told apart; another keeps its exemptions protected.
    """
    start = pattern.removesuffix("*")
    names = [one[len(start) :] for one in exempt if fnmatchcase(one, pattern)]
    plain = pattern.endswith("*") and not set(start) & set("*?[")
    if not names or not plain or any(set(name) - set(_CHARACTERS) for name in names):
        return (pattern,)
    return tuple(start + rest for rest in _others(names))


def _others(names: list[str]) -> Iterator[str]:
    starts = sorted({name[:length] for name in names for length in range(len(name) + 1)})
    for start in starts:
        following = {other[len(start)] for other in starts if other[:-1] == start and other}
        if start and start not in names:
            yield start
        # some agents' globs take a letter for its capital, too
        taken = following | {one.swapcase() for one in following}
        free = "".join(one for one in _CHARACTERS if one not in taken)
        yield f"{start}[{_ranges(free)}]*"


def _ranges(characters: str) -> str:
    """a-z in place of each letter; what stands alone stays so."""
    made, run = "", ""
    for one in [*characters, ""]:
        if run and one and ord(one) == ord(run[-1]) + 1 and one.isalnum():
            run += one
            continue
        made += run if len(run) < 3 else f"{run[0]}-{run[-1]}"
        run = one
    return made
