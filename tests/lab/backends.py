"""The ways to run a host, best first, and which of them this machine can use."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from . import nspawn
from .containers import ContainerMachine
from .engines import Docker, Podman
from .errors import LabError, LabUnavailable
from .machine import Blueprint, Machine
from .network import Switch


def _nothing_to_clean(lab: str) -> None:
    """Processes, mounts and files are found without the back end's help."""


def _nothing_to_forget() -> None:
    """Images lie in the lab's cache."""


@dataclass(frozen=True)
class Backend:
    """One way to run a host: whether it works, what runs one, what its daemon has to be told."""

    check: Callable[[], None]
    machine: Callable[[Blueprint, Switch], Machine]
    clean: Callable[[str], None] = _nothing_to_clean
    forget_images: Callable[[], None] = _nothing_to_forget


PODMAN, DOCKER = Podman(), Docker()
BACKENDS = {
    "nspawn": Backend(nspawn.check, nspawn.NspawnMachine),
    "podman": Backend(PODMAN.check, partial(ContainerMachine, PODMAN)),
    "docker": Backend(
        DOCKER.check, partial(ContainerMachine, DOCKER), DOCKER.clean, DOCKER.forget_images
    ),
}


def obstacle(name: str) -> str | None:
    """Why a back end does not work here, or None when it does."""
    try:
        BACKENDS[name].check()
    except LabUnavailable as reason:
        return str(reason)
    return None


def choose(wanted: str) -> str:
    """The name of a back end that works; `auto` asks LAB_BACKEND, then takes the first such."""
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
