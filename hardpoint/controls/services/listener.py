"""What a row of the listeners says, in the words of findings. Pure."""

from __future__ import annotations

import ipaddress
from datetime import datetime

from hardpoint.controls.services.service import Row

_FORWARDERS = ("docker-proxy", "rootlessport", "rootlesskit", "conmon", "slirp4netns", "pasta")


def is_loopback(address: str) -> bool:
    """Whether this machine alone reaches an address; what is none counts as reachable."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return address == "localhost"


def is_of_container(row: Row) -> bool:
    """Whether it is a container's, or a program's that forwards to one."""
    return bool(row.get("container")) or row["comm"].startswith(_FORWARDERS)


def reachable(row: Row, own: list[str]) -> str:
    """Its address as a neighbour would type it."""
    address = row["address"]
    if row.get("v6only"):
        own = [one for one in own if ":" in one]
    if address in ("0.0.0.0", "::"):
        address = next(iter(own), "every address")
    return f"[{address}]" if ":" in address else address


def started_by_hand(row: Row) -> str:
    return f"started by hand: {process(row)}"


def process(row: Row) -> str:
    """Which process it is, whose, and since when."""
    since = datetime.fromtimestamp(row["started"]).strftime("%F %H:%M") if row["started"] else "?"
    return f"{row['comm']}, pid {row['pid']} of {row['user']}, since {since}"
