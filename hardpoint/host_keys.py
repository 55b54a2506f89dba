"""Host keys: strict, or a new one is taken and written down. Never a question.

pyinfra asks at the terminal for the key of a jump host, whatever was set for the host behind it,
and knows only the user's own known_hosts.
"""

from __future__ import annotations

import os
from pathlib import Path

from gevent.lock import BoundedSemaphore
from paramiko import BadHostKeyException, MissingHostKeyPolicy, SSHException
from paramiko.hostkeys import HostKeyEntry
from pyinfra.connectors.sshuserclient import client as ssh

OURS = "ask"
"""The value of StrictHostKeyChecking that stands for the policy in use."""

GLOBAL_KNOWN_HOSTS = "/etc/ssh/ssh_known_hosts"

_writing = BoundedSemaphore(1)
_pyinfra_policy = ssh.get_missing_host_key_policy
_pyinfra_host_keys = ssh.get_host_keys


def use(accept_new: bool) -> None:
    """Sets the policy of all connections of this process, jump hosts included."""

    def policy(name: str | None) -> MissingHostKeyPolicy:
        if name in (None, OURS):
            return AcceptNew() if accept_new else Strict()
        return Strict() if name == "yes" else _pyinfra_policy(name)

    ssh.get_missing_host_key_policy = policy
    ssh.get_host_keys = _host_keys


def _host_keys(files: tuple[str, ...]):
    return _pyinfra_host_keys(tuple(filter(os.path.exists, (*files, GLOBAL_KNOWN_HOSTS))))


class UnknownHostKey(SSHException):
    """A host shows a key that nobody has written down."""


class Strict(MissingHostKeyPolicy):
    """A host whose key nobody knows is not spoken to."""

    def missing_host_key(self, client, hostname, key) -> None:
        raise UnknownHostKey(f"no known_hosts has {hostname}")


class AcceptNew(MissingHostKeyPolicy):
    """The first key that a host shows is believed, and written down."""

    def missing_host_key(self, client, hostname, key) -> None:
        with _writing:
            known = client._host_keys.lookup(hostname) or {}
            if key.get_name() in known:  # somebody else has just been there
                if known[key.get_name()] != key:
                    raise BadHostKeyException(hostname, key, known[key.get_name()])
                return
            client._host_keys.add(hostname, key.get_name(), key)
            line = HostKeyEntry([hostname], key).to_line()
            _write_down(Path(client._host_keys_filename), line or "")


def _write_down(path: Path, line: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        if size and os.pread(file.fileno(), 1, size - 1) != b"\n":
            line = "\n" + line
        file.write(line.encode())
