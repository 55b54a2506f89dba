"""The forms of a report that programs read, by name and by the ending of a file."""

from __future__ import annotations

from collections.abc import Callable

from hardpoint.outcome import Report
from hardpoint.reports import json, junit, sarif

FORMS: dict[str, Callable[[Report], str]] = {
    "json": json.render,
    "junit": junit.render,
    "sarif": sarif.render,
}

ENDINGS = {".json": "json", ".xml": "junit", ".sarif": "sarif", ".sarif.json": "sarif"}


def of_file(name: str) -> str | None:
    """The form that a file of this name has: the longest ending decides; None for none of them."""
    fitting = [ending for ending in ENDINGS if name.lower().endswith(ending)]
    return ENDINGS[max(fitting, key=len)] if fitting else None
