"""A search through projects for names that lead to a secret. Call it as the projects' user."""

import os
import time

from .protected import Places, ancestors

_OFTEN = 64  # folders between two looks at the clock


class Search:
    """What leads to real paths (`places`, with all below them) or is another name of one of `twins`:
    [[dev, inode, path]]; `names` are those that protect in a project (see protected.py).

    It ends at a time of the monotonic clock; `late` is the first folder that it came to too late, or "".
    """

    def __init__(self, projects, places, twins, names, until):
        self._projects = set(projects)
        self._places = Places(places)
        self._twins = {(device, inode): path for device, inode, path in twins}
        self._names = names
        self._until = until
        self.late = ""

    def links(self):
        """[{project, path, secret, kind}], first by names. Only where a secret has two is every file asked
        for its inode, which takes long."""
        found, own = [], {}
        for project in sorted(self._projects):
            found += self._symbolic(project, own)
        if own or self._twins:
            for project in sorted(self._projects):
                found += self._hard(project, own)
        return found

    def _symbolic(self, project, own):
        """Symbolic links to secrets; the project's own secrets with two names are added to `own`."""
        for entry in self._entries(project):
            if entry.is_symlink():
                secret = self._led_to(project, entry.path)
                if secret:
                    yield _link(project, entry.path, secret, "symbolic")
            elif self._names.protect(entry.path):
                info = _state(entry)
                if info and info.st_nlink > 1:
                    own[info.st_dev, info.st_ino] = entry.path

    def _hard(self, project, own):
        for entry in self._entries(project):
            info = None if entry.is_symlink() else _state(entry)
            if info is None or info.st_nlink < 2:
                continue
            identity = info.st_dev, info.st_ino
            secret = self._twins.get(identity)
            if secret is None and not self._names.protect(entry.path):
                secret = own.get(identity)
            if secret not in (None, entry.path):
                yield _link(project, entry.path, secret, "hard")

    def _led_to(self, project, path):
        """The secret, or the protected place, that a symbolic link leads to, or None."""
        try:
            target = os.readlink(path)
        except OSError:
            return None
        if _stays_inside(project, path, target):
            # what it leads to is looked at under its own name, unless that alone protects it
            if not self._names.protect(target) or self._names.protect(path):
                return None
            return os.path.normpath(os.path.join(os.path.dirname(path), target))
        real = os.path.realpath(path)
        secret = self._places.reached(real)
        if secret is None and self._is_of_a_project(real) and not self._names.protect(path):
            secret = real if self._names.protect(real) else None
        return secret if secret and os.access(path, os.R_OK) else None

    def _is_of_a_project(self, path):
        return not self._projects.isdisjoint(ancestors(path))

    def _entries(self, project):
        """Everything in a project but folders; links are not followed."""
        waiting, count = [project], 0
        while waiting:
            folder = waiting.pop()
            if count % _OFTEN == 0 and time.monotonic() > self._until:
                self.late = self.late or folder
                return
            count += 1
            try:
                with os.scandir(folder) as entries:
                    inside = list(entries)
            except OSError:
                continue
            for entry in inside:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    yield entry


def _link(project, path, secret, kind):
    return {"project": project, "path": path, "secret": secret, "kind": kind}


def _stays_inside(project, path, target):
    """Whether a relative target names something of the same project, without leaving it on the way."""
    parts = [part for part in target.split("/") if part not in ("", ".")]
    ups = next((n for n, part in enumerate(parts) if part != ".."), len(parts))
    if target.startswith("/") or ".." in parts[ups:]:
        return False
    return ups <= path[len(project) + 1 :].count("/") and len(parts) > ups


def _state(entry):
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:
        return None
