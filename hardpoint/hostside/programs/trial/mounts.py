"""Mounts of a trial: everything outside read-only, and what an agent may write emptied.

As root, in a mount namespace of its own, from which nothing propagates.
"""

import ctypes
import os
import re

_BIND, _REMOUNT, _READ_ONLY, _NOSUID, _NODEV, _NOEXEC, _NOATIME, _RELATIME = (
    4096,
    32,
    1,
    2,
    4,
    8,
    1024,
    1 << 21,
)
_FLAGS = {
    "nosuid": _NOSUID,
    "nodev": _NODEV,
    "noexec": _NOEXEC,
    "noatime": _NOATIME,
    "relatime": _RELATIME,
}
_KEPT = (
    "/proc",
    "/sys",
    "/dev",
)  # an agent's sandbox mounts a /proc of its own, as writable as this one

_libc = ctypes.CDLL(None, use_errno=True)


def mount(source, target, kind=None, flags=0, options=None):
    """mount(2); raises OSError."""
    given = [one.encode() if isinstance(one, str) else one for one in (source, target, kind)]
    if _libc.mount(given[0], given[1], given[2], flags, options.encode() if options else None):
        code = ctypes.get_errno()
        raise OSError(code, "cannot mount on %s: %s" % (target, os.strerror(code)))


def bind(source, target, read_only=False):
    mount(source, target, flags=_BIND)
    if read_only:
        mount(None, target, flags=_BIND | _REMOUNT | _READ_ONLY | _NOSUID)


def empty(target, uid=0, gid=0, mode=0o755):
    """An empty file system in memory over a directory."""
    options = "uid=%d,gid=%d,mode=%o,size=512m" % (uid, gid, mode)
    mount("trial", target, "tmpfs", _NOSUID | _NODEV, options)


def lock_all():
    """Every mount read-only, but for those of the kernel's own file systems."""
    with open("/proc/self/mountinfo") as lines:
        mounted = [line.split() for line in lines]
    for fields in mounted:
        target = re.sub(r"\\([0-7]{3})", lambda found: chr(int(found.group(1), 8)), fields[4])
        options = fields[5].split(",")
        if "ro" in options or any(
            target == kept or target.startswith(kept + "/") for kept in _KEPT
        ):
            continue
        flags = sum(_FLAGS.get(option, 0) for option in options)
        try:
            mount(None, target, flags=_BIND | _REMOUNT | _READ_ONLY | flags)
        except OSError:
            # covered by another mount, which is locked itself: nobody reaches it
            if os.path.exists(target) and os.stat(target).st_dev == _device(fields[2]):
                raise


def _device(text):
    major, minor = text.split(":")
    return os.makedev(int(major), int(minor))
