"""Files of the system and of users, without ever following what a user planted.

A path is walked component by component from `/` with O_NOFOLLOW. A symbolic link on the way is followed
only when root owns it and the directory that it lies in; the last component never is. What belongs to a
user is touched by a forked child that became that user (`as_user`). Everything raises Refusal.

A state of a path, as `snapshot` gives it and `restore` takes it:
    {"kind": "absent"}
    {"kind": "regular", "content": bytes, "mode": 0o644, "uid": 0, "gid": 0, "xattrs": {"user.a": bytes}}
    {"kind": "symlink", "target": "..."}    {"kind": "directory", "mode", "uid", "gid"}    {"kind": "other"}
"""

import contextlib
import errno
import os
import pwd
import stat

from .asuser import account, as_user
from .errors import Refusal, os_errors

__all__ = ["account", "as_user"]  # what else is public here has no underscore

SIZE_CAP = 8 * 1024 * 1024
_DIRECTORY = os.O_DIRECTORY | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)
# labels that the kernel or the policy sets by itself: neither compared nor put back
_FOREIGN_XATTRS = ("security.selinux", "security.ima", "security.evm")


# --- walking -----------------------------------------------------------------------------------------------


def check_path(path):
    """`path` itself when it is absolute and plain; Refusal "bad-request"."""
    plain = (
        isinstance(path, str)
        and path.startswith("/")
        and "\0" not in path
        and path == os.path.normpath(path)
    )
    if not plain or path == "/" or path.startswith("//"):
        raise Refusal("bad-request", "not a plain absolute path: %r" % (path,))
    return path


@contextlib.contextmanager
def parent_of(path, make=False, into=True):
    """(descriptor of the directory, last component). `make` creates missing directories; `into` False when
    nothing will be read or written there, only looked at."""
    check_path(path)
    parts = path.split("/")[1:]
    stack = [os.open("/", _DIRECTORY)]
    try:
        with os_errors(path):
            _walk(path, stack, parts[:-1], make)
            _trust(path, os.fstat(stack[-1]), last=into)
        yield stack[-1], parts[-1]
    finally:
        for fd in stack:
            os.close(fd)


def _walk(path, stack, parts, make):
    links = 0
    while parts:
        name, parts = parts[0], parts[1:]
        if name in ("", "."):
            continue
        if name == "..":  # only out of the target of a link that root made
            if len(stack) > 1:
                os.close(stack.pop())
            continue
        here = os.fstat(stack[-1])
        _trust(path, here, last=False)
        found = _entry(name, stack[-1], make)
        if stat.S_ISLNK(found.st_mode):
            links += 1
            if links > 20 or found.st_uid != 0 or here.st_uid != 0 or here.st_mode & 0o022:
                raise Refusal(
                    "symlink",
                    "%s: %s in it is a symbolic link: links are not followed here" % (path, name),
                )
            parts = _target(stack, name) + parts
            continue
        stack.append(os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=stack[-1]))


def _target(stack, name):
    """The components of a link; an absolute one starts again from the root."""
    target = os.readlink(name, dir_fd=stack[-1])
    while target.startswith("/") and len(stack) > 1:
        os.close(stack.pop())
    return target.split("/")


def _entry(name, fd, make):
    try:
        return os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        if not make:
            raise
        _mkdir(name, fd)
        return os.stat(name, dir_fd=fd, follow_symlinks=False)


def _mkdir(name, fd):
    mask = os.umask(
        0
    )  # root's own umask must not decide whether a service can enter a directory in /etc
    try:
        os.mkdir(name, 0o755 if _strict() else 0o700, dir_fd=fd)
    finally:
        os.umask(mask)


def _strict():
    return os.geteuid() == 0


def _trust(path, directory, last):
    """Root works only in directories that nobody else can rearrange."""
    if not _strict():
        return
    if directory.st_uid != 0:
        owner = _name(directory.st_uid)
        raise Refusal(
            "foreign-owner",
            "%s lies in a directory of %s: it is reached as that user, not as root" % (path, owner),
        )
    if directory.st_mode & 0o002 and (last or not directory.st_mode & stat.S_ISVTX):
        raise Refusal("foreign-owner", "%s lies in a directory that everybody may write" % path)


