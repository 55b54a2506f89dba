"""Protected places as rules of Read and Edit, for agents that take `~/` and `**` and have no exceptions."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from hardpoint.controls.agents.intention import Intention

_COMMON = (".env.local", ".env.development", ".env.production", ".env.staging", ".env.test")
_LOCAL = ".env.*.local"


def secret_rules(meant: Intention) -> tuple[list[str], list[str]]:
    """Rules that keep the protected places from being read and written; and the patterns left out of them."""
    named, left = unexempted(meant.project, meant.exempt)
    paths = [*_below_home(meant.home), *(f"**/{name}" for name in named)]
    paths += [f"/{path}" for path in meant.system]
    return [f"{tool}({path})" for tool in ("Read", "Edit") for path in paths], left


def unwritten_rules(meant: Intention, home: str, project: Iterable[str]) -> list[str]:
    """Rules that keep the persistent places from being written, and these of the agent's own."""
    paths = _below_home([*meant.persistent_home, home])
    for place in [*meant.persistent_project, *project]:
        paths += [f"**/{place}", f"**/{place}/**"]
    return [f"Edit({path})" for path in paths]


def _below_home(places: Iterable[str]) -> list[str]:
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
