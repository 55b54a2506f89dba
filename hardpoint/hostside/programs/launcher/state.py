"""What a run leaves for the next one of the same agent in the same project, and nothing for others.

The home that an agent sees is a folder of the launcher's own: what the agent remembers (its row's
`state`) is kept there, all else is thrown away before the next run. The person's own files stay
where they are; settings of theirs are shown read-only.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile

from kept import ITSELF
from places import is_in, overlap

BELOW = ".local/state/hardpoint"
COPIES = "copies-"


class State:
    """One project's folder of one user. `home`: the agent's, None for a command that is no agent's."""

    def __init__(self, user_home, project):
        self._top = os.path.join(os.path.realpath(user_home), BELOW)
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", os.path.basename(project))[:40]
        digest = hashlib.sha256(os.fsencode(project)).hexdigest()[:16]
        self._folder = os.path.join(self._top, "%s-%s" % (name, digest))
        self._project = project
        self._list = os.path.join(self._folder, "stand-ins.json")
        os.makedirs(self._folder, mode=0o700, exist_ok=True)
        os.chmod(self._top, 0o700)
        lock = os.path.join(self._folder, "lock")
        self._copies = None
        self._locks = [os.open(lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)]

    def copy(self, source):
        """A folder of this run alone, with what is in the source, if that is a folder."""
        if self._copies is None:
            self._copies = tempfile.mkdtemp(prefix=COPIES, dir=self._folder)
        target = os.path.join(self._copies, str(len(os.listdir(self._copies))))
        if os.path.isdir(source) and not os.path.islink(source):
            _copy(source, target)
        os.makedirs(target, exist_ok=True)
        return target

    def enter(self):
        """Whoever is the first here tidies up what a run that was killed has left."""
        if _alone(self._locks[0]):
            self._remove_stand_ins()
            for entry in list(os.scandir(self._folder)):
                if entry.name.startswith(COPIES):
                    _remove(entry)
        fcntl.flock(self._locks[0], fcntl.LOCK_SH)

    def leave(self):
        """The last one to leave takes the stand-ins away."""
        for entry in list(os.scandir(self._folder)):
            if entry.path == self._copies:
                _remove(entry)
        if _alone(self._locks[0]):
            self._remove_stand_ins()
        for one in self._locks:
            os.close(one)

    def home_of(self, agent, shown, copies):
        """The agent's home, swept: only its `state` stays, without what `shown` covers; both are paths
        below a home. copies: {such a path: what is copied there}. Left alone while another run uses it.
        """
        home = os.path.join(self._folder, agent.id)
        os.makedirs(home, mode=0o700, exist_ok=True)
        self._locks.append(os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        if _alone(self._locks[-1]):
            _sweep(home, "", agent.state, shown)
            for path, source in copies.items():
                _copy(source, os.path.join(home, path))
        fcntl.flock(self._locks[-1], fcntl.LOCK_SH)
        return home

    def stand_in(self, missing):
        """Makes a stand-in for each (path, its content, None for a folder); the paths, whatever now
        stands there."""
        turn = os.open(self._list + ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(turn, fcntl.LOCK_EX)
        made, known = [], self._known()
        for path, content in missing:
            try:
                _make(path, content)
                known.add(path)
            except FileExistsError:
                pass
            except OSError:
                continue
            made.append(path)
        self._write(self._list, json.dumps(sorted(known)))
        os.close(turn)
        return made

    def _known(self):
        try:
            with open(self._list, encoding="utf-8") as file:
                return {
                    one for one in json.load(file) if is_in(one, self._project) or ".git" in one
                }
        except (OSError, ValueError):
            return set()

    def keep_exclude(self, text):
        """Stores git's exclude file of these runs; where it is."""
        return self.keep("exclude", text)

    def keep(self, name, text):
        """Stores a text that is shown in these runs; where it is."""
        path = os.path.join(self._folder, name)
        self._write(path, text)
        return path

    def _write(self, path, text):
        part = "%s.%d" % (path, os.getpid())
        with open(part, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
        os.replace(part, path)

    def _remove_stand_ins(self):
        for path in sorted(self._known(), reverse=True):  # what is in a folder before the folder
            try:
                state = os.lstat(path)
                if stat.S_ISDIR(state.st_mode):
                    os.rmdir(path)
                elif stat.S_ISREG(state.st_mode) and _is_stand_in(path, state.st_size):
                    os.unlink(path)
            except OSError:  # somebody has put something there: it is theirs
                pass
        if os.path.lexists(self._list):
            os.unlink(self._list)


def _make(path, content):
    if content is None:
        os.mkdir(path, 0o755)
        return
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY, 0o644)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)


def _is_stand_in(path, size):
    if not size or size > 2:
        return not size
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read() == ITSELF


def _alone(lock):
    """Whether nobody else has the lock; it is ours then, alone."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sweep(folder, inside, kept, shown):
    for entry in list(os.scandir(folder)):
        path = os.path.join(inside, entry.name)
        holds = any(overlap(path, one) for one in kept)
        astray = entry.is_symlink() and any(is_in(one, path) for one in [*kept, *shown])
        if astray or not holds or any(is_in(path, one) for one in shown):
            _remove(entry)
        elif entry.is_dir(follow_symlinks=False):
            whole = any(is_in(path, one) for one in kept)
            if not whole or any(is_in(one, path) for one in shown):
                _sweep(entry.path, path, kept, shown)


def _copy(source, target):
    """A folder or file of the person's own, links as links; sockets and the like are left out."""
    os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
    try:
        if os.path.isdir(source):
            shutil.copytree(source, target, symlinks=True, copy_function=shutil.copy)
        else:
            shutil.copy(source, target)
    except (shutil.Error, OSError):
        pass


def _remove(entry):
    def again(_, path, __):
        os.chmod(os.path.dirname(path), 0o700)
        if os.path.isdir(path) and not os.path.islink(path):
            os.chmod(path, 0o700)
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.unlink(path)

    if entry.is_dir(follow_symlinks=False):
        shutil.rmtree(entry.path, onerror=again)
    else:
        os.unlink(entry.path)
