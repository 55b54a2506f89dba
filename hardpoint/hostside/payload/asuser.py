"""Doing something as a user, in a child process that has become that user."""

import base64
import contextlib
import fcntl
import json
import os
import pwd
import re
import select
import signal
import time

from .errors import Refusal, os_errors

REPLY_CAP = 32 * 1024 * 1024
TIMEOUT = 10


def account(user):
    """The passwd entry of a user name; Refusal "no-such-user"."""
    if not isinstance(user, str) or not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*\$?", user):
        raise Refusal("bad-request", "not a user name: %r" % (user,))
    try:
        return pwd.getpwnam(user)
    except KeyError:
        raise Refusal("no-such-user", "there is no user %s on this host" % user) from None


def as_user(user, function, *arguments, timeout=TIMEOUT):
    """`function(*arguments)` as that user (None: as we are), whose result must be plain data and bytes.

    Refusal "timeout" when the child doesn't answer: a hung network or FUSE file system in a home."""
    if user is None:
        with os_errors("the host"):
            return function(*arguments)
    entry = account(user)
    if os.geteuid() not in (0, entry.pw_uid):
        raise Refusal("permission", "only root or %s can reach the files of %s" % (user, user))
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _be_child(entry, writer, function, arguments)
    os.close(writer)
    try:
        data = drain(reader, time.monotonic() + timeout)
    finally:
        os.close(reader)
        reap(child)
    if data is None:
        raise Refusal(
            "timeout",
            "the files of %s did not answer within %d s: is a network home hung?" % (user, timeout),
        )
    try:
        reply = json.loads(data, object_hook=_decode)
        code, message = reply.get("code"), reply.get("message")
    except (ValueError, AttributeError):
        raise Refusal("internal", "the process that reads the files of %s died" % user) from None
    if code:
        raise Refusal(code, message)
    return reply["result"]


def _be_child(entry, writer, function, arguments):
    status = 1
    try:
        # the lock and the terminal must not stay open in a child that may hang for ever
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        fcntl.fcntl(writer, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        os.closerange(3, writer)
        os.closerange(writer + 1, 4096)
        try:
            _become(entry)
            with os_errors("the home of %s" % entry.pw_name):
                reply = {"result": function(*arguments)}
        except Refusal as error:
            reply = {"code": error.code, "message": error.message}
        except Exception as error:
            line = error.__traceback__
            while line and line.tb_next:
                line = line.tb_next
            place = "%s:%d" % (line.tb_frame.f_code.co_filename, line.tb_lineno)
            reply = {
                "code": "internal",
                "message": "unexpected %s at %s" % (type(error).__name__, place),
            }
        data = json.dumps(reply, default=_encode).encode()
        while data:
            data = data[os.write(writer, data) :]
        status = 0
    finally:
        os._exit(status)


def _become(entry):
    os.umask(0o077)
    os.chdir("/")
    if os.geteuid() == entry.pw_uid and entry.pw_uid != 0:
        return
    os.initgroups(entry.pw_name, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    if entry.pw_uid != 0 and (os.getuid(), os.geteuid()) != (entry.pw_uid, entry.pw_uid):
        raise Refusal("permission", "could not become %s" % entry.pw_name)


def drain(reader, deadline):
    """What a child writes until it closes the pipe; None when it does not in time."""
    chunks, size = [], 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([reader], [], [], left)[0]:
            return None
        chunk = os.read(reader, 1 << 20)
        size += len(chunk)
        if not chunk or size > REPLY_CAP:
            return b"".join(chunks)
        chunks.append(chunk)


def reap(child):
    """Ends a child and takes it from the process table."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    for _ in range(50):  # a child in an uninterruptible read can't be waited for
        if os.waitpid(child, os.WNOHANG)[0]:
            return
        time.sleep(0.01)


def _encode(value):
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    raise TypeError(type(value).__name__)


def _decode(value):
    return base64.b64decode(value["$bytes"]) if set(value) == {"$bytes"} else value
