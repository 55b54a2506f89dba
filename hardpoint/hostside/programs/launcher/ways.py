"""Where a run may connect to: the proxy's list, and the host's loopback addresses that it names."""

import ipaddress
import re

from environment import LOOPBACK, PROXY_PORT


def allowed(intent, profile, agent):
    """The entries of the proxy's list; None for no network at all."""
    if profile == "sealed":
        return None
    provider = list(agent.provider) if agent else []
    return provider + (list(intent.network_allow) if profile != "research" else [])


def listeners(entries):
    """[[host, port, name]] of sockets in the sandbox: the proxy's own (no name), and one in front of
    each address of the host's loopback that the list has, at the same port."""
    found = [[LOOPBACK, PROXY_PORT, None]]
    for entry in entries:
        match = re.fullmatch(r"\[?([0-9a-fA-F.:]+?)\]?:([0-9]{1,5})", _plain(entry))
        try:
            here = bool(match) and ipaddress.ip_address(match.group(1)).is_loopback
        except ValueError:
            here = False
        if here and int(match.group(2)) != PROXY_PORT:
            name = "%s:%s" % (match.group(1), match.group(2))
            found += [[host, int(match.group(2)), name] for host in (LOOPBACK, "::1")]
    return found


def plain(entries):
    """The entries as the proxy reads them."""
    return [_plain(one) for one in entries]


def _plain(entry):
    return re.sub(r"^localhost:", LOOPBACK + ":", entry)