def _name(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return "uid %d" % uid


def missing_parents(path):
    """The directories of `path` that do not exist yet, outermost first."""
    check_path(path)
    parts = path.split("/")[1:-1]
    for depth in range(len(parts)):
        try:
            with parent_of("/" + "/".join(parts[: depth + 1]), into=False) as (fd, name):
                os.stat(name, dir_fd=fd, follow_symlinks=False)
        except FileNotFoundError:
            return ["/" + "/".join(parts[: n + 1]) for n in range(depth, len(parts))]
    return []


# --- reading -----------------------------------------------------------------------------------------------


def snapshot(path):
    """The state of `path`. Absent when its directory is missing too."""
    try:
        with parent_of(path) as (fd, name), os_errors(path):
            return _state(path, fd, name)
    except Refusal as error:
        if error.code == "missing":
            return {"kind": "absent"}
        raise


def read(path):
    """The bytes of a regular file; Refusal "missing", "symlink", "not-regular", "too-big", "permission" ..."""
    state = snapshot(path)
    _demand_regular(path, state)
    return state["content"]


def _demand_regular(path, state):
    if state["kind"] == "absent":
        raise Refusal("missing", "%s does not exist" % path)
    if state["kind"] == "symlink":
        raise Refusal("symlink", "%s is a symbolic link: links are not followed here" % path)
    if state["kind"] != "regular":
        raise Refusal("not-regular", "%s is not a regular file" % path)


def _state(path, fd, name):
    try:
        found = os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return {"kind": "absent"}
    if stat.S_ISLNK(found.st_mode):
        return {"kind": "symlink", "target": os.readlink(name, dir_fd=fd)}
    owner = {"mode": stat.S_IMODE(found.st_mode), "uid": found.st_uid, "gid": found.st_gid}
    if stat.S_ISDIR(found.st_mode):
        return {"kind": "directory", **owner}
    if not stat.S_ISREG(found.st_mode):
        return {"kind": "other"}
    file = _open(fd, name)
    try:
        state = _regular(path, file)
    finally:
        os.close(file)
    return state


def _open(fd, name):
    # O_NONBLOCK: were a FIFO put there meanwhile, opening it would hang
    file = os.open(
        name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=fd
    )
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.ENXIO, "")
    return file


def _regular(path, file):
    found = os.fstat(file)
    chunks, size = [], 0
    while True:
        chunk = os.read(file, 1 << 20)
        size += len(chunk)
        if size > SIZE_CAP:
            raise Refusal(
                "too-big",
                "%s is larger than %d MiB: not a file that we handle" % (path, SIZE_CAP >> 20),
            )
        if not chunk:
            break
        chunks.append(chunk)
    return {
        "kind": "regular",
        "content": b"".join(chunks),
        "mode": stat.S_IMODE(found.st_mode),
        "uid": found.st_uid,
        "gid": found.st_gid,
        "xattrs": _xattrs(file),
        "mark": [found.st_ino, found.st_mtime_ns, found.st_size, found.st_nlink],
    }


def _xattrs(file):
    if not hasattr(os, "listxattr"):
        return {}
    try:
        names = [name for name in os.listxattr(file) if name not in _FOREIGN_XATTRS]
    except OSError:
        return {}
    found = {}
    for name in names:
        with contextlib.suppress(OSError):  # trusted.* is not for everybody to read
            found[name] = os.getxattr(file, name)
    return found


# --- changing ----------------------------------------------------------------------------------------------


def replace(path, content, mode=None, owner=None, xattrs=None, mark=None):
    """Write a regular file in one step: a temporary file beside it, fsync, rename.

    Mode, owner (uid, gid) and xattrs default to those of the file that was there, else to 0644 for the
    system and 0600 for a user. `mark` is that of the snapshot that the content was made from: when the
    file has changed since, Refusal "changed-meanwhile"."""
    with parent_of(path, make=True) as (fd, name), os_errors(path):
        old = _state(path, fd, name)
        if old["kind"] != "absent":
            _demand_regular(path, old)
            _may_replace(path, old)
        if mark is not None:
            _unchanged(path, mark, old)
        _into_place(path, fd, name, content, old, mode, owner, xattrs)


