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
    """What a rule has to know besides the value: the service's port, and the machine's `own`
    addresses and name, in lower case.

    `serves` says that the value is read by the service itself; otherwise it stands in a login
    environment, where a client reads it too.
    """

    port: int
    own: Collection[str] = ()
    serves: bool = True


class Computed(str):
    """The text of a value that only the shell knows, such as `$(hostname -I)`."""


_SPLIT = re.compile(r"(?:\[([^][]*)\]|([^][:]*)):([^][:]*)")
_SCHEME_PORTS = {"http": 80, "https": 443}
_EVERYWHERE = {"", "*", "0"}
_THIS_MACHINE = re.compile(r"hostname|0\.0\.0\.0|\[::\]|\bip( -\S+)* (a|r)\w*\b|ifconfig", re.I)
_LAST_PORT = re.compile(r":(\d{1,5})[\"']?$")


def bind_with_port(value: str | None, context: Context) -> Verdict:
    """`host:port` in the forms that Ollama takes: scheme, host and port optional.

    In a login environment the address of another machine is a client's, and stays.
    """
    if value is None:
        return Verdict(False, f"127.0.0.1:{context.port}")
    if isinstance(value, Computed):
        last = _LAST_PORT.search(value)
        port = int(last[1]) if last else context.port
        return Verdict(not _THIS_MACHINE.search(value), f"127.0.0.1:{port}")
    host, port = _listens(value, context.port)
    return Verdict(_is_private(host, context), f"127.0.0.1:{port}")


def _listens(value: str, port: int) -> tuple[str, int]:
    """Where Ollama listens with this OLLAMA_HOST (envconfig.Host; net.SplitHostPort)."""
    scheme, separator, rest = value.strip().strip("\"'").strip().partition("://")
    if not separator:
        scheme, rest = "", scheme
    rest = rest.partition("/")[0]
    default = _SCHEME_PORTS.get(scheme, port)
    split = _SPLIT.fullmatch(rest)
    if not split:
        return rest.strip("[]") or "127.0.0.1", default
    given = split[3]
    valid = given.isascii() and given.isdigit() and int(given) <= 65535
    return split[1] or split[2] or "", int(given) if valid else default


def bind_address(value: Any, context: Context) -> Verdict:
    """An address alone, or a list of them; an argument without a value stands for all."""
    if isinstance(value, Computed):
        return Verdict(not _THIS_MACHINE.search(value), "127.0.0.1")
    if not isinstance(value, str):
        return Verdict(False, "127.0.0.1")
    parts = [part.strip().strip("[]") for part in value.split(",")]
    return Verdict(all(_is_private(part, context) for part in parts), "127.0.0.1")


def _is_private(host: str, context: Context) -> bool:
    """Whether nobody on the network is served there; another machine's name is a client's."""
    name = host.strip().lower().removesuffix(".")
    if name == "localhost":
        return True
    if name in _EVERYWHERE:
        return False
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return not context.serves and name.removesuffix(".local") not in context.own
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback or address.is_unspecified:
        return address.is_loopback
    return not context.serves and str(address) not in context.own


def origin_list(value: str | None, context: Context) -> Verdict:
    """A comma-separated list of origins without one that stands for every web site."""
    if value is None or isinstance(value, Computed):
        return Verdict(value is not None, "")
    entries = [entry.strip() for entry in value.strip().strip("\"'").split(",")]
    entries = [entry for entry in entries if entry]
    kept = [entry for entry in entries if not _any_site(entry)]
    return Verdict(kept == entries, ",".join(kept))


def _any_site(origin: str) -> bool:
    """Whether a stranger can own a web site that the entry matches: `https://*`, `https://*.com`,
    and `http://192.168.1.*`, which http://192.168.1.stranger.example matches too."""
    before, star, after = origin.lower().partition("*")
    scheme, separator, host = before.partition("://")
    web = scheme in ("http", "https") if separator else "https://".startswith(scheme)
    if not star or not web or host.endswith(":"):
        return False
    domain = after.rstrip("/").partition(":")[0].strip(".")
    return "*" in after or "." not in domain


def disabled(value: Any, context: Context) -> Verdict:
    """A switch that must be off."""
    return Verdict(value is False, False)


def absent(value: Any, context: Context) -> Verdict:
    """An argument that opens the service by being there, or a variable that switches a guard off."""
    return Verdict(value is None, None)


def not_empty(value: Any, context: Context) -> Verdict:
    """A secret that has to be there; only its owner can choose one."""
    return Verdict(bool(value), None)


def token_mode(value: Any, context: Context) -> Verdict:
    """A mode of authentication that has to be `token`."""
    return Verdict(value == "token", "token")


def not_blank(value: Any, context: Context) -> Verdict:
    """A secret that may be left to the service, but not be empty: that switches it off."""
    return Verdict(value != "", None)


def enabled(value: Any, context: Context) -> Verdict:
    """A guard that is on unless it is switched off."""
    off = str(value).strip().lower() in ("false", "0", "no", "off")
    return Verdict(value is None or not off, "True")


def unset(value: Any, context: Context) -> Verdict:
    """A variable that switches a guard off by having any value."""
    return Verdict(not value, "")


def loopback_mode(value: Any, context: Context) -> Verdict:
    """A choice among networks, one of which is called loopback."""
    return Verdict(value in (None, "loopback"), "loopback")


RULES: dict[str, Callable[[Any, Context], Verdict]] = {
    "bind-with-port": bind_with_port,
    "bind-address": bind_address,
    "origin-list": origin_list,
    "disabled": disabled,
    "absent": absent,
    "enabled": enabled,
    "loopback-mode": loopback_mode,
    "not-blank": not_blank,
    "unset": unset,
    "not-empty": not_empty,
    "token-mode": token_mode,
}
