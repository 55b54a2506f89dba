"""How controls and operations read a host: root where it can be had, every failure noted.

A reader belongs to one control on one host. pyinfra's own commands get a `PlainReader`, whose
failed reads fail the host, as everything does there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from pyinfra.api import OperationError, QuoteString, StringCommand
from pyinfra.api.host import Host
from pyinfra.facts.server import User

from hardpoint.facts import Read
from hardpoint.outcome import Change

_KEY = "hardpoint.reader"


class Reader:
    """Reads facts of one host, and collects what operations say they would change."""

    restart_busy = False

    def __init__(self, host: Host) -> None:
        self.host = host
        self.changes: list[Change] = []
        self.planned_paths: set[str] = set()
        self.limits: list[dict[str, Any]] = []

    def read(self, fact: type[Read], **query: Any) -> Any:
        """The fact's value. Its limits are noted for whoever judges by it."""
        value = self._get(fact, query)
        for limit in value.get("limits", []):
            if limit not in self.limits:
                self.limits.append(limit)
        return value

    def _get(self, fact: type[Read], query: dict[str, Any]) -> Any:
        raise NotImplementedError

    def refuse(self, error: OperationError) -> Iterator[StringCommand]:
        """Ends an operation that must not go on."""
        raise error

    def announce(self, change: Change, paths: Iterable[str] = ()) -> None:
        """Says what would change, and which paths: `unit` plans its restart from them."""
        self.changes.append(change)
        self.planned_paths.update(paths)


class PlainReader(Reader):
    """Under plain pyinfra: one round trip a fact, through whatever connector the inventory has.

    While preparing, equal questions are asked once; while executing, every time.
    """

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._prepared: dict[str, Any] = {}

    def _get(self, fact: type[Read], query: dict[str, Any]) -> Any:
        if self.host.state.is_executing:
            self._prepared.clear()
            return self._ask(fact, query)
        key = fact.name + json.dumps(query, sort_keys=True)
        if key not in self._prepared:
            self._prepared[key] = self._ask(fact, query)
        return self._prepared[key]

    def _ask(self, fact: type[Read], query: dict[str, Any]) -> Any:
        return self.host.get_fact(fact, query, _sudo=needs_sudo(self.host))

    def refuse(self, error: OperationError) -> Iterator[StringCommand]:
        """pyinfra would end the whole run, of all hosts, at an exception: a command that fails
        ends this host's."""
        yield StringCommand("printf '%s\\n'", QuoteString(str(error)), ">&2; false")


def needs_sudo(host: Host) -> bool:
    """Whether root has to be reached through sudo; asked once a host."""
    if "hardpoint.needs_sudo" not in host.connector_data:
        host.connector_data["hardpoint.needs_sudo"] = host.get_fact(User) != "root"
    return host.connector_data["hardpoint.needs_sudo"]


def reader_of(host: Host) -> Reader:
    """The reader that belongs to this (copy of a) host."""
    return host.connector_data.setdefault(_KEY, PlainReader(host))


def attach(host: Host, reader: Reader) -> None:
    host.connector_data[_KEY] = reader
