"""A person's home with ~/.ssh in it, in which the command runs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import Host, Lab


class Home:
    """What lies in ~/.ssh, and the agents that are running."""

    def __init__(self, path: Path, lab: Lab) -> None:
        self.path = path
        self.ssh = path / ".ssh"
        self.ssh.mkdir(mode=0o700)
        self.known_hosts = self.ssh / "known_hosts"
        self.lab_key = lab.key
        self._agents: list[subprocess.Popen[bytes]] = []

    def config(self, *blocks: str) -> None:
        self.ssh.joinpath("config").write_text("\n".join(blocks) + "\n")

    def block(self, alias: str, host: Host, *lines: str, key: Path | None = None) -> str:
        """A Host block: where it is, as whom, with which key (the lab's)."""
        words = [f"HostName {host.address}", "User ops", *lines]
        if not any(line.startswith("Identity") for line in lines):
            words.append(f"IdentityFile {key or self.lab_key}")
        return "\n    ".join([f"Host {alias}", *words])

    def knows(self, lab: Lab) -> None:
        """All hosts of the lab are known under their names and addresses."""
        self.known_hosts.write_bytes(lab.known_hosts.read_bytes())

    def key(self, name: str, passphrase: str = "") -> Path:
        """A new key pair of one's own."""
        path = self.ssh / name
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(path)]
        subprocess.run(command, check=True)
        return path

    def agent(self, name: str, *keys: Path) -> Path:
        """A running agent's socket; it holds the keys, whose files are then removed."""
        socket = self.path / name
        command = ["ssh-agent", "-D", "-a", str(socket)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._agents.append(subprocess.Popen(command, **quiet))
        while not socket.exists():
            assert self._agents[-1].poll() is None
        for key in keys:
            environment = {"SSH_AUTH_SOCK": str(socket), "PATH": "/usr/bin:/bin"}
            subprocess.run(["ssh-add", "-q", str(key)], check=True, env=environment, **quiet)
            key.unlink()
        return socket

    def close(self) -> None:
        for agent in self._agents:
            agent.kill()
            agent.wait()


@pytest.fixture
def home(tmp_path: Path, lab: Lab) -> Iterator[Home]:
    """The home in which `hardpoint` runs."""
    made = Home(tmp_path, lab)
    yield made
    made.close()


def authorize(host: Host, public_key: Path) -> None:
    """Lets this key in as ops, and no other."""
    host.write("/home/ops/.ssh/authorized_keys", public_key.read_text(), "ops:ops", "0600")
