"""Which file a path really means, and whether the policy lets an agent read or write it.

A path is judged as it is written, as the file system resolves it, and by the inode that it leads to: a hard
link to a secret is that secret.
"""

import os

import match
from marks import DEEP, STAR, TAINTED, UNKNOWN, globbed, literal, shown, unknown
from policy import OURS

EVERYBODY = ("home", "Users", "export/home", "var/home")
LIBRARIES = ("/usr/", "/etc/", "/lib/", "/lib64/", "/opt/", "/snap/", "/nix/")
"""Where certificates and sample settings are the system's, not a project's."""
SCRATCH = ("/tmp", "/var/tmp", "/dev/shm", "/private/tmp")
DEVICES = (
    "/dev/null",
    "/dev/stdout",
    "/dev/stderr",
    "/dev/tty",
    "/dev/zero",
    "/dev/fd",
    "/proc/self/fd",
)
MANY = 4000
"""Entries of folders that one decision looks at."""


class Places:
    """The homes, the project and the folder that a decision is about."""

    def __init__(self, policy, cwd, home=None):
        self.policy, self.cwd = policy, cwd
        self.home = os.path.normpath(home or _home())
        self.homes = {self.home, os.path.realpath(self.home)}
        self.project = _project(cwd, self.homes)
        self._inodes = None

    # Questions

    def reading(self, path, cwd=None):
        """Why the path may not be read; "" if it may."""
        for found in self.meant(path, cwd):
            why = self.secret(found)
            if why:
                return "%s is protected (%s)" % (shown(path), why)
        return ""

    def writing(self, path, cwd=None, anywhere=True):
        """(rule, why the path may not be written), empty if it may. `anywhere`: outside the project, too."""
        why = self.reading(path, cwd)
        if why:
            return "protected", why
        for found in self.meant(path, cwd):
            why = self.kept(found)
            if why:
                return "persistent", "%s may not be changed by an agent (%s)" % (shown(path), why)
            if not (anywhere or unknown(found) or self.within(found)):
                return "profile", "%s is outside the project" % shown(path)
        return "", ""

    def holds_secrets(self, path, cwd=None):
        """What protected thing of the home lies below a folder; "" if none."""
        for found in self.meant(path, cwd):
            if unknown(found):
                continue
            for home in self.homes:
                inside = _relative(found, home)
                for pattern in self.policy.protected_home:
                    wanted = "/".join([*_relative(home, "/"), pattern])
                    parts = _relative(found, "/")
                    if inside == [] or match.above(wanted, parts):
                        return "~/" + pattern
        return ""

    def project_secrets(self, path, cwd=None, name=STAR):
        """The first protected file of a project, of this name, below a folder; "" if none is found."""
        for found in self.meant(path, cwd):
            if not literal(found):
                continue
            seen = 0
            for folder, folders, files in os.walk(found):
                folders[:] = [name for name in folders if name not in ("node_modules", ".git")]
                seen += len(files) + len(folders)
                for one in files:
                    whole = os.path.join(folder, one)
                    if not match.meet(name, one):
                        continue
                    if (
                        self._of_project(whole)
                        and os.path.isfile(whole)
                        and os.access(whole, os.R_OK)
                    ):
                        return whole
                if seen > MANY:
                    break
        return ""

    def within(self, path):
        """Whether a path lies in the project, or where temporary things and the agent's own are."""
        scratch = not any((path + "/").startswith(home + "/") for home in self.homes)
        inside = [self.project] + ([os.path.join(self.home, one) for one in self.policy.state])
        inside.append(os.path.join(self.home, ".cache"))
        if scratch:
            inside += [*SCRATCH, *DEVICES, os.environ.get("TMPDIR") or "/tmp"]
        return any(path == one or path.startswith(one.rstrip("/") + "/") for one in inside)

    # What a path means

    def meant(self, path, cwd=None):
        """The absolute paths that a path may mean: as written, resolved, and what a glob matches."""
        cwd = self.cwd if cwd is None else cwd
        if path == "~" or path.startswith("~/"):
            path = self.home + path[1:]
        elif path.startswith("~"):
            path = _others(path)
        if path.startswith("file://"):
            path = path[7:]
        path = _through_proc(os.path.join(cwd, path), self.cwd)
        written = "/" + os.path.normpath(path).lstrip("/")
        found = [_through_proc(written, self.cwd)]
        if literal(path) and "\0" not in path:
            for one in (path, written):
                real = os.path.realpath(one)
                if real not in found:
                    found.append(real)
        elif globbed(written) and not unknown(written):
            for one in expanded(written):
                if path.endswith("/") and not os.path.isdir(one):
                    continue
                found += [each for each in {one, os.path.realpath(one)} if each not in found]
        return found

    # Rules of the policy

    def secret(self, path):
        """Which rule of the policy forbids the path; "" if none."""
        parts = _relative(path, "/")
        if parts[:1] == ["proc"] and parts[2:] and parts[-1] in ("environ", "mem", "kcore"):
            return "the environment or memory of a process"
        if path in ("/dev/mem", "/dev/kmem", "/proc/kcore"):
            return "the machine's memory"
        for pattern in self.policy.protected_system:
            if match.below(pattern.strip("/"), parts):
                return pattern
        for inside in self._in_homes(path):
            for pattern in self.policy.protected_home:
                if match.below(pattern, inside):
                    return "~/" + pattern
        return self._of_project(path) or self._same_inode(path)

    def kept(self, path):
        """Which rule keeps an agent from changing the path; "" if none."""
        parts = _relative(path, "/")
        for one in OURS:
            if match.below(one.strip("/"), parts):
                return one
        for inside in self._in_homes(path):
            for pattern in (*self.policy.persistent_home, *self.policy.settings):
                if match.below(pattern, inside):
                    return "~/" + pattern
            if any(match.below(one, inside) for one in self.policy.state):
                return ""  # its plans and notes; what is beside them in a project is not its own
        for pattern in self.policy.persistent_project:
            if match.anywhere(pattern, self._in_project(path)):
                return pattern
        return ""

    def keeps(self, path, cwd=None):
        """What persistent thing lies below a folder that is to be removed or moved; "" if none."""
        for found in self.meant(path, cwd):
            for inside in self._in_homes(found):
                for pattern in self.policy.persistent_home:
                    if inside and match.above(pattern, inside):
                        return "~/" + pattern
            for pattern in self.policy.persistent_project:
                parts = self._in_project(found)
                if parts and any(match.above(pattern, parts[-depth:]) for depth in (1, 2, 3)):
                    return pattern
        return ""

    def _in_homes(self, path):
        """The path's parts below each home that it lies in, anybody's."""
        for home in self.homes:
            inside = _relative(path, home)
            if inside:
                yield inside
        parts = _relative(path, "/")
        for root in EVERYBODY:
            depth = root.count("/") + 1
            if match.below(root, parts) and len(parts) > depth + 1:
                yield parts[depth + 1 :]
        if parts[:1] == ["root"] and parts[1:]:
            yield parts[1:]
        if unknown(path):
            yield from _suffixes(parts)

    def _in_project(self, path):
        """The parts of a path that may name a thing of a project: below ours, or of anybody's."""
        return _tail(_relative(path, self.project) or _relative(path, "/"))

    def _of_project(self, path):
        if path.startswith(LIBRARIES):
            return ""
        parts = self._in_project(path)
        while any(map(globbed, parts)):
            parts = parts[1:]  # what a glob matches on disk is looked at by itself
        if not parts or any(
            match.same(pattern, parts[-1]) for pattern in self.policy.protected_exempt
        ):
            return ""
        for pattern in self.policy.protected_project:
            if match.anywhere(pattern, parts):
                return pattern
        return ""

    def _same_inode(self, path):
        """A hard link to a protected file, by device and inode; asked only where there are several links."""
        if not literal(path):
            return ""
        try:
            state = os.stat(path)
        except (OSError, ValueError):
            return ""
        if state.st_nlink < 2 or (state.st_mode & 0o170000) != 0o100000:
            return ""
        if self._inodes is None:
            self._inodes = dict(self._links())
        return self._inodes.get((state.st_dev, state.st_ino), "")

    def _links(self):
        """(device, inode) and name of each protected file of the home and the project."""
        roots = [
            os.path.join(home, pattern)
            for home in self.homes
            for pattern in self.policy.protected_home
        ]
        for root in roots:
            for path in expanded("/".join(match.tokens(part) for part in root.split("/"))):
                yield from _inodes_below(path)
        seen = 0
        for folder, folders, files in os.walk(self.project):
            folders[:] = [name for name in folders if name not in ("node_modules", ".git")]
            seen += len(files) + len(folders)
            for name in files:
                if self._of_project(os.path.join(folder, name)):
                    yield from _inodes_below(os.path.join(folder, name))
            if seen > MANY:
                return


