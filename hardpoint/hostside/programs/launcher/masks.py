"""What of a project has to be hidden: secrets by their names, and links to secrets by their inodes."""

import os
import stat

from patterns import Patterns
from places import below, is_in

_NAMELESS = frozenset(("node_modules", "site-packages", "dist-packages", ".git"))
"""Folders where a name says nothing: published files, with certificates that tools need, and git's own."""

_BESIDE = 50000
"""Entries of the folder that the project is in, looked through for other projects' secrets."""


class Found:
    """files, folders: paths to hide; repositories: whatever is called `.git`."""

    def __init__(self):
        self.files, self.folders, self.repositories = [], [], []


def find(project, intent, home):
    """What is to be hidden in the project, in one walk; entries are stat'ed only where they matter."""
    protected, exempt = Patterns(intent.protected_project), Patterns(intent.protected_exempt)
    secrets = _linked(below(home, intent.protected_home))
    secrets |= _of_neighbours(project, home, protected, exempt)
    found, unnamed = Found(), []
    for entry, inside in _walk(project):
        path = os.path.relpath(entry.path, project)
        hit = (
            not inside and protected.match(entry.name, path) and not exempt.match(entry.name, path)
        )
        if entry.is_symlink():
            continue  # leads to where its target is hidden, or to nothing
        if entry.is_dir():
            if hit or not os.access(entry.path, os.R_OK | os.X_OK):
                found.folders.append(entry.path)
                secrets |= _linked([entry.path])
            elif entry.name == ".git":
                found.repositories.append(entry.path)
        elif entry.name == ".git":
            found.repositories.append(entry.path)
        elif hit:
            found.files.append(entry.path)
            secrets |= _inode(entry.path)
        else:
            unnamed.append((entry.inode(), entry.path))
    inodes = {inode for _, inode in secrets}
    found.files += [path for inode, path in unnamed if inode in inodes and _inode(path) & secrets]
    found.files = [one for one in found.files if not _is_below(one, found.folders)]
    return found


def _walk(top):
    """(entry, whether one of _NAMELESS holds it), parents first; unreadable folders are told
    of, and not entered."""
    waiting = [(top, False)]
    while waiting:
        folder, inside = waiting.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        for entry in entries:
            yield entry, inside
            if entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, inside or entry.name in _NAMELESS))


def _inode(path):
    """{(device, inode)} of a file that other names lead to as well, or nothing."""
    try:
        state = os.lstat(path)
    except OSError:
        return set()
    linked = stat.S_ISREG(state.st_mode) and state.st_nlink > 1
    return {(state.st_dev, state.st_ino)} if linked else set()


def _linked(paths):
    found = set()
    for path in paths:
        found |= _inode(path)
        for entry, _ in _walk(path):
            if not entry.is_dir(follow_symlinks=False):
                found |= _inode(entry.path)
    return found


def _of_neighbours(project, home, protected, exempt):
    """Secrets of other projects beside this one, as far as something links to them."""
    parent, found, left = os.path.dirname(project), set(), _BESIDE
    if not is_in(parent, os.path.realpath(home)):
        return found
    waiting = [parent]
    while waiting and left > 0:
        folder = waiting.pop(0)
        try:
            entries = list(os.scandir(folder))
        except OSError:
            continue
        left -= len(entries)
        for entry in entries:
            path = os.path.relpath(entry.path, parent)
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _NAMELESS and entry.path != project:
                    waiting.append(entry.path)
            elif protected.match(entry.name, path) and not exempt.match(entry.name, path):
                found |= _inode(entry.path)
    return found


def _is_below(path, folders):
    return any(is_in(path, folder) for folder in folders)
