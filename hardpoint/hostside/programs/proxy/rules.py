"""Whether a place may be reached: by its name against the list, then by what the name resolves to."""

import ipaddress
import re

WEB = (443, 80)
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Denied(Exception):
    """Why a place may not be reached, in words."""


class Rules:
    """The list, parsed. An entry that is none of its forms raises ValueError.

    Forms: a name (ports 443 and 80), `*.name` (all below it), either with `:port`; an address with
    `:port`; a range such as 10.1.0.0/16, into which the names of the list may resolve.
    """

    def __init__(self, entries):
        self.names, self.places, self.ranges = set(), set(), []
        for entry in entries:
            self._add(entry.strip().lower())

    def _add(self, entry):
        if "/" in entry:
            self.ranges.append(ipaddress.ip_network(entry))
            return
        host, port = split(entry)
        if address(host):
            if port is None:
                raise ValueError("%s: an address needs a port" % entry)
            self.places.add((str(address(host)), port))
            return
        if not _NAME.fullmatch(host[2:] if host.startswith("*.") else host):
            raise ValueError("%s: not a host's name" % entry)
        self.names.update((host, one) for one in ([port] if port is not None else WEB))

    def check(self, host, port):
        """The host in its plain form. Raises Denied where the list does not have it."""
        host = host.lower().rstrip(".")
        literal = address(host)
        if literal:
            if (str(literal), port) not in self.places:
                raise Denied("an address, not a name")
            return str(literal)
        if not _NAME.fullmatch(host):
            raise Denied("not a host's name")
        labels = host.split(".")
        above = ["*." + ".".join(labels[place:]) for place in range(1, len(labels))]
        if not any((name, port) in self.names for name in (host, *above)):
            known = any(name in (host, *above) for name, _ in self.names)
            raise Denied("this port is not on the list" if known else "not on the list")
        return host

    def check_addresses(self, host, port, addresses):
        """Raises Denied where a name of the list leads into a network that isn't public.

        All are looked at: a name with a public and a private address is how names are rebound.
        """
        for text in addresses:
            found = address(text)
            if (str(found), port) in self.places or any(found in one for one in self.ranges):
                continue
            if not _is_public(found):
                raise Denied("%s resolves to %s, which is not public" % (host, found))


def _is_public(found):
    if found.version == 6:
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.ip_address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
    return found.is_global and not found.is_multicast


def address(text):
    """The IP address that a text is, or None; a zone (`%eth0`) makes it none."""
    try:
        return ipaddress.ip_address(text.strip("[]")) if "%" not in text else None
    except ValueError:
        return None


def split(text):
    """(host, port or None) of `host`, `host:port`, `[v6]:port`. Raises ValueError."""
    found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::([0-9]{1,5}))?", text)
    if not found and address(text):
        return text, None
    if not found or (found.group(2) and not 0 < int(found.group(2)) < 65536):
        raise ValueError("%s: not a host and port" % text)
    return found.group(1), int(found.group(2)) if found.group(2) else None
