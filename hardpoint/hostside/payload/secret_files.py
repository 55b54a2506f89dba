"""The protected files that there are: where they really lie, and which of them have a second name."""

import os
from fnmatch import fnmatchcase

MOST = 50000  # protected files of one home; a browser's profile has some thousands


def below(home, patterns):
    """(real paths of what is protected, [[dev, inode, path] of files with more than one name], whether
    there is more). Call it as the home's user."""
    places, twins, left = [], [], MOST
    for pattern in patterns:
        for path in _matching(home, pattern.split("/")):
            real = os.path.realpath(path)
            places.append(real)
            for file, info in _files(real):
                left -= 1
                if left < 0:
                    return places, twins, True
                if info.st_nlink > 1:
                    twins.append([info.st_dev, info.st_ino, file])
    return places, twins, False


def _matching(folder, parts):
    """Existing paths for a pattern, hidden names included."""
    if not any(sign in parts[0] for sign in "*?["):
        names = parts[:1]
    else:
        names = [name for name in _names(folder) if fnmatchcase(name, parts[0])]
    for name in names:
        path = os.path.join(folder, name)
        if parts[1:]:
            yield from _matching(path, parts[1:])
        elif os.path.lexists(path):
            yield path


def _names(folder):
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _files(path):
    """(path, lstat) of a file, or of the files in a folder, links not followed."""
    try:
        if not os.path.isdir(path):
            yield path, os.lstat(path)
            return
        with os.scandir(path) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError:  # gone meanwhile, or not the user's to read: then not an agent's either
        return
    for entry in inside:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path)
        elif entry.is_file(follow_symlinks=False):
            try:
                yield entry.path, entry.stat(follow_symlinks=False)
            except OSError:
                continue
