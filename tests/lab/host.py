"""A booted host: everything that a test can do to it and ask of it."""

from __future__ import annotations

import shlex
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from . import entering, ssh
from .errors import LabError
from .machine import Blueprint, Machine
from .network import Switch
from .snapshot import NOISE, Difference, Snapshot, difference, take

BOOT_TIMEOUT = 60
UP = ("running", "degraded")

WRITE = """set -eu
path=$1 owner=$2 mode=$3 folder_owner=$4
make_parents() {
    [ -d "$1" ] && return
    make_parents "$(dirname "$1")"
    mkdir "$1"
    [ -z "$folder_owner" ] || chown "$folder_owner" "$1"
}
make_parents "$(dirname "$path")"
cat > "$path"
chown "$owner" "$path"
chmod "$mode" "$path"
"""


class Host:
    """One computer of the lab, as `Lab.boot` returns it."""

    ssh_port = ssh.PORT

    def __init__(
        self, blueprint: Blueprint, distro: str, machine: Machine, switch: Switch, ssh_config: Path
    ) -> None:
        self.name = blueprint.name
        self.distro = distro
        self.address = blueprint.cable.address
        self.address6 = blueprint.cable.address6
        self._blueprint = blueprint
        self._machine = machine
        self._switch = switch
        self._ssh_config = ssh_config

    def __repr__(self) -> str:
        return f"<Host {self.name} {self.distro} {self.address}>"

    # Commands

    def run(
        self,
        command: str | Sequence[str],
        user: str = "root",
        *,
        check: bool = True,
        timeout: float = 60,
        input: str | None = None,
        session: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        """Run shell text, or a list of words, from the machine's side: no login record is left.

        `session` points the command at the user manager that `user_session` started.
        """
        data = input.encode() if input is not None else None
        done = self._execute(command, user, check, timeout, data, session)
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    def run_bytes(
        self,
        command: str | Sequence[str],
        user: str = "root",
        *,
        check: bool = True,
        timeout: float = 60,
        input: bytes | None = None,
        session: bool = False,
    ) -> bytes:
        """Like `run`, but returns what the command wrote to its standard output, undecoded."""
        return self._execute(command, user, check, timeout, input, session).stdout

    def write(
        self, path: str, text: str | bytes, owner: str = "root:root", mode: str = "0644"
    ) -> None:
        """Write a file; missing parents are made too, as the owner's if they lie in a home."""
        data = text.encode() if isinstance(text, str) else text
        folder_owner = owner if path.startswith("/home/") else ""
        self.run_bytes(["sh", "-c", WRITE, "write", path, owner, mode, folder_owner], input=data)

    def read(self, path: str) -> bytes:
        """A file's bytes."""
        return self.run_bytes(["cat", "--", path])

    def login(
        self, command: str | Sequence[str], user: str = "ops", timeout: float = 30
    ) -> subprocess.CompletedProcess[str]:
        """Run a command over a new SSH connection; the exit status is 255 when nobody got in."""
        text = command if isinstance(command, str) else shlex.join(command)
        return subprocess.run(
            [*self._ssh(user), text],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=timeout,
        )

    @contextmanager
    def user_session(self, user: str) -> Iterator[None]:
        """Keep the user logged in over SSH for the block: a real session, a real user manager."""
        with subprocess.Popen(
            [*self._ssh(user), "echo in && exec cat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as client:
            assert client.stdout is not None
            if client.stdout.readline() != "in\n":
                raise LabError(f"{self.name}: {user} cannot log in")
            state = self.run(
                "systemctl --user is-system-running --wait", user=user, session=True, check=False
            )
            if state.stdout.strip() not in UP:
                raise LabError(
                    f"{self.name}: {user}'s manager: {state.stdout.strip()} {state.stderr.strip()}"
                )
            try:
                yield
            finally:
                client.terminate()

    # Power

    def start(self) -> None:
        """Switch on and return when the host is up."""
        self._machine.start()
        self.wait_until_up()

    def power_off(self) -> None:
        """Cut the power: nothing in the host gets a chance to say good-bye."""
        self._machine.kill()

    def reset(self) -> None:
        """Back to the image and its layers, booted again at the same address."""
        self._machine.kill()
        self._machine.wipe()
        self.start()

    def reboot(self) -> None:
        """Reboot from inside and return when the host is up again."""
        before = self._leader()
        self.run("systemctl reboot", check=False)
        self._wait(lambda: self._machine.leader() != before, "go down")
        self._machine.boot_again()
        self.wait_until_up()

    def wait_until_up(self) -> None:
        """Return when systemd has finished booting and sshd answers."""
        self._wait(self._systemd_is_up, "boot")
        self._wait(self._sshd_answers, "answer on SSH")

    # Network

    def cut_network(self) -> None:
        """Pull the cable out."""
        self._switch.set_carrier(self._blueprint.cable, up=False)

    def restore_network(self) -> None:
        """Put the cable back in."""
        self._switch.set_carrier(self._blueprint.cable, up=True)

    # Disk

    def snapshot(self) -> Snapshot:
        """Everything that differs from the image: path to Entry, deleted paths as type "absent"."""
        return take(self._machine.upper(), self._machine.lowers())

    def diff(self, before: Snapshot, noise: Sequence[str] = NOISE) -> Difference:
        """What was added, removed and changed since a snapshot, but for the noise of running."""
        return difference(before, self.snapshot(), self._machine.lowers(), noise)

    def remove(self) -> None:
        """Cut the power and delete the host from this machine."""
        self._machine.remove()

    def abandon(self) -> None:
        """The whole lab was killed, this host with it."""
        self._machine.abandon()

    # Inside

    def _execute(
        self,
        command: str | Sequence[str],
        user: str,
        check: bool,
        timeout: float,
        input: bytes | None,
        session: bool,
    ) -> subprocess.CompletedProcess[bytes]:
        line = entering.command_line(self._leader(), command, user, session)
        return entering.execute(line, command, input, check, timeout)

    def _ssh(self, user: str) -> list[str]:
        return [*ssh.CLIENT, "-F", str(self._ssh_config), "-l", user, self.name]

    def _leader(self) -> int:
        leader = self._machine.leader()
        if leader is None:
            raise LabError(f"{self.name} is not running")
        return leader

    def _systemd_is_up(self) -> bool:
        if self._machine.leader() is None:
            failure = self._machine.failure()
            if failure:
                raise LabError(f"{self.name} did not boot: {failure}")
            return False
        try:
            state = self.run(["systemctl", "is-system-running"], check=False, timeout=BOOT_TIMEOUT)
        except (LabError, OSError):
            return False
        return state.stdout.strip() in UP

    def _sshd_answers(self) -> bool:
        try:
            with socket.create_connection((self.address, self.ssh_port), timeout=2) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + BOOT_TIMEOUT
        while not condition():
            if time.monotonic() > deadline:
                raise LabError(f"{self.name} did not {what} within {BOOT_TIMEOUT} s")
            time.sleep(0.05)
