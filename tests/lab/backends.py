"""The ways to run a host, best first, and which of them this machine can use."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from . import nspawn
from .errors import LabError, LabUnavailable
from .machine import Blueprint, Machine
from .network import Switch


@dataclass(frozen=True)
class Backend:
    """One way to run a host."""

    check: Callable[[], None]
    machine: Callable[[Blueprint, Switch], Machine]


BACKENDS = {
    "nspawn": Backend(nspawn.check, nspawn.NspawnMachine),
}


def obstacle(name: str) -> str | None:
    """Why a back end does not work here, or None when it does."""
    try:
        BACKENDS[name].check()
    except LabUnavailable as reason:
        return str(reason)
    return None


def choose(wanted: str) -> str:
    """The name of a back end that works; `auto` asks LAB_BACKEND, then takes the first that does."""
    if wanted == "auto":
        wanted = os.environ.get("LAB_BACKEND", "auto")
    if wanted != "auto" and wanted not in BACKENDS:
        raise LabError(f"no such back end: {wanted}; there are auto, {', '.join(BACKENDS)}")
    candidates = BACKENDS if wanted == "auto" else [wanted]
    obstacles = {}
    for name in candidates:
        obstacles[name] = obstacle(name)
        if obstacles[name] is None:
            return name
    raise LabUnavailable("; ".join(f"{name}: {why}" for name, why in obstacles.items()))
