"""Inventories as pyinfra takes them: @local, a list of hosts, an inventory file, a module."""

from __future__ import annotations

import fnmatch
import os
from pathlib import Path

from pyinfra.api import Config, Inventory, State
from pyinfra.api.host import Host
from pyinfra.context import ctx_config, ctx_state

from hardpoint.policy.problems import did_you_mean


class InventoryError(Exception):
    """The inventory can't be used; the text says why and what to do."""


def load(name: str, ssh_config: Path | None = None) -> Inventory:
    """The inventory that a person named; `ssh_config` is read instead of ~/.ssh/config.

    Raises InventoryError.
    """
    # Importing pyinfra's command line patches the whole process: only the command may do that.
    from pyinfra_cli.inventory import make_inventory, make_inventory_from_files

    if not os.access(".", os.R_OK | os.X_OK):
        os.chdir("/")  # sudo -u keeps a directory that its user may not look into
    data = {"ssh_config_file": _readable(ssh_config)} if ssh_config else {}
    state = State()
    state.cwd = os.getcwd()
    ctx_state.set(state)  # pyinfra runs an inventory file in the context of a state
    ctx_config.set(Config())
    try:
        if ":" in name and not Path(name).exists() and "," not in name and "@" not in name:
            inventory = make_inventory(name, data)
        elif _looks_like_a_file(name) and not Path(name).exists():
            raise InventoryError(f"{name}: there is no such inventory file")
        else:
            # A single name is a host, as ssh knows it: an alias of ~/.ssh/config need not resolve.
            inventory = make_inventory_from_files(name, data, cwd=os.getcwd())
    except InventoryError:
        raise
    except BaseException as error:  # an inventory is a program of the user's: anything may happen
        if isinstance(error, KeyboardInterrupt):
            raise
        cause = getattr(error, "exception", error)  # pyinfra wraps it, with a traceback as its text
        raise InventoryError(f"{name}: {type(cause).__name__}: {cause}") from error
    finally:
        ctx_state.reset()
        ctx_config.reset()
    if not len(inventory):
        raise InventoryError(f"{name}: no hosts in it")
    return inventory


def _readable(ssh_config: Path) -> str:
    """Its name; pyinfra would take one that is not there for an empty one."""
    try:
        ssh_config.read_bytes()
    except OSError as error:
        named = "as --ssh-config or HARDPOINT_SSH_CONFIG names it"
        raise InventoryError(f"{ssh_config}: {error.strerror} ({named})") from error
    return str(ssh_config)


def _looks_like_a_file(name: str) -> bool:
    return ("/" in name.lstrip("@") and not name.startswith("@")) or name.endswith(".py")


def limited(inventory: Inventory, patterns: list[str]) -> list[Host]:
    """The hosts that match a name, a glob or a group; all of them without a pattern.

    Raises InventoryError for a pattern that matches nothing.
    """
    hosts = list(inventory)
    if not patterns:
        return hosts
    chosen: list[Host] = []
    for pattern in (part for text in patterns for part in text.split(",") if part):
        matching = [host for host in hosts if _matches(host, pattern)]
        if not matching:
            known = ", ".join(host.name for host in hosts[:8])
            raise InventoryError(f"--limit {pattern} matches no host and no group; hosts: {known}")
        chosen += [host for host in matching if host not in chosen]
    return [host for host in hosts if host in chosen]


def named(inventory: Inventory, name: str) -> Host:
    """The host of this name. Raises InventoryError."""
    names = [host.name for host in inventory]
    if name not in names:
        hint = did_you_mean(name, names, f"hosts: {', '.join(names[:8])}")
        raise InventoryError(f"the inventory has no host called {name}{hint}")
    return next(host for host in inventory if host.name == name)


def _matches(host: Host, pattern: str) -> bool:
    return fnmatch.fnmatch(host.name, pattern) or pattern in host.groups
