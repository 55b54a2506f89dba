"""All controls, one folder a family: kinds are classes, instances are rows of data."""

from __future__ import annotations

from functools import cache

from hardpoint.control import Registry
from hardpoint.controls.services import catalogue


@cache
def registry() -> Registry:
    """Every control that hardpoint ships."""
    return Registry(catalogue.load())
