"""Jinja2 files that end on hosts; they lie in templates/ beside the package, and in the wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_PACKAGE = Path(__file__).parent


@cache
def _environment() -> Environment:
    shipped, checkout = _PACKAGE / "_templates", _PACKAGE.parent / "templates"
    return Environment(
        loader=FileSystemLoader(shipped if shipped.is_dir() else checkout),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )


def render(template: str, /, **values: Any) -> str:
    """The text of a template. Raises jinja2.UndefinedError for a value that is not given."""
    return _environment().get_template(template).render(**values)
