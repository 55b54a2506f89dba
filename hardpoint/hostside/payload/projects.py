"""The projects of a home: folders that people, and their agents, work in. Call it as the user."""

import collections
import os

DEPTH = 5  # ~/src/github.com/owner/project
INSIDE = 2  # folders below a project that may hold another: a submodule, a package of many
MOST = 20000  # folders of one home that are looked into
_NEVER = {"node_modules", "site-packages", "__pycache__", "snap", "Library"}
_ENVIRONMENTS = ("pyvenv.cfg", "conda-meta")  # folders with one of these hold no projects


def below(roots, marks=(".git",), depth=DEPTH, most=MOST):
    """(folders that hold one of `marks`, outermost first; whether there is more than was looked at).

    Neither links nor hidden folders are followed. A missing root has none.
    """
    found, looked = [], 0
    waiting = collections.deque((root, depth) for root in dict.fromkeys(roots))
    while waiting:
        if looked >= most:
            return found, True
        looked += 1
        folder, deeper = waiting.popleft()
        names, folders = _inside(folder)
        if not names.isdisjoint(marks):
            found.append(folder)
            deeper = deeper if folder in roots else min(deeper, INSIDE)
        if deeper and names.isdisjoint(_ENVIRONMENTS):
            waiting += [(path, deeper - 1) for path in folders]
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