def _may_replace(path, old):
    if old["mark"][3] > 1:
        raise Refusal(
            "hard-link", "%s has a second name (hard link): writing would part the two" % path
        )
    if not _strict() and old["uid"] != os.geteuid():
        raise Refusal(
            "foreign-owner",
            "%s belongs to %s: give it back to its user first" % (path, _name(old["uid"])),
        )


def _unchanged(path, mark, old):
    if mark != old.get("mark", []):
        raise Refusal(
            "changed-meanwhile", "%s was changed by someone at the same moment: run again" % path
        )


def _into_place(path, fd, name, content, old, mode, owner, xattrs):
    temporary = _temporary(name)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary, dir_fd=fd)  # left by a crash
    file = os.open(
        temporary,
        os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC,
        0o600,
        dir_fd=fd,
    )
    try:
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(file, view) :]
            _dress(path, file, old, mode, owner, xattrs)
            os.fsync(file)
        finally:
            os.close(file)
        _unchanged(path, old.get("mark", []), _state(path, fd, name))
        os.rename(temporary, name, src_dir_fd=fd, dst_dir_fd=fd)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=fd)
        raise
    sync(fd)


def _temporary(name):
    return ".%s.hardpoint-new" % name[:200]


def _dress(path, file, old, mode, owner, xattrs):
    uid, gid = owner or (old.get("uid"), old.get("gid"))
    now = os.fstat(file)
    if uid is not None and (uid, gid) != (now.st_uid, now.st_gid):
        try:
            os.fchown(file, uid, gid)
        except PermissionError:
            raise Refusal(
                "foreign-owner", "%s: its owner or group can only be kept by root" % path
            ) from None
    for key, value in (old.get("xattrs", {}) if xattrs is None else xattrs).items():
        try:
            os.setxattr(file, key, value)
        except OSError:
            if key.startswith("user.") or _strict():
                raise
    if mode is None:
        mode = old.get("mode", 0o644 if _strict() else 0o600)
    os.fchmod(file, mode)


def remove(path):
    """Remove a regular file, or a link itself; one that is absent already is fine."""
    try:
        with parent_of(path) as (fd, name), os_errors(path):
            old = _state(path, fd, name)
            if old["kind"] == "absent":
                return
            if old["kind"] != "symlink":
                _demand_regular(path, old)
            os.unlink(name, dir_fd=fd)
            sync(fd)
    except Refusal as error:
        if error.code != "missing":
            raise


def remove_empty(directories):
    """Remove those of `directories` (outermost first) that are empty."""
    for path in reversed(directories):
        try:
            with parent_of(path) as (fd, name):
                os.rmdir(name, dir_fd=fd)
                sync(fd)
        except (OSError, Refusal):
            return


def tidy(path, made):
    """What a change that was cut by a crash left beside `path`."""
    with contextlib.suppress(OSError, Refusal), parent_of(path) as (fd, name):
        os.unlink(_temporary(name), dir_fd=fd)
    remove_empty(made)


def restore(path, state, made):
    """Put `path` back into a recorded state; `made` are directories that did not exist then."""
    if state["kind"] == "absent":
        remove(path)
        tidy(path, made)
    elif state["kind"] == "regular":
        _out_of_the_way(path, "symlink")
        replace(
            path, state["content"], state["mode"], (state["uid"], state["gid"]), state["xattrs"]
        )
    elif state["kind"] == "symlink":
        _out_of_the_way(path, "regular")
        with parent_of(path, make=True) as (fd, name), os_errors(path):
            os.symlink(state["target"], name, dir_fd=fd)
            sync(fd)
    else:
        raise Refusal(
            "unsupported", "%s was a %s before: put it back by hand" % (path, state["kind"])
        )


def _out_of_the_way(path, kind):
    if snapshot(path)["kind"] == kind:
        remove(path)


def sync(fd):
    """Make a rename in the directory `fd` last."""
    with contextlib.suppress(OSError):
        directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=fd)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
