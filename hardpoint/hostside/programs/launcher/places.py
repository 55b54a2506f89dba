"""Where things are: the person's home, the project, the repository that it is a part of."""

import glob
import os
import pwd
import stat

from errors import Refused

SYSTEM = ("usr", "etc", "opt", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix", "gnu")
"""Folders of / that a sandbox sees, read-only. What is not here is not there."""

_NEVER = ("proc", "sys", "dev", "run", "boot", *SYSTEM)
_SHARED = ("/", "/home", "/root", "/tmp", "/var", "/var/tmp", "/var/lib", "/mnt", "/media", "/srv")


def home():
    """The home that programs use: $HOME where it is the user's own folder, else that of passwd."""
    own = pwd.getpwuid(os.getuid()).pw_dir
    for path in (os.environ.get("HOME", ""), own):
        if os.path.isabs(path) and os.path.realpath(path) != "/" and _is_own(path):
            return os.path.normpath(path)
    raise Refused("you have no home folder: %s" % own)


def _is_own(path):
    try:
        state = os.stat(path)
    except OSError:
        return False
    return stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid()


def is_in(path, folder):
    """Whether a path is the folder, or below it. Both real."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def overlap(one, other):
    return is_in(one, other) or is_in(other, one)


def project(given, user_home, sensitive):
    """The real path of what the agent works in. Raises Refused.

    given: what was typed, or None for the repository that the current folder is in, or else that
    folder. sensitive: paths that a project may neither hold nor be in.
    """
    path = os.path.realpath(given if given is not None else os.getcwd())
    if not os.path.isdir(path):
        raise Refused("the project %s is not a folder" % path)
    homes = {os.path.realpath(one.pw_dir) for one in pwd.getpwall()} - {"/"}
    homes.add(os.path.realpath(user_home))
    if given is None:
        path = _repository(path, homes) or path
    if path in _SHARED or path.split("/")[1] in _NEVER:
        raise Refused("%s is a folder of the system: start this in a project's folder" % path)
    if any(is_in(one, path) for one in _standing(homes)):
        raise Refused("%s is, or holds, a home: start this in a project's folder" % path)
    for one in sensitive:
        if overlap(path, one):
            raise Refused("%s is no place for an agent: it touches %s" % (path, one))
    return path


def _standing(homes):
    """Those of the homes that people have: system accounts name folders such as /var/www, too."""
    return [one for one in homes if one.count("/") > 1 and os.path.isdir(one)]


def _repository(path, homes):
    while path not in homes and path != "/":
        if os.path.lexists(os.path.join(path, ".git")):
            return path
        path = os.path.dirname(path)
    return None


def below(folder, patterns):
    """Real paths of what relative patterns (fnmatch) mean below a folder, whether there or not."""
    found = []
    for pattern in patterns:
        path = os.path.join(folder, pattern)
        there = glob.glob(path) if glob.has_magic(pattern) else [path]
        found += [os.path.realpath(one) for one in there]
    return found


def git_folders(project):
    """(own, common): the real folder with the project's index, and the one with all that belongs to
    the repository; the same but in a worktree. (None, None) where there is none.

    A `.git` file is part of the project, so it is believed only if the folder that it names points back.
    """
    nothing, dot = (None, None), os.path.join(project, ".git")
    if os.path.isdir(dot) and not os.path.islink(dot):
        return dot, dot
    try:
        own = common = os.path.realpath(os.path.join(project, _line(dot, "gitdir: ")))
        place = os.path.join(own, "commondir")
        if os.path.lexists(place):
            common = os.path.realpath(os.path.join(own, _line(place)))
            if os.path.dirname(own) != os.path.join(common, "worktrees"):
                return nothing
        if not _points_back(own, project):
            return nothing
    except (OSError, ValueError):
        return nothing
    parts = all(os.path.lexists(os.path.join(common, part)) for part in ("HEAD", "objects", "refs"))
    known = parts and _is_own(common) and ".git" in common.split("/")
    return (own, common) if known else nothing


def _points_back(folder, project):
    back = os.path.join(folder, "gitdir")
    if os.path.lexists(back):  # a worktree
        return os.path.realpath(_line(back)) == os.path.join(project, ".git")
    config = os.path.join(folder, "config")
    if not os.path.isfile(config):
        return False
    with open(config, encoding="utf-8", errors="replace") as file:
        places = [line.split("=", 1)[1].strip() for line in file if "worktree =" in line]
    return any(os.path.realpath(os.path.join(folder, one)) == project for one in places)


def _line(path, start=""):
    if not os.path.isfile(path):  # a pipe would keep us waiting
        raise ValueError("%s is no file" % path)
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        text = file.read(4096).rstrip("\n")
    if not text.startswith(start) or "\n" in text or "\0" in text:
        raise ValueError("%s is not what git writes" % path)
    return text[len(start) :]
