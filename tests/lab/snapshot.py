"""What a host has written, and the difference between two moments.

A snapshot holds only what differs from the image: an overlay copies whole chains of folders up, and
those that are as they were are left out. Equal snapshots mean byte-identical file systems.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypedDict

PRIVATE = "trusted.overlay."
OPAQUE = "trusted.overlay.opaque"
TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFBLK: "block",
    stat.S_IFCHR: "character",
}

NOISE = (
    "/home/*/.sudo_as_admin_successful",  # sudo, the first time that it asked for a password
    "/usr/share/ollama/.ollama",  # Ollama's own key pair and store, at its first start
    "/usr/share/ollama/.ollama/id_ed25519",
    "/usr/share/ollama/.ollama/id_ed25519.pub",
    "/usr/share/ollama/.ollama/models",
    "/usr/share/ollama/.ollama/models/blobs",
    "/var/lib/sudo/lectured",  # sudo, the first time on a terminal
    "/var/lib/sudo/lectured/*",
    "/var/lib/systemd/linger",  # the empty folder, made by logind
    "/var/log/journal",
    "/var/log/journal/*",
    "/var/log/wtmp",  # logins and boots
    "/var/tmp/systemd-private-*",  # PrivateTmp= of running services
)
"""Paths that a running host changes by itself; fnmatch patterns, so `*` also matches `/`."""


@dataclass(frozen=True)
class Entry:
    """One path; type: file, directory, symlink, fifo, socket, block, character, or absent."""

    type: str
    mode: int = 0
    uid: int = 0
    gid: int = 0
    sha256: str | None = None
    target: str | None = None
    xattrs: tuple[tuple[str, bytes], ...] = ()


ABSENT = Entry("absent")
Snapshot = dict[str, Entry]


class Difference(TypedDict):
    """What happened between two snapshots, by path."""

    added: dict[str, Entry]
    removed: dict[str, Entry]
    changed: dict[str, tuple[Entry, Entry]]


def take(upper: Path, lowers: Sequence[Path]) -> Snapshot:
    """All paths whose state differs from the layers below; deleted ones as type absent."""
    found: Snapshot = {}
    for path, entry in _written(upper, lowers):
        if entry != below(lowers, path):
            found[path] = entry
    return dict(sorted(found.items()))


def difference(
    before: Snapshot, after: Snapshot, lowers: Sequence[Path], noise: Sequence[str]
) -> Difference:
    """Compare two snapshots of one host; a folder that went is listed without what was in it."""
    result: Difference = {"added": {}, "removed": {}, "changed": {}}
    for path in sorted(before.keys() | after.keys()):
        if any(fnmatchcase(path, pattern) for pattern in noise):
            continue
        old, new = _state(before, path, lowers), _state(after, path, lowers)
        if old == new:
            continue
        if old is None and new is not None:
            result["added"][path] = new
        elif new is None and old is not None:
            result["removed"][path] = old
        elif old is not None and new is not None:
            result["changed"][path] = (old, new)
    return result


def below(lowers: Sequence[Path], path: str) -> Entry | None:
    """The state of a path in a stack of read-only layers, topmost first."""
    for layer in lowers:
        found, is_last_word = _look(layer, path)
        if is_last_word:
            return found
    return None


def _look(layer: Path, path: str) -> tuple[Entry | None, bool]:
    """A path in one layer, and whether that hides what deeper layers say of it."""
    hides = False
    for parent in reversed(_parents(path)):
        folder = layer / parent.lstrip("/")
        if not os.path.lexists(folder):
            return None, hides
        if folder.is_symlink() or not folder.is_dir():
            return None, True
        hides = hides or _is_opaque(folder)
    found = _entry(layer / path.lstrip("/"))
    return (None if found == ABSENT else found), hides or found is not None


def _state(snapshot: Snapshot, path: str, lowers: Sequence[Path]) -> Entry | None:
    for parent in (path, *_parents(path)):
        if parent in snapshot and snapshot[parent].type == "absent":
            return None
    return snapshot.get(path) or below(lowers, path)


def _parents(path: str) -> list[str]:
    return [str(parent) for parent in Path(path).parents][:-1]


def _written(upper: Path, lowers: Sequence[Path]) -> Iterator[tuple[str, Entry]]:
    for folder, folders, files in os.walk(upper):
        inside = "/" + str(Path(folder).relative_to(upper)) if folder != str(upper) else ""
        for name in (*folders, *files):
            entry = _entry(Path(folder) / name)
            if entry is not None:
                yield f"{inside}/{name}", entry
        if inside and _is_opaque(Path(folder)):
            gone = _names_below(lowers, inside) - {*folders, *files}
            yield from ((f"{inside}/{name}", ABSENT) for name in gone)


def _names_below(lowers: Sequence[Path], path: str) -> set[str]:
    names = set()
    for layer in lowers:
        folder = layer / path.lstrip("/")
        names |= set(os.listdir(folder)) if folder.is_dir() else set()
    return {name for name in names if below(lowers, f"{path}/{name}")}


def _is_opaque(folder: Path) -> bool:
    return OPAQUE in os.listxattr(folder) and os.getxattr(folder, OPAQUE) == b"y"


def _entry(path: Path) -> Entry | None:
    try:
        return _read_entry(path)
    except (FileNotFoundError, NotADirectoryError):  # also when it vanishes meanwhile
        return None


def _read_entry(path: Path) -> Entry:
    status = path.lstat()
    if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
        return ABSENT
    names = [n for n in os.listxattr(path, follow_symlinks=False) if not n.startswith(PRIVATE)]
    return Entry(
        type=TYPES[stat.S_IFMT(status.st_mode)],
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
        sha256=_checksum(path) if stat.S_ISREG(status.st_mode) else None,
        target=os.readlink(path) if stat.S_ISLNK(status.st_mode) else None,
        xattrs=tuple(sorted((n, os.getxattr(path, n, follow_symlinks=False)) for n in names)),
    )


def _checksum(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
