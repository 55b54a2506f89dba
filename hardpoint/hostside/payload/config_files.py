"""The files that decide what an agent does: settings, instructions, skills, commands, plugins, hooks.

Call it as their user; links are followed, since people keep such files elsewhere.
"""

import os
import stat

MOST = 3000  # files of one home or project
DEEPEST = 8
_INSTRUCTIONS_DEPTH = 3
_SIZE = 4 * 1024 * 1024
_NEVER = {"node_modules", ".git", "__pycache__", ".venv", "venv"}


def watched(base, names, anywhere=()):
    """(paths of the files there are, whether there are more): `names` below `base`, where one that ends in a
    slash is a folder with all below it, and files called one of `anywhere`, some folders deep."""
    found, seen = {}, set()
    for name in names:
        path = os.path.join(base, name.rstrip("/"))
        if name.endswith("/"):
            _below(path, 0, found, seen)
        elif os.path.isfile(path):
            found[path] = None
    if anywhere:
        _called(base, frozenset(anywhere), 0, found)
    return sorted(found)[:MOST], len(found) > MOST


def _below(folder, depth, found, seen):
    real = os.path.realpath(folder)
    if depth > DEEPEST or real in seen or len(found) > MOST:
        return
    seen.add(real)
    for entry in _entries(folder):
        if entry.is_dir():
            if entry.name not in _NEVER:
                _below(entry.path, depth + 1, found, seen)
        else:
            found[entry.path] = None


def _called(folder, names, depth, found):
    for entry in _entries(folder):
        if entry.name in names and entry.is_file():
            found[entry.path] = None
        inside = entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
        if inside and depth < _INSTRUCTIONS_DEPTH and entry.name not in _NEVER:
            _called(entry.path, names, depth + 1, found)


def _entries(folder):
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def content(path):
    """The bytes of a file; None where it is none, too big, or not to be read."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(file, "rb") as opened:
        info = os.fstat(file)
        if not stat.S_ISREG(info.st_mode) or info.st_size > _SIZE:
            return None
        try:
            return opened.read(_SIZE)
        except OSError:
            return None
