"""SSH and local connectors that answer all the facts of a check in one or two execs.

`run_shell_command` is what pyinfra calls for every fact and every operation. With a snapshot
attached, a command parks its control until all controls wait, and then goes out in one batch;
without one it is a batch of its own. Root is reached by `sudo -n`, or by one `sudo -S` whose
password goes over stdin: pyinfra's own way would show it in the process list.
"""

from __future__ import annotations

import socket
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

from gevent.lock import BoundedSemaphore
from paramiko import AuthenticationException, BadHostKeyException, Channel
from paramiko.ssh_exception import NoValidConnectionsError
from pyinfra.api import StringCommand
from pyinfra.api.exceptions import ConnectError
from pyinfra.connectors.local import LocalConnector
from pyinfra.connectors.ssh import SSHConnector
from pyinfra.connectors.sshuserclient import client as ssh
from pyinfra.connectors.util import CommandOutput, OutputLine, make_unix_command

from hardpoint import batch, host_keys, transport
from hardpoint.batch import Answer, Request

# pyinfra swaps SSH_AUTH_SOCK in the process's environment while it connects with an IdentityAgent:
# two connects at once could meet the wrong agent.
_connecting = BoundedSemaphore(1)

KEEPALIVE = 5
GONE_AFTER = 20
"""Seconds without an acknowledgement after which a host is gone."""


class ReadOnly(Exception):
    """Something other than a fact read was asked of a host during a check."""


class CannotConnect(ConnectError):
    """The host can't be reached; `reason` is one of asleep, refused, unknown host key, host key
    changed, password needed, no such name, unreachable."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


class BatchingConnector:
    """What both connectors share. Counts its execs."""

    execs = 0
    sudo_password: str | None = None
    root_refused = ""
    """Why sudo did not take the password. It is not tried again: accounts get locked by that."""

    def connected(self) -> bool:
        """Whether the connection still stands, as far as this side knows."""
        return False

    def open_stream(self, command: str) -> transport.Stream:
        self.execs += 1
        return self._open(command)

    def execute(self, requests: list[Request]) -> list[Answer]:
        """The answers to all requests, in order: one exec, two where sudo asks for a password."""
        elevated = [r for r in requests if r.user is not None] if self.sudo_password else []
        plain = [r for r in requests if r.user is None] if elevated else requests
        answers = dict(zip(plain, self._run(plain), strict=True)) if plain else {}
        if elevated:
            answers |= dict(zip(elevated, self._run_with_password(elevated), strict=True))
        return [answers[request] for request in requests]

    def _run(self, requests: list[Request]) -> list[Answer]:
        script = batch.build(requests)
        reply = transport.run_script(
            self.open_stream, script.text, script.last_frame, _limits(requests)
        )
        return batch.read(script, reply.stdout, reply.stderr)

    def _run_with_password(self, requests: list[Request]) -> list[Answer]:
        if self.root_refused:
            return self._without_root(requests)
        script = batch.build(requests, elevate="")
        assert self.sudo_password is not None
        try:
            reply = transport.run_script_as_root(
                self.open_stream,
                script.text,
                script.last_frame,
                _limits(requests),
                self.sudo_password,
            )
        except transport.SudoRefused as refusal:
            self.root_refused = str(refusal)
            return self._without_root(requests)
        return batch.read(script, reply.stdout, reply.stderr)

    def _without_root(self, requests: list[Request]) -> list[Answer]:
        possible = [r for r in requests if r.unprivileged]
        instead = [Request(r.unprivileged, None, r.timeout) for r in possible]
        found = dict(zip(possible, self._run(instead) if instead else [], strict=True))
        refused = Answer(1, b"", self.root_refused.encode(), "refused")
        return [
            replace(found[request], refusal=self.root_refused) if request in found else refused
            for request in requests
        ]

    def run_shell_command(
        self,
        command: StringCommand | str,
        print_output: bool = False,
        print_input: bool = False,
        **arguments: Any,
    ) -> tuple[bool, CommandOutput]:
        if not batchable(arguments):
            return super().run_shell_command(command, print_output, print_input, **arguments)  # type: ignore[misc]
        self.sudo_password = self.sudo_password or arguments.get("_sudo_password")
        answer = self.execute([request_for(command, arguments)])[0]
        return result_of(answer, arguments)


def _limits(requests: list[Request]) -> transport.Limits:
    return transport.Limits(batch.total_timeout(requests), batch.longest_silence(requests))


# Privilege contexts and streams that follow pyinfra's own code, one command at a time.
_UNBATCHED = (
    "_stdin",
    "_get_pty",
    "_su_user",
    "_doas",
    "_dzdo",
    "_use_sudo_login",
    "_preserve_sudo_env",
)


def batchable(arguments: dict[str, Any]) -> bool:
    """Whether a command with these arguments can go out in a batch."""
    return not any(arguments.get(name) for name in _UNBATCHED)


def request_for(command: StringCommand | str, arguments: dict[str, Any]) -> Request:
    """The request that a command with pyinfra's connector arguments stands for."""
    if not isinstance(command, StringCommand):
        command = StringCommand(command)
    unix = make_unix_command(
        command,
        _env=arguments.get("_env"),
        _chdir=arguments.get("_chdir"),
        _shell_executable=arguments.get("_shell_executable") or "sh",
    ).get_raw_value()
    user = (arguments.get("_sudo_user") or batch.ROOT) if arguments.get("_sudo") else None
    return Request(unix, user, int(arguments.get("_timeout") or batch.DEFAULT_TIMEOUT))


