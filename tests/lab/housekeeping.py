"""Taking labs down, also those whose process was killed: what they leave is found by name alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import IO, Any

from . import cgroup, network, paths
from .backends import BACKENDS
from .errors import LabError
from .locks import locked, try_lock, unlock_and_remove

RECORD, DETACHED, LOCK = "lab.json", "detached", ".lock"


def folder(lab: str) -> Path:
    """Where a lab keeps its state."""
    return paths.state_dir() / "labs" / lab


def names() -> list[str]:
    """Every lab of which something is left on this machine."""
    known = paths.state_dir() / "labs"
    entries = [entry.name.removesuffix(LOCK) for entry in known.iterdir()] if known.is_dir() else []
    return sorted({*cgroup.labs(), *entries})


def record(lab: str) -> dict[str, Any] | None:
    """What a lab wrote down about itself."""
    try:
        content: dict[str, Any] = json.loads((folder(lab) / RECORD).read_text())
    except FileNotFoundError:
        return None
    return content


def own(lab: str) -> IO[str] | None:
    """Become the one who may change a lab; None when a living process is."""
    return try_lock(paths.state_dir() / "labs" / f"{lab}{LOCK}")


def is_left_running(lab: str) -> bool:
    """Whether the lab was left running on purpose, and still runs."""
    return (folder(lab) / DETACHED).exists() and bool(cgroup.processes(cgroup.of_lab(lab)))


def is_in_use(lab: str) -> bool:
    """Whether a living process owns the lab, or it was left running on purpose."""
    lock = own(lab)
    if lock is None:
        return True
    unlock_and_remove(lock)
    return is_left_running(lab)


def teardown(lab: str) -> None:
    """Remove a lab's processes, interfaces, control groups and files."""
    cgroup.remove(cgroup.of_lab(lab))
    known = record(lab)
    if known is not None:
        BACKENDS[known["backend"]].clean(lab)
        network.unplug_machine(network.Plan(known["slot"]).interface)
    if folder(lab).exists():
        shutil.rmtree(folder(lab))
    cgroup.remove_tree()


def down(lab: str) -> None:
    """Take one lab down, unless a process owns it."""
    lock = own(lab)
    if lock is None:
        raise LabError(f"{lab} belongs to a process that is running")
    teardown(lab)
    unlock_and_remove(lock)


def gc() -> list[str]:
    """Take down every lab that nobody owns any more; returns their names."""
    dead = []
    for lab in names():
        lock = own(lab)
        if lock is None:
            continue
        if is_left_running(lab):
            lock.close()
            continue
        teardown(lab)
        unlock_and_remove(lock)
        dead.append(lab)
    _unplug_unknown()
    return dead


def purge() -> None:
    """Remove cached images, layers and keys; refuses while a lab runs on them."""
    gc()
    if names():
        raise LabError(f"still up: {', '.join(names())}; take them down first")
    for backend in BACKENDS.values():
        backend.forget_images()
    shutil.rmtree(paths.cache_dir())
    shutil.rmtree(paths.state_dir())


def slots_lock() -> Path:
    """The lock under which slots are given out."""
    return paths.state_dir() / "slots.lock"


def used_slots() -> set[int]:
    """The slots that labs have written down."""
    return {known["slot"] for lab in names() if (known := record(lab)) is not None}


def _unplug_unknown() -> None:
    with locked(slots_lock()):
        known = {network.Plan(slot).interface for slot in used_slots()}
        for interface in set(network.machine_interfaces()) - known:
            network.unplug_machine(interface)
