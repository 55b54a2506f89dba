"""Lines on a console: styles, columns, and words wrapped with a hanging indent.

Nothing is interpreted: every text is a rich Text of `printable` text, so neither rich markup nor
terminal escapes in a host's output have power.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

GAP = "   "
MAX_NAMES = 12

_WORD = re.compile(r"(?:\d+ )?\S+\s*|^\s+")  # a number stays with what it counts

STYLES = {
    "exposed": "bold red",
    "drift": "yellow",
    "error": "magenta",
    "unreachable": "magenta",
    "blocked": "magenta",
    "unknown": "magenta",
    "busy": "cyan",
    "orphaned": "cyan",
    "waived": "blue",
    "compliant": "green",
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "failed": "bold red",
    "still wrong": "bold red",
    "rolled back": "bold red",
    "fixed": "green",
    "passed": "green",
    "inconclusive": "magenta",
}


def cell(word: str, width: int = 0) -> Text:
    """A word in its style, padded to a column."""
    return Text(word + " " * (width - cell_len(word)), STYLES.get(word, ""))


def paragraph(console: Console, margin: Text, body: Text, hang: int) -> None:
    """The body beside its margin, wrapped at words; later lines begin at `hang`.

    A word longer than the line (a path, a command) stays whole, to be copied.
    """
    hang = min(hang, console.width // 2)
    lines = _wrapped(body, console.width - margin.cell_len, console.width - hang)
    for index, line in enumerate(lines):
        whole = Text.assemble(margin if index == 0 else " " * hang, line)
        whole.rstrip()
        console.print(whole, soft_wrap=True)


def _wrapped(body: Text, first: int, others: int) -> Iterable[Text]:
    """The body in lines of at most `first` cells, then `others`, unless one word is longer."""
    cuts: list[int] = []
    used, room = 0, first
    for word in _WORD.finditer(body.plain):
        width = cell_len(word.group().rstrip())
        if used and used + width > room:
            cuts.append(word.start())
            used, room = 0, others
        used += cell_len(word.group())
    return body.divide(cuts)


def counts(numbers: Mapping[StrEnum, int], order: Iterable[StrEnum]) -> str:
    """`1 exposed · 3 drift`; what there is none of is left out."""
    return " · ".join(f"{numbers[each]} {each.value}" for each in order if numbers.get(each))


def some(names: list[str], everything: bool) -> str:
    """The first names, and how many more there are."""
    shown = names if everything else names[:MAX_NAMES]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
