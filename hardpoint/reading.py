"""How controls and operations read a host: root where it can be had, every failure noted.

A reader belongs to one control on one host. pyinfra's own commands get a `PlainReader`, whose
failed reads fail the host, as everything does there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from pyinfra import logger
from pyinfra.api import FactBase
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.host import Host
from pyinfra.context import ctx_config
from pyinfra.facts.server import Command, User

from hardpoint.batch import DEFAULT_TIMEOUT
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
            self.doubt(limit["reason"], limit["subject"])
        return value

    def doubt(self, reason: str, subject: str | None = None) -> None:
        """Notes why nothing that was seen of a subject (None: of any) is sure."""
        limit = {"subject": subject, "reason": reason}
        if limit not in self.limits:
            self.limits.append(limit)

    def _get(self, fact: type[Read], query: dict[str, Any]) -> Any:
        raise NotImplementedError

    def announce(self, change: Change, paths: Iterable[str] = ()) -> None:
        """Says what would change, and which paths: `unit` plans its restart from them."""
        self.changes.append(change)
        self.planned_paths.update(paths)


class Unreadable(Exception):
    """A fact could not be read: pyinfra has said why, and has failed the host."""


class PlainReader(Reader):
    """Under plain pyinfra: one round trip a fact, through whatever connector the inventory has.

    Equal questions are asked once, until `forget`. Whoever changes something forgets first.
    """

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._answers: dict[str, Any] = {}
        self._sudo: bool | None = None

    @property
    def sudo(self) -> bool:
        """Whether root has to be reached through sudo; asked once a host."""
        if self._sudo is None:
            sudo = self._fact(User) != "root"
            if sudo and not sys.stdin.isatty() and not self._may_sudo():
                self._fail("sudo asks for a password: run with --same-sudo-password in a terminal")
            self._sudo = sudo
        return self._sudo

    def forget(self) -> None:
        """The host may have changed: asks anew, and drops what was said about limits."""
        self._answers.clear()
        self.limits.clear()

    def _get(self, fact: type[Read], query: dict[str, Any]) -> Any:
        key = fact.name + json.dumps(query, sort_keys=True)
        if key not in self._answers:
            self._answers[key] = self._fact(fact, query, _sudo=self.sudo)
        return self._answers[key]

    def _may_sudo(self) -> bool:
        """Else pyinfra would wait for a password at a terminal that isn't there."""
        if self.host.data.get("_sudo_password") or ctx_config.get().SUDO_PASSWORD:
            return True
        asked = self._fact(Command, "sudo -n true 2>/dev/null && echo yes || echo no")
        return asked == "yes"

    def _fact(self, fact: type[FactBase[Any]], *question: Any, _sudo: bool = False) -> Any:
        """The fact's value, never its default: an unreadable one ends what was asking."""
        state = self.host.state
        try:
            value = self.host.get_fact(
                fact, *question, _sudo=_sudo, _timeout=DEFAULT_TIMEOUT, _ignore_errors=False
            )
        except PyinfraError:
            if state.active_hosts:
                raise
            value = None  # "No hosts remaining!": this was the last one
        if self.host in state.failed_hosts:
            raise Unreadable(f"could not read {fact.name}")
        return value

    def _fail(self, reason: str) -> None:
        self.host.log_styled(reason, fg="red", log_func=logger.error)
        try:
            self.host.state.fail_hosts({self.host})
        except PyinfraError:
            if self.host.state.active_hosts:
                raise
        raise Unreadable(reason)


def reader_of(host: Host) -> Reader:
    """The reader that belongs to this (copy of a) host."""
    return host.connector_data.setdefault(_KEY, PlainReader(host))


def plain_reader(host: Host) -> PlainReader:
    """The same where pyinfra's own command drives."""
    reader = reader_of(host)
    assert isinstance(reader, PlainReader)
    return reader


def attach(host: Host, reader: Reader) -> None:
    host.connector_data[_KEY] = reader
