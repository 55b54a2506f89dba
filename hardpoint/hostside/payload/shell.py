"""Running a system program: fixed PATH, plain locale, a time limit, bounded output."""

import os
import pwd
import subprocess

from .errors import Refusal

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CAP = 8 << 20


def run(arguments, user=None, timeout=120, environment=None):
    """(exit status, stdout and stderr as one text). Refusal "missing" without the program, "timeout"."""
    environ = {"PATH": PATH, "LC_ALL": "C.UTF-8", "HOME": "/root", **(environment or {})}
    more = {}
    if user is not None:
        entry = pwd.getpwnam(user)
        environ.update(HOME=entry.pw_dir, USER=user, LOGNAME=user)
        if os.geteuid() == 0:
            groups = os.getgrouplist(user, entry.pw_gid)
            more = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": groups}
    try:
        done = subprocess.run(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environ,
            cwd="/",
            timeout=timeout,
            check=False,
            **more,
        )
    except FileNotFoundError:
        raise Refusal("missing", "%s is not installed on this host" % arguments[0]) from None
    except subprocess.TimeoutExpired:
        raise Refusal(
            "timeout", "%s did not finish within %d s" % (" ".join(arguments[:3]), timeout)
        ) from None
    return done.returncode, done.stdout[-_CAP:].decode("utf-8", "replace")


def plain(text):
    """Without control characters: it is shown in a terminal."""
    return "".join(char if char.isprintable() or char == "\n" else "?" for char in text)
