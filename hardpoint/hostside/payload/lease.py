"""One apply at a time on a host: a lock for each command, a lease for the run between its commands."""

import contextlib
import fcntl
import json
import os
import stat
import time

from .errors import Refusal
from .store import PLACES, now

STALE = 60  # seconds without a command of the run
WAIT = 5  # seconds to wait for another command of any run


@contextlib.contextmanager
def hold(places, run, who):
    """Hold the host for one command of `run`; Refusal "busy" when another run has it. The lease stays."""
    folder = _folder(places or PLACES)
    lock = _lock(folder)
    try:
        held = _read(folder)
        if held and held["run"] != run and _live(held):
            raise _busy(held)
        since = held["since"] if held and held["run"] == run else now()
        _write(folder, run, who, since)
        yield
        if _read(folder):  # a long command: the time without one begins at its end
            _write(folder, run, who, since)
    finally:
        os.close(lock)


def release(places, run):
    """Give the host back; called while `hold` is held."""
    folder = _folder(places or PLACES)
    held = _read(folder)
    if held and held["run"] == run:
        os.unlink(os.path.join(folder, "lease.json"))


def holder(places):
    """The run that holds the host now, or None; creates nothing."""
    for folder in _candidates(places or PLACES):
        if os.path.isdir(folder):
            held = _read(folder)
            return held["run"] if held and _live(held) else None
    return None


def _candidates(places):
    return (
        [places.lease]
        if places is not PLACES
        else [places.lease, "/var/run/hardpoint", places.root]
    )


def _folder(places):
    for folder in _candidates(places):
        if os.path.isdir(os.path.dirname(folder)):
            with contextlib.suppress(FileExistsError):
                os.mkdir(folder, 0o700)
            found = os.lstat(folder)
            if (
                not stat.S_ISDIR(found.st_mode)
                or found.st_uid != os.geteuid()
                or found.st_mode & 0o022
            ):
                raise Refusal(
                    "foreign-owner", "%s must be a directory that only root can write" % folder
                )
            return folder
    raise Refusal("missing", "no directory for the lock of this host: %s" % places.lease)


def _lock(folder):
    path = os.path.join(folder, "lock")
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    deadline = time.monotonic() + WAIT
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except OSError:
            if time.monotonic() > deadline:
                os.close(lock)
                raise _busy(
                    _read(folder) or {"run": "?", "who": "another command", "since": now()}
                ) from None
            time.sleep(0.05)


def _busy(held):
    message = "%s is changing this host since %s (run %s): try again when that has ended" % (
        held["who"],
        held["since"],
        held["run"],
    )
    return Refusal("busy", message, run=held["run"], who=held["who"], since=held["since"])


def _live(held):
    return held["boot"] == _boot() and -5 < time.monotonic() - held["used"] < STALE


def _boot():
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return ""


def _read(folder):
    try:
        with open(os.path.join(folder, "lease.json")) as file:
            held = json.load(file)
        return held if {"run", "who", "since", "used", "boot"} <= set(held) else None
    except (OSError, ValueError, TypeError):
        return None


def _write(folder, run, who, since):
    held = {"run": run, "who": who, "since": since, "used": time.monotonic(), "boot": _boot()}
    temporary = os.path.join(folder, "lease.json.new")
    with open(temporary, "w") as file:
        json.dump(held, file)
    os.replace(temporary, os.path.join(folder, "lease.json"))
