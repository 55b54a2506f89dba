"""What a value of a setting means, and the nearest value that is safe. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Verdict:
    """`holds`: the value is safe; `safe`: what to set instead, as near to the person's as can be."""

    holds: bool
    safe: Any


@dataclass(frozen=True)
class Context:
    """What a rule has to know besides the value: the service's port, the machine's addresses.

    `serves` says that the value is read by the service itself; otherwise it stands in a login
    environment, where a client reads it too.
    """

    port: int
    addresses: Collection[str] = ()
    serves: bool = True


_BIND = re.compile(
    r"^(?:(?P<scheme>https?)://)?"
    r"(?P<host>\[[^\]]*\]|[^:/\[\]]*|[0-9A-Fa-f:]*:[0-9A-Fa-f:]*)"
    r"(?::(?P<port>\d+))?(?:/.*)?$"
)
_SCHEME_PORTS = {"http": 80, "https": 443}
_EVERYWHERE = {"", "*", "0.0.0.0", "::", "0"}


def bind_with_port(value: str | None, context: Context) -> Verdict:
    """`host:port` in the forms that Ollama takes (envconfig.Host): scheme, port and host optional.

    An unset value is the service's own default, loopback. In a login environment the address of
    another machine is a client's, and stays.
    """
    if value is None:
        return Verdict(False, f"127.0.0.1:{context.port}")
    match = _BIND.match(value.strip().strip("'\""))
    host = match["host"].strip("[]") if match else ""
    scheme = match["scheme"] if match else None
    given = match["port"] if match else None
    port = int(given) if given else _SCHEME_PORTS.get(scheme or "", context.port)
    if value.strip() == "":
        return Verdict(True, f"127.0.0.1:{port}")
    return Verdict(bool(match) and _is_private(host, context), f"127.0.0.1:{port}")


def bind_address(value: Any, context: Context) -> Verdict:
    """An address alone."""
    if not isinstance(value, str):
        return Verdict(False, "127.0.0.1")
    return Verdict(_is_private(value.strip().strip("[]"), context), "127.0.0.1")


def _is_private(host: str, context: Context) -> bool:
    if host == "localhost":
        return True
    if host in _EVERYWHERE:
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return not context.serves
    if address.is_loopback:
        return True
    return not context.serves and host not in context.addresses


_ANY_ORIGIN = re.compile(r"^(?:(?:https?|\*)://)?\*(?::\*|:\d+)?/?$")


def origin_list(value: str | None, context: Context) -> Verdict:
    """A comma-separated list of origins without one that stands for every web site."""
    if value is None:
        return Verdict(False, "")
    entries = [entry.strip() for entry in value.strip("'\"").split(",")]
    kept = [entry for entry in entries if entry and not _ANY_ORIGIN.match(entry)]
    return Verdict(len(kept) == len([e for e in entries if e]), ",".join(kept))


def disabled(value: Any, context: Context) -> Verdict:
    """A switch that must be off."""
    return Verdict(value is False, False)


RULES: dict[str, Callable[[Any, Context], Verdict]] = {
    "bind-with-port": bind_with_port,
    "bind-address": bind_address,
    "origin-list": origin_list,
    "disabled": disabled,
}
