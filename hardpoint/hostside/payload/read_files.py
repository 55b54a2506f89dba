"""State of files outside the homes, without their content."""

import grp
import hashlib
import os
import pwd
import stat

MAX_BYTES = 8 * 1024 * 1024


def read(request):
    """{files: {path: {type, sha256, mode, owner}}}; type is absent, file, link, directory, other."""
    return {"files": {path: _state(path) for path in request["paths"]}}


def _state(path):
    try:
        info = os.lstat(path)
    except FileNotFoundError:
        return {"type": "absent"}
    except NotADirectoryError:
        return {"type": "absent"}
    kind = _kind(info.st_mode)
    state = {"type": kind, "mode": "%04o" % stat.S_IMODE(info.st_mode), "owner": _owner(info)}
    if kind == "file" and info.st_size <= MAX_BYTES:
        state["sha256"] = _digest(path)
    return state


def _digest(path):
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        return hashlib.sha256(file.read(MAX_BYTES)).hexdigest()


def _kind(mode):
    for test, name in (
        (stat.S_ISREG, "file"),
        (stat.S_ISLNK, "link"),
        (stat.S_ISDIR, "directory"),
    ):
        if test(mode):
            return name
    return "other"


def _owner(info):
    return "%s:%s" % (_name(pwd.getpwuid, info.st_uid), _name(grp.getgrgid, info.st_gid))


def _name(lookup, number):
    try:
        return lookup(number)[0]
    except KeyError:
        return str(number)
