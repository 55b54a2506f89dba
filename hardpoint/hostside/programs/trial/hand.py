"""A process that is the user: whatever a trial does with the user's rights is done here.

It has no capabilities and can gain no rights, nor can what it starts. The other end of its socket
sends one JSON request a line and gets one answer a line.
"""

import ctypes
import json
import os
import pwd
import signal
import socket
import stat
import subprocess
import threading

_PR_SET_NO_NEW_PRIVS = 38
LONGEST = 256 * 1024


class Hand:
    """The root side. Made before any thread exists."""

    def __init__(self, user):
        account = pwd.getpwnam(user)
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            code = 1
            try:
                ours.close()
                _become(account)
                _serve(theirs)
                code = 0
            finally:
                os._exit(code)
        theirs.close()
        self._one = threading.Lock()  # the model's threads ask as well
        self._stream = ours.makefile("rw", encoding="utf-8", errors="surrogateescape")

    def __call__(self, do, **arguments):
        """The answer of an operation below; raises OSError with its text."""
        with self._one:
            self._stream.write(json.dumps(dict(arguments, do=do)) + "\n")
            self._stream.flush()
            line = self._stream.readline()
        answer = json.loads(line) if line else {"error": "the process that is the user has ended"}
        if "error" in answer:
            raise OSError(answer["error"])
        return answer["value"]


def _become(account):
    os.initgroups(account.pw_name, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    os.umask(0o022)


def _serve(connection):
    stream = connection.makefile("rw", encoding="utf-8", errors="surrogateescape")
    for line in stream:
        request = json.loads(line)
        try:
            answer = {"value": _OPERATIONS[request.pop("do")](**request)}
        except Exception as error:  # goes to the root side, whatever it is
            answer = {"error": "%s: %s" % (type(error).__name__, error)}
        stream.write(json.dumps(answer) + "\n")
        stream.flush()


def read(path):
    """The text of a regular file, None when there is none; it may have been planted by an agent."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(fd, "rb") as stream:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        return stream.read(LONGEST).decode("utf-8", "replace")


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(text)
    os.chmod(path, mode)


def link(kind, target, path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    (os.symlink if kind == "symbolic" else os.link)(target, path)


def remove(path):
    if os.path.lexists(path):
        os.unlink(path)


def real(path):
    """A path without links, "" when it leads nowhere."""
    return os.path.realpath(path) if os.path.exists(path) else ""


def run(argv, cwd, environment, seconds=30):
    """Its exit status and what it said."""
    done = subprocess.run(
        argv,
        cwd=cwd,
        env=environment,
        timeout=seconds,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return [done.returncode, done.stdout.decode("utf-8", "replace")[-4000:]]


_started = {}


def start(argv, cwd, environment, log):
    """The process id of a program in a session of its own."""
    with open(log, "wb") as out:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=environment,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    _started[process.pid] = process
    return process.pid


def ended(pid):
    """The exit status of what was started, None while it runs."""
    return _started[pid].poll()


def stop(pid):
    """Kills what was started, with its process group."""
    if _started[pid].poll() is None:
        try:
            os.killpg(pid, signal.SIGKILL)
        except OSError:
            pass
        _started[pid].wait()


def open_folder(path):
    """The number of a descriptor of ours, for others to mount from."""
    return os.open(path, os.O_PATH | os.O_DIRECTORY)


def make_folder(path):
    os.makedirs(path, exist_ok=True)


_OPERATIONS = {
    one.__name__: one
    for one in (read, write, link, remove, real, run, start, ended, stop, open_folder, make_folder)
}
