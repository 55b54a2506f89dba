"""One exec on a host: bytes in, bytes out, the sudo password on stdin and nowhere else.

Two transports, SSH (a channel of pyinfra's paramiko client) and local (a process), share one
conversation: write, wait for what tells that the other side is done, hang up.
"""

from __future__ import annotations

import os
import secrets
import shlex
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import gevent
from gevent.event import Event
from gevent.subprocess import PIPE, Popen

CHUNK = 65536
MAX_OUTPUT = 64 * 1024 * 1024
"""Bytes of one stream that are kept; a host that sends more is cut off."""


class SudoRefused(Exception):
    """sudo did not let us become root; the text says why."""


@dataclass(frozen=True)
class Reply:
    stdout: bytes
    stderr: bytes
    complete: bool


class Stream(Protocol):
    """An exec that is under way."""

    def read_stdout(self) -> bytes: ...
    def read_stderr(self) -> bytes: ...
    def write(self, data: bytes) -> None: ...
    def finish_input(self) -> None: ...
    def close(self) -> None: ...


class SSHStream:
    """A channel of a paramiko client."""

    def __init__(self, client, command: str) -> None:
        transport = client.get_transport()
        if transport is None or not transport.is_active():
            raise OSError("the SSH connection is gone")
        self._channel = transport.open_session(timeout=20)
        self._channel.exec_command(command)

    def read_stdout(self) -> bytes:
        return self._channel.recv(CHUNK)

    def read_stderr(self) -> bytes:
        return self._channel.recv_stderr(CHUNK)

    def write(self, data: bytes) -> None:
        self._channel.sendall(data)

    def finish_input(self) -> None:
        self._channel.shutdown_write()

    def close(self) -> None:
        self._channel.close()


class LocalStream:
    """A process of this machine, in a session of its own so that all of it can be ended."""

    def __init__(self, command: str) -> None:
        self._process = Popen(
            ["sh", "-c", command], stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
        )

    def read_stdout(self) -> bytes:
        return self._process.stdout.read1(CHUNK)

    def read_stderr(self) -> bytes:
        return self._process.stderr.read1(CHUNK)

    def write(self, data: bytes) -> None:
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def finish_input(self) -> None:
        self._process.stdin.close()

    def close(self) -> None:
        if self._process.poll() is None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        self._process.wait()


class Conversation:
    """Reads both streams of an exec as they come, so that neither side ever blocks the other."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._changed = Event()
        self._ended = 0
        self._cut_off = False
        self.stdout = bytearray()
        self.stderr = bytearray()
        self._readers = [
            gevent.spawn(self._pump, stream.read_stdout, self.stdout),
            gevent.spawn(self._pump, stream.read_stderr, self.stderr),
        ]

    def _pump(self, read: Callable[[], bytes], into: bytearray) -> None:
        try:
            while chunk := read():
                into += chunk
                self._changed.set()
                if len(into) > MAX_OUTPUT:
                    self._cut_off = True
                    break
        except (TimeoutError, OSError, EOFError, ValueError):
            pass
        self._ended += 1
        self._changed.set()

    def wait(
        self, done: Callable[[Conversation], bool], seconds: float, silence: float | None = None
    ) -> bool:
        """True when `done` holds; False when both streams ended, too much came, or time ran out
        before it did. `silence` limits the seconds without a byte."""
        deadline = time.monotonic() + seconds
        while not done(self):
            if self._ended == 2 or self._cut_off:
                return False
            self._changed.clear()
            left = deadline - time.monotonic()
            if not self._changed.wait(left if silence is None else min(left, silence)):
                return False
        return True

    def write(self, data: bytes) -> bool:
        try:
            self._stream.write(data)
        except (OSError, EOFError, ValueError):
            return False
        return True

    def finish_input(self) -> None:
        try:
            self._stream.finish_input()
        except (OSError, EOFError, ValueError):
            pass

    def close(self) -> None:
        gevent.killall(self._readers, block=False)
        self._stream.close()


@dataclass(frozen=True)
class Limits:
    """Seconds for the whole exec, and without a byte."""

    total: float
    silence: float


def run_script(
    open_stream: Callable[[str], Stream], script: str, last_frame: bytes, limits: Limits
) -> Reply:
    """Runs `script` in a shell; complete when `last_frame` came on both streams."""
    return _send(Conversation(open_stream("sh")), script, last_frame, limits)


def run_script_as_root(
    open_stream: Callable[[str], Stream],
    script: str,
    last_frame: bytes,
    limits: Limits,
    password: str,
) -> Reply:
    """The same in a root shell. One password attempt; raises SudoRefused when it is not taken.

    The script is sent only once the root shell says that it is there: sudo would read it as
    further passwords otherwise. The shell skips what comes before its start line, since sudo
    leaves the password unread where it needs none.
    """
    start = secrets.token_hex(16)
    conversation = Conversation(open_stream(_root_shell(start)))
    conversation.write(password.encode() + b"\n")
    ready = start.encode() + b"\n"

    def settled(c: Conversation) -> bool:
        return ready in c.stdout or any(words in c.stderr for words in _WRONG_PASSWORD)

    conversation.wait(settled, SUDO_SECONDS)
    if ready not in conversation.stdout:
        conversation.finish_input()
        conversation.wait(lambda c: False, 5)
        conversation.close()
        raise SudoRefused(sudo_refusal(conversation.stderr.decode("utf-8", "replace")))
    return _send(conversation, f"{start}\n{script}", last_frame, limits)


SUDO_SECONDS = 30
_WRONG_PASSWORD = (b"try again", b"incorrect password")


def _root_shell(start: str) -> str:
    """A command for any login shell that becomes a root shell once `start` was read.

    `-k` with a command ignores cached credentials, so that whether a password is read does not
    depend on the last minutes.
    """
    loop = f'echo {start}; while IFS= read -r line; do [ "$line" = {start} ] && exec sh; done'
    become = (
        f'[ "$(id -u)" = 0 ] && exec sh -c {shlex.quote(loop)}; '
        f"exec env LC_ALL=C sudo -k -S -p '' sh -c {shlex.quote(loop)}"
    )
    return f"sh -c {shlex.quote(become)}"


def _send(conversation: Conversation, script: str, last_frame: bytes, limits: Limits) -> Reply:
    # A child that a command left in the background may go on writing after the last frame.
    tail = 4 * CHUNK
    try:
        conversation.write(script.encode("utf-8", "surrogateescape"))
        conversation.finish_input()
        complete = conversation.wait(
            lambda c: last_frame in c.stdout[-tail:] and last_frame in c.stderr[-tail:],
            limits.total,
            limits.silence,
        )
        return Reply(bytes(conversation.stdout), bytes(conversation.stderr), complete)
    finally:
        conversation.close()


_REFUSALS = {
    "there is no sudo here: connect as root": (
        "not found",
        "sudo': No such file",
        "sudo: No such file",
    ),
    "sudo asks for a password: use --ask-sudo": (
        "password is required",
        "authentication is required",
        "terminal is required",
    ),
    "the sudo password is wrong": ("try again", "incorrect password", "wrong password"),
    "this user may not use sudo": ("not in the sudoers", "not allowed", "may not run"),
}


def sudo_refusal(stderr: str) -> str:
    """Why sudo said no, in words that name the remedy."""
    text = stderr.strip()
    for told, known in _REFUSALS.items():
        if told in text or any(words in text for words in known):
            return told
    if text.startswith("sudo said:"):
        return text
    return f"sudo said: {text.splitlines()[-1] if text else 'nothing'}"
