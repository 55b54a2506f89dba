"""The agents' languages: a module each, whose LANGUAGE is found by itself."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from hardpoint.controls.agents.language import Language


@cache
def languages() -> tuple[Language, ...]:
    """Every language that we speak, by the agent's id."""
    names = sorted(module.name for module in iter_modules(__path__))
    return tuple(import_module(f"{__name__}.{name}").LANGUAGE for name in names)
