"""Places from which a proof looks at a host: this machine, another host of the inventory, or for
this machine itself another network stack, since a connect over lo proves nothing."""

from __future__ import annotations

import ipaddress
import os
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import gevent
from gevent import subprocess
from gevent.event import AsyncResult
from gevent.lock import BoundedSemaphore
from pyinfra.api.host import Host

from hardpoint import hostside, remote

Question = tuple[str, int, str | None]
"""An address, a port, and the path that tells what answers there, if anybody knows one."""

Ask = Callable[[dict[str, Any]], dict[str, Any]]

GATHERING = 0.05
"""Seconds in which the questions of all controls and hosts come together."""

MOST = 900
"""Questions in one request: a command is limited in length, and a process in its open files
(1024 as a rule): so they are all tried at once."""

SIDE_BY_SIDE = 4
"""Requests under way at a place: sshd allows ten sessions, and the host may be checked as well."""


class NoVantage(Exception):
    """There is no looking from this place; the text says why."""


class Ended(StrEnum):
    """How a connect ended, as hostside/payload/connect.py tells it."""

    OPEN = "open"
    RESET = "reset"
    TIMEOUT = "timeout"
    PROHIBITED = "prohibited"
    UNREACHABLE = "unreachable"
    NO_ROUTE = "no route"
    OWN = "own"


@dataclass(frozen=True)
class Seen:
    """How a connect ended, and what then answered."""

    ended: Ended
    answer: str | None = None


class Place:
    """Somewhere to connect from. Whatever several controls and hosts want to know at the same time
    goes out together; equal questions are asked once."""

    def __init__(self, name: str, ask: Ask, is_host: bool = False) -> None:
        self.name = name
        self.is_host = is_host
        self._ask = ask
        self._answers: dict[Question, AsyncResult] = {}
        self._waiting: list[Question] = []
        self._lanes = BoundedSemaphore(SIDE_BY_SIDE)

    def connect(self, questions: Sequence[Question]) -> list[Seen]:
        """What came of each, in order. Raises NoVantage."""
        new = [one for one in dict.fromkeys(questions) if one not in self._answers]
        self._answers.update((one, AsyncResult()) for one in new)
        if new and not self._waiting:
            gevent.spawn_later(GATHERING, self._send)
        self._waiting += new
        return [self._answers[one].get() for one in questions]

    def _send(self) -> None:
        with self._lanes:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            if self._waiting:
                gevent.spawn(self._send)
            self._answer(batch)

    def _answer(self, batch: list[Question]) -> None:
        try:
            seen = self._ask({"do": "connect", "targets": [list(one) for one in batch]})["seen"]
            answers = [Seen(Ended(outcome), answer) for outcome, answer in seen]
            for question, answer in zip(batch, answers, strict=True):
                self._answers[question].set(answer)
        except Exception as error:  # whatever went wrong, nobody may wait for ever
            for question in batch:
                self._answers[question].set_exception(NoVantage(str(error)))


def here() -> Place:
    """This machine's own network."""
    return Place("this machine", lambda request: _run([], request))


def on(host: Host) -> Place:
    """Another host of the inventory, which has to be connected. It connects as whoever logged in."""
    return Place(host.name, lambda request: remote.ask(host, request, root=False), is_host=True)


def nowhere(name: str, reason: str, is_host: bool = False) -> Place:
    """A place that can't be had."""

    def refuse(request: dict[str, Any]) -> dict[str, Any]:
        raise NoVantage(reason)

    return Place(name, refuse, is_host)


@dataclass(frozen=True)
class Beside:
    """A throw-away network stack beside this machine. `own`: addresses that this machine has only
    while it exists; `listener`: a port on which this machine answers, as the positive control."""

    place: Place
    own: frozenset[str]
    listener: int


@contextmanager
def beside_this_machine() -> Iterator[Beside]:
    """A network namespace, joined to this machine by a pair of interfaces. Raises NoVantage."""
    if os.geteuid() != 0:
        raise NoVantage("only root can make a network namespace to look from: run with sudo")
    name = f"hp{secrets.token_hex(3)}"
    listener = _listener()
    try:
        own = _make(name)
        enter = ["ip", "netns", "exec", name]
        place = Place("a network namespace beside it", lambda request: _run(enter, request))
        yield Beside(place, own, listener.getsockname()[1])
    finally:
        listener.close()
        subprocess.run(["ip", "netns", "del", name], stderr=subprocess.DEVNULL)
        subprocess.run(["ip", "link", "del", f"{name}a"], stderr=subprocess.DEVNULL)


def _run(prefix: list[str], request: dict[str, Any]) -> dict[str, Any]:
    command = [*prefix, *hostside.here(request)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if not done.stdout.strip():
        raise NoVantage(done.stderr.decode("utf-8", "replace").strip() or "no answer")
    return hostside.reply(done.stdout.decode("utf-8", "replace"))


def _listener() -> socket.socket:
    try:
        listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    except (OSError, ValueError):  # no IPv6 here
        listener = socket.create_server(("", 0))
    listener.listen(64)
    return listener


def _make(name: str) -> frozenset[str]:
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
    return frozenset((str(here), str(here6)))


def _free_networks() -> tuple[ipaddress.IPv4Network, ipaddress.IPv6Network]:
    """Addresses that nothing here uses: of the benchmark range (RFC 2544) and a random ULA."""
    number = secrets.randbelow(2**15) * 4
    v4 = ipaddress.IPv4Network((int(ipaddress.IPv4Address("198.18.0.0")) + number, 30))
    v6 = ipaddress.IPv6Network((int.from_bytes(b"\xfd" + secrets.token_bytes(13)) << 16, 126))
    return v4, v6
