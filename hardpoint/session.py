"""pyinfra's State, phase by phase, over connections that stay open.

`is_executing` belongs to a State, and pyinfra's context is global to the process: every phase gets
a State of its own, and phases never overlap.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import gevent
from gevent.pool import Pool
from pyinfra.api import Config, Inventory, State
from pyinfra.api.exceptions import ConnectError
from pyinfra.api.host import Host
from pyinfra.api.state import StateStage
from pyinfra.context import ctx_config, ctx_host, ctx_state

from hardpoint.connector import CannotConnect, connector_for

T = TypeVar("T")
PARALLEL = 50
"""Hosts in flight at once; one process has one core for all of them."""


class Session:
    """The hosts of one run of the command, connected once."""

    def __init__(
        self,
        inventory: Inventory,
        hosts: Sequence[Host],
        sudo_password: Callable[[str], str | None] = lambda host: None,
        accept_new_host_keys: bool = False,
    ) -> None:
        _silence_pyinfra()
        self.inventory = inventory
        self.hosts = list(hosts)
        self._sudo_password = sudo_password
        self._accept_new = accept_new_host_keys
        self._clients: dict[str, object] = {}
        self._execs: dict[str, int] = {}
        self._root_refused: dict[str, str] = {}
        self.unreachable: dict[str, CannotConnect] = {}

    def include(self, hosts: Sequence[Host]) -> None:
        """These will be connected to as well, although nothing is checked on them."""
        self.hosts += [host for host in hosts if host not in self.hosts]

    @contextmanager
    def phase(self, executing: bool = False) -> Iterator[State]:
        """A fresh State. Executing, every operation that is called runs at once on its host."""
        self._choose_connectors()
        state = State(self.inventory, Config(FAIL_PERCENT=100), check_for_changes=False)
        # Output of a failing command would go straight to the terminal: it is in the result.
        state.print_output = state.print_fact_output = True
        state.current_stage = StateStage.Execute if executing else StateStage.Prepare
        state.is_executing = executing
        for host in self.hosts:
            host.op_hash_order = []
            host.loop_position = []
            host.connector_data = {}
        ctx_state.set(state)
        try:
            yield state
        finally:
            ctx_state.reset()

    def _choose_connectors(self) -> None:
        for host in self.hosts:
            try:
                host.connector_cls = connector_for(host.connector_cls)
            except CannotConnect as error:
                self.unreachable[host.name] = error

    def each(
        self, state: State, hosts: Sequence[Host], work: Callable[[Host], T]
    ) -> dict[str, T | BaseException]:
        """`work(host)` on all hosts side by side. One host's exception is its own result."""

        def one(host: Host) -> T | BaseException:
            ctx_host.set(host)
            ctx_config.set(state.config.copy())
            try:
                self._connect(state, host)
                return work(host)
            except Exception as error:
                return error
            finally:
                self._keep(host)

        pool = Pool(PARALLEL)
        greenlets = {host.name: pool.spawn(one, host) for host in hosts}
        gevent.joinall(list(greenlets.values()))
        return {name: greenlet.get() for name, greenlet in greenlets.items()}

    def _connect(self, state: State, host: Host) -> None:
        if host.name in self.unreachable:
            raise self.unreachable[host.name]
        connector = host.connector
        connector.execs = self._execs.get(host.name, 0)
        connector.sudo_password = self._sudo_password(host.name) or host.data.get("_sudo_password")
        connector.root_refused = self._root_refused.get(host.name, "")
        connector.accept_new_host_keys = self._accept_new
        connector.client = self._clients.get(host.name)
        if not connector.connected():
            try:
                connector.connect()
            except CannotConnect as error:
                self.unreachable[host.name] = error
                raise
            except ConnectError as error:
                raise CannotConnect("unreachable", str(error)) from error
        host.connected = True
        state.activate_host(host)

    def _keep(self, host: Host) -> None:
        if host.connected:
            self._clients[host.name] = getattr(host.connector, "client", None)
            self._execs[host.name] = host.connector.execs
            self._root_refused[host.name] = host.connector.root_refused

    def forget(self, host: Host) -> None:
        """The connection is broken: the next phase connects anew."""
        self._clients.pop(host.name, None)
        host.connected = False

    def execs(self, host: Host) -> int:
        """Execs on this host so far."""
        return self._execs.get(host.name, 0)

    def close(self) -> None:
        for client in self._clients.values():
            if client is not None:
                client.close()
        self._clients.clear()


def enter(host: Host, state: State) -> None:
    """Makes this (copy of a) host the one that pyinfra's operations mean, in this greenlet."""
    ctx_host.set(host)
    ctx_config.set(state.config.copy())


def _silence_pyinfra() -> None:
    """What pyinfra would log is in our results, in our own words."""
    logger = logging.getLogger("pyinfra")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
