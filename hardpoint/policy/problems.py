"""What can be wrong with a policy, and how it is said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


class PolicyError(Exception):
    """A policy can't be used. `problems` has one line for each thing to mend."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True, order=True)
class Place:
    """A place in a file; line 0 is the file as a whole."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend. `str()` is the line that a person reads."""

    place: Place
    message: str

    def __str__(self) -> str:
        return "".join(_visible(character) for character in f"{self.place}: {self.message}")


def _visible(character: str) -> str:
    """A name in the file may hold anything, and the terminal should not act on it."""
    if character.isprintable():
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def did_you_mean(name: str, names: Iterable[str], otherwise: str = "") -> str:
    """The end of a message about an unknown name: the nearest real one, or `otherwise`."""
    nearest = get_close_matches(name, sorted(names), n=1)
    if nearest:
        return f"; did you mean {nearest[0]}?"
    return f"; {otherwise}" if otherwise else ""
