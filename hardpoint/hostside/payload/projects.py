"""The projects of a home: folders that people, and their agents, work in. Call it as the user."""

import os

DEPTH = 5  # ~/src/github.com/owner/project
MOST = 4000  # folders of one home that are looked into
_NEVER = {"node_modules", "site-packages", "__pycache__", "snap", "Library"}


def below(roots, marks=(".git",), depth=DEPTH, most=MOST):
    """(folders that hold one of `marks`, outermost first; whether there is more than was looked at).

    Neither links nor hidden folders are followed. A missing root has none.
    """
    found, looked, waiting = [], 0, [(root, 0) for root in dict.fromkeys(roots)]
    while waiting:
        if looked >= most:
            return found, True
        looked += 1
        folder, level = waiting.pop(0)
        names, folders = _inside(folder)
        if not names.isdisjoint(marks):
            found.append(folder)
        if level < depth:
            waiting += [(path, level + 1) for path in folders]
    return found, False


def _inside(folder):
    """(every name in it, paths of its folders that may hold projects)."""
    names, folders = set(), []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                names.add(entry.name)
                ordinary = not entry.name.startswith(".") and entry.name not in _NEVER
                if ordinary and entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
    except OSError:  # not ours to read, or gone meanwhile
        pass
    return names, sorted(folders)