def expanded(pattern):
    """The paths on disk that match an absolute path with globs; hidden names only where they are named."""
    found = ["/"]
    for part in pattern.strip("/").split("/"):
        if literal(part):
            found = [os.path.join(one, part) for one in found]
            continue
        matching = []
        for one in found:
            try:
                names = sorted(os.listdir(one))
            except OSError:
                continue
            matching += [os.path.join(one, name) for name in names[:MANY] if _globs(part, name)]
        found = matching[:MANY]
    return [one for one in found if os.path.lexists(one)]


def _globs(part, name):
    return (not name.startswith(".") or part.startswith(".")) and match.meet(part, name)


def _inodes_below(path):
    seen = [path]
    for folder, _, files in os.walk(path):
        seen += [os.path.join(folder, name) for name in files]
        if len(seen) > MANY:
            break
    for one in seen:
        try:
            state = os.stat(one)
        except OSError:
            continue
        if (state.st_mode & 0o170000) == 0o100000:
            yield (state.st_dev, state.st_ino), "a hard link to " + one


def _home():
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return os.environ.get("HOME") or "/nonexistent"


def _others(path):
    """~name/... as a path; an unknown name stays what it is."""
    import pwd

    name, slash, rest = path[1:].partition("/")
    try:
        return pwd.getpwnam(name).pw_dir + slash + rest
    except (KeyError, ValueError):
        return path


