"""What of a project may be read and never written: git's hooks and settings, agents' own folders.

A path that is there is covered read-only, and each folder on its way is pinned, or else it could be
moved away and made anew. A path that is not there gets a stand-in for as long as agents run, so that
it can't be made.
"""

import os
import re

from places import is_in

_NAMED = re.compile(r"(?im)^\s*(hookspath|path)\s*=\s*(\S.*?)\s*$")
_OF_GIT = ".git/"
_COMMON = "commondir"
ITSELF = ".\n"
"""Says to git that a folder's common one is itself, as it is without the file. An agent's own would
name another, with settings that run commands when the person uses git."""


class Kept:
    """read_only, pinned: paths that are there; missing: (path, content of its stand-in, None for a
    folder) that are not, made: folders on the way to these; links: {path: target} of symbolic
    links, which can't be covered."""

    def __init__(self):
        self.read_only, self.pinned, self.missing, self.links = [], [], [], {}
        self.made = []

    def add(self, top, path, content=""):
        """One relative path below a folder. content: of its stand-in, if it is a file."""
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
                    self._stand_in(whole, parts[place + 1 :], content)
                return
            (self.read_only if last else self.pinned).append(whole)

    def _stand_in(self, path, rest, content):
        """For the last part only: its folder may get other things, such as .github/workflows."""
        for part in rest:
            self.made.append(path)
            path = os.path.join(path, part)
        file = content or _is_files_name(os.path.basename(path))
        self.missing.append((path, content if file else None))


def find(project, intent, git_folders, repositories, home):
    """git_folders: of the project itself; repositories: further `.git` folders and files in it."""
    kept = Kept()
    of_git = [one[len(_OF_GIT) :] for one in intent.persistent_project if one.startswith(_OF_GIT)]
    for folder in [*git_folders, *repositories] if of_git else ():
        kept.pinned += _way_to(folder, project)
        if os.path.isfile(folder):
            kept.read_only.append(folder)
            continue
        kept.pinned.append(folder)
        for one in [folder, *_modules(folder)]:
            _keep_git(kept, one, of_git)
    for path in intent.persistent_project:
        if not path.startswith(_OF_GIT):
            kept.add(project, path)
    for path in _named(project, git_folders, home):
        if is_in(path, project) and path != project and os.path.exists(path):
            kept.add(project, os.path.relpath(path, project))
    return kept


def _keep_git(kept, folder, of_git):
    for path in of_git:
        kept.add(folder, path)
    kept.add(folder, _COMMON, ITSELF)
    trees = os.path.join(folder, "worktrees")
    own = (
        [os.path.join("worktrees", one) for one in os.listdir(trees)]
        if os.path.isdir(trees)
        else []
    )
    for one in ["", *own]:
        for name in ("config.worktree", _COMMON, "gitdir"):
            path = os.path.join(one, name)
            if os.path.lexists(os.path.join(folder, path)):
                kept.add(folder, path)


def _way_to(path, project):
    """The folders between a project and a path in it: moved away, they could be made anew."""
    found, folder = [], os.path.dirname(path)
    while is_in(folder, project) and folder != project:
        found.append(folder)
        folder = os.path.dirname(folder)
    return found


def _modules(folder):
    """The data of submodules, which lies in the repository's own."""
    top = os.path.join(folder, "modules")
    found = []
    for path, folders, files in os.walk(top):
        if "HEAD" in files and "config" in files:
            found.append(path)
            folders[:] = [one for one in folders if one == "modules"]
    return found


def _named(project, git_folders, home):
    """Paths that git's settings name: folders of hooks, and more settings."""
    places = [os.path.join(one, "config") for one in git_folders]
    places += [os.path.join(home, ".gitconfig"), os.path.join(home, ".config/git/config")]
    found = []
    for place in filter(os.path.isfile, places):
        with open(place, encoding="utf-8", errors="replace") as file:
            for name, path in _NAMED.findall(file.read()):
                top = os.path.dirname(place) if name.lower() == "path" else project
                found.append(os.path.normpath(os.path.join(top, path.strip('"'))))
    return found


def _is_files_name(name):
    """Whether it is a file's name, not a folder's: nothing but the name can tell."""
    return "." in name.lstrip(".") or name.endswith(("rc", "rules"))
