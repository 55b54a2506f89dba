"""Whether anybody but root could change what lies at a path, or put something else there."""

import os
import stat

MAX_STEPS = 200
WRITABLE = stat.S_IWGRP | stat.S_IWOTH


def read(request):
    """{paths: {path: {found, weak}}}; weak: the first part of the way that is not root's alone, or "".

    The way goes through links. What lies behind a weak part is not looked at: found is False then.
    """
    return {"paths": {path: _look(path) for path in request["paths"]}}


def _look(path):
    done, ahead = "/", path.split("/")  # done holds no links: each part was looked at
    for _ in range(MAX_STEPS):
        if not ahead:
            return {"found": os.path.isfile(done), "weak": ""}
        part = ahead.pop(0)
        if part in ("", "."):
            continue
        here = os.path.dirname(done) if part == ".." else os.path.join(done, part)
        try:
            info = os.lstat(here)
        except (FileNotFoundError, NotADirectoryError):
            return {"found": False, "weak": ""}
        if _weak(info):
            return {"found": False, "weak": here}
        if stat.S_ISLNK(info.st_mode):
            target = os.readlink(here)
            done, ahead = "/" if target.startswith("/") else done, [*target.split("/"), *ahead]
        else:
            done = here
    return {"found": False, "weak": path}


def _weak(info):
    return info.st_uid != 0 or (not stat.S_ISLNK(info.st_mode) and bool(info.st_mode & WRITABLE))
