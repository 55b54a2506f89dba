"""Protected places in the words of agents that take `~/` and `**`, and have no exceptions."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

_COMMON = (".env.local", ".env.development", ".env.production", ".env.staging", ".env.test")
_LOCAL = ".env.*.local"


def below_home(places: Iterable[str]) -> list[str]:
    """Each place below whoever's home, and all that is in it."""
    return [f"~/{place}{rest}" for place in places for rest in ("", "/**")]


def unexempted(patterns: Iterable[str], exempt: Iterable[str]) -> tuple[list[str], list[str]]:
    """Patterns that hit nothing exempt; and those that would.

    The usual names of the latter stand in for them: a rule that denies can't be told an exception.
    """
    named, left = [], []
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in exempt):
            named.append(pattern)
            continue
        left.append(pattern)
        usual = [name for name in (*_COMMON, _LOCAL) if fnmatchcase(name, pattern)]
        named += [name for name in usual if not any(fnmatchcase(one, name) for one in exempt)]
    return named, left
