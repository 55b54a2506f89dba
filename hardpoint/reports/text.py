"""Text that is safe to print, and the few things that all text reports share."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from typing import Any

MAX_LENGTH = 2000

LOCAL = "@local"

# Control, format (bidi, zero-width), surrogate, private, unassigned; line and paragraph separator.
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def printable(text: object) -> str:
    """Text from a host without power over the terminal: what can't be seen is shown escaped.

    Longer than MAX_LENGTH is cut, and says so.
    """
    whole = str(text)
    kept = whole[:MAX_LENGTH]
    safe = "".join(_escaped(c) if unicodedata.category(c) in _UNPRINTABLE else c for c in kept)
    rest = len(whole) - len(kept)
    return f"{safe}… ({rest} more characters)" if rest else safe


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def machine(host: str) -> str:
    """How a person calls the host."""
    return "this machine" if host == LOCAL else printable(host)


def number(count: int, noun: str) -> str:
    """`1 host`, `2 hosts`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def value(value: Any) -> str:
    """An option's value as YAML takes it."""
    return printable(json.dumps(value, default=_plain, ensure_ascii=False))


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, set | frozenset) else str(value)


def columns(rows: Iterable[tuple[str, ...]], indent: str = "") -> list[str]:
    """Rows as lines with aligned columns; the last column keeps its length."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    return [(indent + "  ".join([*map(str.ljust, row, widths), row[-1]])).rstrip() for row in rows]