def _project(cwd, homes):
    """The repository that the folder lies in, or the folder itself."""
    folder = os.path.realpath(cwd)
    while folder != "/" and folder not in homes:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        folder = os.path.dirname(folder)
    return os.path.realpath(cwd)


def _relative(path, root):
    """The parts of a path below a root; None where it lies elsewhere, [] for the root itself."""
    if root != "/":
        if path != root and not path.startswith(root + "/"):
            return None
        path = path[len(root) :]
    return [part for part in path.split("/") if part]


def _tail(parts):
    """The parts after the last that is not known at all."""
    for place in range(len(parts) - 1, -1, -1):
        if parts[place] in (UNKNOWN, TAINTED, DEEP, STAR):
            return parts[place + 1 :]
    return parts


def _suffixes(parts):
    """What may lie below a home where the beginning of a path is not known."""
    for place, part in enumerate(parts):
        if unknown(part):
            rest = parts[place + 1 :]
            if rest and rest[0].strip(UNKNOWN + TAINTED + DEEP + STAR + "."):
                yield rest


def _through_proc(path, cwd):
    """A path through /proc/PID/root or /proc/PID/cwd as the one that it leads to."""
    while path.startswith("/proc/"):
        parts = path.split("/")
        if parts[3:4] == ["task"]:
            parts = parts[:3] + parts[5:]
        if parts[3:4] == ["root"]:
            path = "/" + "/".join(parts[4:])
        elif parts[3:4] == ["cwd"]:
            path = os.path.join(cwd, *parts[4:])
        else:
            break
    return path
