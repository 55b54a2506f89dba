"""Places from which a proof looks at a host: this machine, or for this machine itself another
network stack, since a connect over lo proves nothing."""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
import socket
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from gevent import subprocess

from hardpoint.outcome import Proof, ProofResult
from hardpoint.proofs import probe

Targets = list[tuple[str, int]]
Connect = Callable[[Targets], list[str]]

SSH_PORT = 22
_ANSWERS = {"open", "reset"}


class Vantage:
    """A place with a way to connect. `control_port` is a port of the host that should answer;
    `own` are addresses that exist only while this place does."""

    def __init__(
        self,
        name: str,
        connect: Connect,
        control_port: int = SSH_PORT,
        own: Collection[str] = (),
    ) -> None:
        self.name = name
        self._connect = connect
        self._control_port = control_port
        self._own = own

    def cannot_connect(self, addresses: Iterable[str], ports: Sequence[int]) -> ProofResult:
        """Passed when no port is open on any address, each shown to be reachable from here.

        A reset comes from the host itself and so shows that; after a time-out some other port of
        that address has to answer, else the silence proves nothing.
        """
        there = [address for address in addresses if address not in self._own]
        targets = [(address, port) for address in there for port in ports]
        if not targets:
            return ProofResult(Proof.INCONCLUSIVE, ("the host has no address but loopback",))
        outcomes = dict(zip(targets, self._connect(targets), strict=True))
        silent = sorted({a for (a, _), seen in outcomes.items() if seen not in _ANSWERS})
        control_targets = [(address, self._control_port) for address in silent]
        controls = dict(zip(control_targets, self._connect(control_targets), strict=True))
        evidence = [*_said(self.name, outcomes), *_said(f"{self.name}, as a control", controls)]
        if "open" in outcomes.values():
            return ProofResult(Proof.FAILED, tuple(evidence))
        if any(seen not in _ANSWERS for seen in controls.values()):
            return ProofResult(Proof.INCONCLUSIVE, tuple(evidence))
        return ProofResult(Proof.PASSED, tuple(evidence))


_WORDS = {
    "open": "open",
    "reset": "closed (reset)",
    "timeout": "silent (time-out)",
    "prohibited": "refused on the way (prohibited)",
    "unreachable": "unreachable",
}


def _said(place: str, outcomes: Mapping[tuple[str, int], str]) -> list[str]:
    """One line a port and outcome, with all addresses where that was seen."""
    groups: dict[tuple[int, str], list[str]] = {}
    for (address, port), seen in outcomes.items():
        groups.setdefault((port, seen), []).append(address)
    return [
        f"{place}: port {port} is {_WORDS[seen]} on {', '.join(addresses)}"
        for (port, seen), addresses in groups.items()
    ]


def from_here(control_port: int = SSH_PORT) -> Vantage:
    """This machine's own network."""
    return Vantage(
        "from this machine",
        lambda targets: [probe.connect(address, port) for address, port in targets],
        control_port,
    )


class NoVantage(Exception):
    """There is no other place to look from; the text says why."""


@contextmanager
def beside_this_machine() -> Iterator[Vantage]:
    """A throw-away network namespace beside this machine, joined to it by a pair of interfaces.

    The positive control is a listener of ours on a port that nobody else has. Raises NoVantage.
    """
    if os.geteuid() != 0:
        raise NoVantage("only root can make a network namespace to look from: run with sudo")
    name = f"hp{secrets.token_hex(3)}"
    listener = _listener()
    try:
        own = _make(name)
        yield Vantage(
            "from a network namespace beside it",
            lambda targets: _connect_in(name, targets),
            listener.getsockname()[1],
            own,
        )
    finally:
        listener.close()
        subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "link", "del", f"{name}a"], stderr=subprocess.DEVNULL)


def _listener() -> socket.socket:
    listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    listener.listen(64)
    return listener


def _make(name: str) -> set[str]:
    """A /30 and a /126 of their own, with all routes over them: no packet leaves the machine.

    Returns this machine's new addresses.
    """
    v4, v6 = _free_networks()
    here, there = list(v4.hosts())
    here6, there6 = v6[1], v6[2]
    inside = ["ip", "-n", name]
    for command in (
        ["ip", "netns", "add", name],
        ["ip", "link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b"],
        ["ip", "link", "set", f"{name}b", "netns", name],
        ["ip", "addr", "add", f"{here}/30", "dev", f"{name}a"],
        ["ip", "-6", "addr", "add", f"{here6}/126", "dev", f"{name}a", "nodad"],
        ["ip", "link", "set", f"{name}a", "up"],
        [*inside, "addr", "add", f"{there}/30", "dev", f"{name}b"],
        [*inside, "-6", "addr", "add", f"{there6}/126", "dev", f"{name}b", "nodad"],
        [*inside, "link", "set", f"{name}b", "up"],
        [*inside, "link", "set", "lo", "up"],
        [*inside, "route", "add", "default", "via", str(here)],
        [*inside, "-6", "route", "add", "default", "via", str(here6)],
    ):
        optional = "-6" in command
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.returncode != 0 and not optional:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise NoVantage(f"{' '.join(command)}: {said}")
    return {str(here), str(here6)}


def _free_networks() -> tuple[ipaddress.IPv4Network, ipaddress.IPv6Network]:
    """Addresses that nothing here uses: of the benchmark range (RFC 2544) and a random ULA."""
    number = secrets.randbelow(2**15) * 4
    v4 = ipaddress.IPv4Network((int(ipaddress.IPv4Address("198.18.0.0")) + number, 30))
    v6 = ipaddress.IPv6Network((int.from_bytes(b"\xfd" + secrets.token_bytes(13)) << 16, 126))
    return v4, v6


def _connect_in(namespace: str, targets: Targets) -> list[str]:
    command = ["ip", "netns", "exec", namespace, sys.executable, "-I", str(Path(probe.__file__))]
    done = subprocess.run(
        [*command, json.dumps(targets)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    if done.returncode != 0:
        raise NoVantage(done.stderr.decode("utf-8", "replace").strip())
    return json.loads(done.stdout)
