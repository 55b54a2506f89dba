"""What of a project may be read and never written: git's hooks and settings, agents' own folders.

A path that is there is covered read-only, and each folder on its way is pinned, or else it could be
moved away and made anew. A path that is not there gets an empty stand-in for as long as agents run,
so that it can't be made.
"""

import os
import re

from places import is_in

_HOOKS = re.compile(r"(?im)^\s*hookspath\s*=\s*(\S.*?)\s*$")
_OF_GIT = ".git/"


class Kept:
    """read_only, pinned: paths that are there; missing: (path, whether a folder) that are not;
    links: {path: target} of symbolic links, which can't be covered."""

    def __init__(self):
        self.read_only, self.pinned, self.missing, self.links = [], [], [], {}

    def add(self, top, path):
        """One relative path below a folder."""
        whole = top
        parts = path.split("/")
        for place, part in enumerate(parts):
            whole = os.path.join(whole, part)
            last = place == len(parts) - 1
            if os.path.islink(whole):
                self.links[whole] = os.readlink(whole)
                real = os.path.realpath(whole)
                if is_in(real, top) and real != top and os.path.exists(real):
                    self.read_only.append(real)
                return
            if not os.path.exists(whole):
                if whole != os.path.join(top, ".git"):  # or no repository could ever be made here
                    self.missing.append((whole, not last or not _is_files_name(part)))
                return
            (self.read_only if last else self.pinned).append(whole)


def find(project, intent, git_folders, repositories, home):
    """git_folders: of the project itself; repositories: further `.git` folders in it."""
    kept = Kept()
    of_git = [one[len(_OF_GIT) :] for one in intent.persistent_project if one.startswith(_OF_GIT)]
    of_git = of_git and [*of_git, "config.worktree"]
    for folder in [*git_folders, *repositories]:
        kept.pinned.append(folder)
        for one in [folder, *_modules(folder)]:
            for path in of_git:
                if path != "config.worktree" or os.path.lexists(os.path.join(one, path)):
                    kept.add(one, path)
    dot = os.path.join(project, ".git")
    if os.path.isfile(dot):
        kept.read_only.append(dot)
    for path in intent.persistent_project:
        if not path.startswith(_OF_GIT):
            kept.add(project, path)
    for path in _hooks_paths(git_folders, home):
        whole = os.path.normpath(os.path.join(project, path))
        if is_in(whole, project) and whole != project:
            kept.add(project, os.path.relpath(whole, project))
    return kept


def _modules(folder):
    """The data of submodules, which lies in the repository's own."""
    top = os.path.join(folder, "modules")
    found = []
    for path, folders, files in os.walk(top):
        if "HEAD" in files and "config" in files:
            found.append(path)
            folders[:] = [one for one in folders if one == "modules"]
    return found


def _hooks_paths(git_folders, home):
    """Folders that core.hooksPath names, of the repository and of the person."""
    places = [os.path.join(one, "config") for one in git_folders]
    places += [os.path.join(home, ".gitconfig"), os.path.join(home, ".config/git/config")]
    found = []
    for place in filter(os.path.isfile, places):
        with open(place, encoding="utf-8", errors="replace") as file:
            found += _HOOKS.findall(file.read())
    return [one.strip('"') for one in found if not one.startswith("~")]


def _is_files_name(name):
    """Whether it is a file's name, not a folder's: nothing but the name can tell."""
    return "." in name.lstrip(".") or name.endswith(("rc", "rules"))