def result_of(answer: Answer, arguments: dict[str, Any]) -> tuple[bool, CommandOutput]:
    """What pyinfra expects of a command: whether it succeeded, and its lines.

    Bytes that are not UTF-8 survive as surrogates: nothing is dropped silently.
    """
    if answer.failure == "timeout":
        raise TimeoutError()
    if answer.failure == "lost":
        raise OSError("the connection ended before the command did")
    lines = [OutputLine("stdout", line) for line in _lines(answer.stdout)]
    lines += [OutputLine("stderr", line) for line in _lines(answer.stderr)]
    expected = arguments.get("_success_exit_codes") or [0]
    return answer.failure == "" and answer.status in expected, CommandOutput(lines)


def _lines(data: bytes) -> list[str]:
    text = data.decode("utf-8", "surrogateescape")
    return text.removesuffix("\n").split("\n") if text else []


class LocalBatchingConnector(BatchingConnector, LocalConnector):
    """This machine."""

    def _open(self, command: str) -> transport.Stream:
        return transport.LocalStream(command)


class SSHBatchingConnector(BatchingConnector, SSHConnector):
    """A host over SSH, as ~/.ssh/config describes it; host keys are strict unless told otherwise."""

    accept_new_host_keys = False

    def _open(self, command: str) -> transport.Stream:
        return transport.SSHStream(self.client, command)

    def connect(self) -> None:
        host_keys.use(accept_new=self.accept_new_host_keys)
        if self.host.data.get("ssh_strict_host_key_checking") is None:
            self.data["ssh_strict_host_key_checking"] = host_keys.OURS
        try:
            with self._lock():
                super().connect()
        except Exception as error:  # paramiko and pyinfra raise many kinds; each is one host's
            raise diagnose(error) from error
        _notice_when_gone(self.client)

    def connected(self) -> bool:
        channel = self.client.get_transport() if self.client else None
        return channel is not None and channel.is_active()

    def _lock(self) -> AbstractContextManager[object]:
        config = ssh.get_ssh_config(self.data["ssh_config_file"])
        blocks = config._config if config else []
        return _connecting if any("identityagent" in b["config"] for b in blocks) else nullcontext()


def _notice_when_gone(client: Any) -> None:
    """Ends a connection whose other side has vanished without a word; TCP alone takes minutes."""
    channel = client.get_transport()
    channel.set_keepalive(KEEPALIVE)
    while isinstance(channel.sock, Channel):  # through a jump host
        channel = channel.sock.get_transport()
        channel.set_keepalive(KEEPALIVE)
    if hasattr(socket, "TCP_USER_TIMEOUT") and isinstance(channel.sock, socket.socket):
        milliseconds = GONE_AFTER * 1000
        channel.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)


def diagnose(error: BaseException) -> CannotConnect:
    """The reason in one of a few words, then what the library said."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        if isinstance(cause, NoValidConnectionsError):
            causes += cause.errors.values()
        cause = cause.__cause__ or cause.__context__
    for known, reason, remedy in _DIAGNOSES:
        for one in causes:
            if known in str(one).lower() if isinstance(known, str) else isinstance(one, known):
                return CannotConnect(reason, remedy.format(said=one))
    return CannotConnect("unreachable", str(error))


_DIAGNOSES: list[tuple[Any, str, str]] = [
    (
        BadHostKeyException,
        "host key changed",
        "somebody else may answer under this name. If the host was reinstalled, remove its old "
        "key with ssh-keygen -R and connect once by hand",
    ),
    (
        host_keys.UnknownHostKey,
        "unknown host key",
        "{said}: connect once by hand (ssh HOST), or use --accept-new",
    ),
    ("encrypted", "password needed", "the private key is encrypted: load it with ssh-add"),
    (AuthenticationException, "password needed", "no key of yours was taken: try ssh HOST"),
    ("authentication", "password needed", "no key of yours was taken: try ssh HOST"),
    (socket.gaierror, "no such name", "{said}"),
    ("resolve", "no such name", "{said}"),
    (ConnectionRefusedError, "refused", "nothing listens on its SSH port"),
    ("refused", "refused", "nothing listens on its SSH port"),
    (TimeoutError, "asleep", "no answer within the time limit"),
    ("timed out", "asleep", "no answer within the time limit"),
    ("no route", "asleep", "no route to it"),
    ("unable to connect", "asleep", "{said}"),
]


def connector_for(pyinfra_connector: type) -> type:
    """Our connector in place of pyinfra's; raises CannotConnect for kinds that we do not speak."""
    if issubclass(pyinfra_connector, BatchingConnector):
        return pyinfra_connector
    if issubclass(pyinfra_connector, SSHConnector):
        return SSHBatchingConnector
    if issubclass(pyinfra_connector, LocalConnector):
        return LocalBatchingConnector
    raise CannotConnect("unreachable", f"hardpoint speaks ssh and @local, not {pyinfra_connector}")
