"""The arguments of bubblewrap: what the sandbox is made of, in the order in which it is mounted."""

import os

from places import SYSTEM, is_in

SHOWN = (
    "/var/lib/dpkg",
    "/var/lib/alternatives",
    "/var/lib/ca-certificates",
    "/var/lib/gems",
    "/sys/devices/system",
)
"""More that tools read. Not all of /var: services keep their sockets there."""

INSIDE = "/run/hardpoint-run/inside.py"
AUDIT = "/run/hardpoint"
PYTHON = "/usr/bin/python3"
_NOTHING = "/dev/null"

NAMESPACES = (
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-cgroup-try",
)


class Sandbox:
    """What to show: `home` is where it is inside; `private` the folder that stands there, or None for
    an empty one in memory; `read_only` are (from, to) below the home; `links` {link: target} there.
    Of the project: `writable` is what belongs to it and is elsewhere; the rest as in kept.py, masks.py
    and excludes.py (`instead`); `copies` are (from, to), writable. `settings` are (from, to) of the
    system's."""

    def __init__(self, project, home):
        self.project, self.home = project, home
        self.private, self.read_only, self.links = None, [], {}
        self.writable, self.writes = [], True
        self.pinned, self.kept, self.stand_ins, self.instead = [], [], [], []
        self.copies = []
        self.files, self.folders, self.system, self.settings = [], [], (), []

    def arguments(self, network):
        """network: "none", a namespace of its own, or "same", inside a sandbox that has one."""
        given = [*NAMESPACES, "--die-with-parent"]
        given += ["--unshare-net"] if network == "none" else []
        given += [*_root(), "--proc", "/proc", "--dev", "/dev"]
        for folder in ("/tmp", "/var/tmp"):
            given += ["--tmpfs", folder]
        for folder in ("/run", "/home", "/root", "/mnt", "/media", "/srv"):
            given += [] if os.path.islink(folder) else ["--dir", folder]
        given += ["--ro-bind", _beside("inside.py"), INSIDE, "--ro-bind-try", AUDIT, AUDIT]
        given += [*self._home(), *self._project(), *self._hidden()]
        return [*given, "--remount-ro", "/", "--chdir", self._start()]

    def _home(self):
        real = os.path.realpath(self.home)
        given = ["--bind", self.private, real] if self.private else ["--tmpfs", real]
        for source, target in self.read_only:
            given += ["--ro-bind", source, target]
        for link, target in self.links.items():
            given += ["--symlink", target, link]
        if self.home != real and not os.path.islink("/" + self.home.split("/")[1]):
            given += ["--symlink", real, self.home]
        return given

    def _project(self):
        bind = "--bind" if self.writes else "--ro-bind"
        given = []
        for path in [self.project, *self.writable]:
            given += [bind, path, path]
        given += self._unwritten() if self.writes else []
        for source, path in self.copies:
            given += ["--bind", source, path]
        return given

    def _unwritten(self):
        given = []
        for path in sorted(set(self.pinned)):
            given += ["--bind", path, path]
        for path in sorted(set(self.kept)):
            given += ["--ro-bind", path, path]
        for path in self.stand_ins:
            empty = os.path.isfile(path) and not os.path.getsize(path)
            given += ["--ro-bind", _NOTHING if empty else path, path]
        for source, path in self.instead:
            given += ["--ro-bind", source, path]
        return given

    def _hidden(self):
        given = []
        for path in [*self.folders, *(one for one in self.system if os.path.isdir(one))]:
            given += ["--tmpfs", path, "--remount-ro", path]
        for path in [*self.files, *(one for one in self.system if os.path.isfile(one))]:
            given += ["--ro-bind", _NOTHING, path]
        for source, path in self.settings:
            given += ["--ro-bind", source, path]
        return given

    def _start(self):
        here = os.path.realpath(os.getcwd())
        return here if is_in(here, self.project) else self.project


def _root():
    """The system's folders, read-only; links at the top are links again."""
    given = []
    for name in (*SYSTEM, "home"):
        path = "/" + name
        if os.path.islink(path):
            given += ["--symlink", os.readlink(path), path]
        elif name != "home" and os.path.isdir(path):
            given += ["--ro-bind", path, path]
    for path in SHOWN:
        given += ["--ro-bind-try", path, path]
    return [*given, "--dir", "/var"]


def _beside(name):
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
