"""One control group per lab and host: by it every process of theirs is found and killed."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from .errors import LabError, LabUnavailable

TREE = "hardpoint-lab"


def unified() -> Path:
    """The cgroup2 mount: the only hierarchy, or the one beside the old controllers."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(where)
    raise LabUnavailable("no cgroup2 is mounted on this machine")


def of_lab(lab: str) -> Path:
    """The group that holds everything of one lab."""
    return unified() / TREE / lab


def labs() -> list[str]:
    """The names of the labs that have a group, alive or not."""
    tree = unified() / TREE
    return sorted(entry.name for entry in tree.iterdir() if entry.is_dir()) if tree.is_dir() else []


def create(group: Path) -> Path:
    """Make a group and return the file by which a process joins it."""
    while not group.is_dir():
        with suppress(FileNotFoundError):  # another lab has just removed the empty tree
            group.mkdir(parents=True, exist_ok=True)
    return group / "cgroup.procs"


def of_process(pid: int) -> Path:
    """The group that a process is in."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        if line.startswith("0::"):
            return unified() / line[3:].lstrip("/")
    raise LabError(f"process {pid} is in no cgroup2 group")


def processes(group: Path) -> list[int]:
    """Every process of a group and of the groups below it."""
    found: list[int] = []
    for listing in [group / "cgroup.procs", *group.rglob("cgroup.procs")]:
        try:
            found += [int(pid) for pid in listing.read_text().split()]
        except OSError:
            continue
    return sorted(set(found))


def remove(group: Path, timeout: float = 10) -> None:
    """Kill every process of a group and remove the group, also where nspawn mirrored it."""
    if group.is_dir():
        (group / "cgroup.kill").write_text("1")
        deadline = time.monotonic() + timeout
        while "populated 1" in (group / "cgroup.events").read_text():
            if time.monotonic() > deadline:
                raise LabError(f"{group}: processes {processes(group)} outlived SIGKILL")
            time.sleep(0.01)
        _remove_folders(group)
    _remove_folders(_mirror(group))


def remove_tree() -> None:
    """Remove the folder above all labs, when no lab is left in it."""
    tree = unified() / TREE
    for folder in (tree, _mirror(tree)):
        if folder.is_dir() and not any(entry.is_dir() for entry in folder.iterdir()):
            folder.rmdir()


def _mirror(group: Path) -> Path:
    """The same group in systemd's own old hierarchy, which nspawn fills on a hybrid machine."""
    return Path("/sys/fs/cgroup/systemd") / group.relative_to(unified())


def _remove_folders(group: Path) -> None:
    if group.is_dir():
        for folder in sorted((f for f in group.rglob("*") if f.is_dir()), reverse=True):
            folder.rmdir()
        group.rmdir()
