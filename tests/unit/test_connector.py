"""Execs counted where they are opened; passwords; what a connection's failure is called."""

from __future__ import annotations

import socket

import pytest
from paramiko import AuthenticationException, BadHostKeyException, RSAKey, SSHException
from paramiko.ssh_exception import NoValidConnectionsError, PasswordRequiredException
from pyinfra.api.exceptions import ConnectError

from hardpoint import transport
from hardpoint.batch import Answer, Request
from hardpoint.connector import BatchingConnector, CannotConnect, diagnose, request_for, result_of
from hardpoint.host_keys import UnknownHostKey


class Local(BatchingConnector):
    """This machine, as far as a shell is concerned."""

    def _open(self, command: str) -> transport.Stream:
        return transport.LocalStream(command)


def reads(count: int, users: int = 0) -> list[Request]:
    own = [request_for(f"echo {number}", {}) for number in range(count)]
    root = [request_for(f"echo root {number}", {"_sudo": True}) for number in range(count)]
    others = [
        request_for("echo hi", {"_sudo": True, "_sudo_user": f"hp-nobody{number}"})
        for number in range(users)
    ]
    return own + root + others


@pytest.mark.parametrize("count", [1, 4, 60])
@pytest.mark.parametrize("users", [1, 30])
def test_one_exec_whatever_is_asked(count: int, users: int) -> None:
    connector = Local()
    answers = connector.execute(reads(count, users))
    assert connector.execs == 1
    assert [a.stdout for a in answers[:count]] == [f"{n}\n".encode() for n in range(count)]


class Refusing(Local):
    """sudo takes no password here."""

    attempts = 0

    def _open(self, command: str) -> transport.Stream:
        if "sudo -k -S" in command:
            self.attempts += 1
            command = "echo 'Sorry, try again.' >&2; read -r x; exit 1"
        return super()._open(command)


def test_a_wrong_password_is_tried_once_and_what_needs_no_root_is_answered() -> None:
    connector = Refusing()
    connector.sudo_password = "wrong"
    little = Request("sh -c 'echo much'", "root", unprivileged="sh -c 'echo little'")
    for _ in range(3):
        own, root, less = connector.execute([*reads(1), little])
        assert own.stdout == b"0\n"
        assert root == Answer(1, b"", b"the sudo password is wrong", "refused")
        assert (less.stdout, less.refusal) == (b"little\n", "the sudo password is wrong")
    assert connector.attempts == 1


def test_lost_and_late_answers_are_exceptions_as_in_pyinfra() -> None:
    with pytest.raises(TimeoutError):
        result_of(Answer(124, failure="timeout"), {})
    with pytest.raises(OSError, match="connection ended"):
        result_of(Answer(1, failure="lost"), {})
    good, output = result_of(Answer(3, b"a\xff\nb", b""), {"_success_exit_codes": [3]})
    assert good and output.stdout_lines == ["a\udcff", "b"]


def wrapped(error: Exception) -> ConnectError:
    """As pyinfra raises it: the cause behind it, its words in brackets."""
    try:
        try:
            raise error
        except Exception as cause:
            raise ConnectError(f"SSH error ({cause})")  # noqa: B904
    except ConnectError as made:
        return made


KEY = RSAKey.generate(1024)


@pytest.mark.parametrize(
    "error, reason, words",
    [
        (BadHostKeyException("box", KEY, KEY), "host key changed", "ssh-keygen -R"),
        (UnknownHostKey("no known_hosts has box"), "unknown host key", "has box: connect once"),
        (PasswordRequiredException("Private key file is encrypted"), "password needed", "ssh-add"),
        (AuthenticationException("Authentication failed."), "password needed", "try ssh HOST"),
        (SSHException("No authentication methods available"), "password needed", "try ssh HOST"),
        (socket.gaierror(-2, "Name or service not known"), "no such name", "Name or service"),
        (ConnectionRefusedError(111, "Connection refused"), "refused", "nothing listens"),
        (
            NoValidConnectionsError({("10.0.0.1", 22): ConnectionRefusedError()}),
            "refused",
            "nothing listens",
        ),
        (NoValidConnectionsError({("10.0.0.1", 22): OSError(113, "x")}), "asleep", "10.0.0.1"),
        (TimeoutError("timed out"), "asleep", "no answer"),
        (OSError(113, "No route to host"), "asleep", "no route"),
        (EOFError("something else"), "unreachable", "something else"),
    ],
)
def test_each_failure_has_its_name(error: Exception, reason: str, words: str) -> None:
    for given in (error, wrapped(error)):
        told = diagnose(given)
        assert isinstance(told, CannotConnect)
        assert told.reason == reason and words in str(told)
