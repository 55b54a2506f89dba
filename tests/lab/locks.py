"""File locks: they end with the process that held them, however it ended."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def try_lock(path: Path) -> IO[str] | None:
    """The open lock file, or None when a living process holds it."""
    while True:
        handle = _open(path)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return None
        if _is_current(handle, path):
            return handle
        handle.close()


def unlock_and_remove(handle: IO[str]) -> None:
    """Give a lock back and leave no file."""
    Path(handle.name).unlink(missing_ok=True)
    handle.close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait for the lock and hold it for the block."""
    with _open(path) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _open(path: Path) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("w")


def _is_current(handle: IO[str], path: Path) -> bool:
    """Whether the locked file is still the one at the path: its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(handle.fileno()), path.stat())
    except FileNotFoundError:
        return False
