"""Which containers are AI, by the services catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from hardpoint.controls.services.listener import is_loopback
from hardpoint.controls.services.service import Service

Port = dict[str, Any]


def recognised(
    image: str, ports: Iterable[Port], services: Sequence[Service]
) -> tuple[Service | None, list[Port]]:
    """The service that a container runs, and which of its ports concern it.

    By its image, all of them. By a port inside that is one service's alone, only that port: what
    else listens on 8080 is no evidence.
    """
    name = image_name(image)
    for service in services:
        if any(fnmatchcase(name, p) or fnmatchcase(name, "*/" + p) for p in service.images):
            return service, list(ports)
    by_port = {service.port: service for service in services if service.dedicated}
    known = [port for port in ports if port["container_port"] in by_port]
    return (by_port[known[0]["container_port"]], known) if known else (None, [])


def image_name(image: str) -> str:
    """An image without registry, tag and digest: docker.io/ollama/ollama:0.30 is ollama/ollama."""
    name = image.partition("@")[0]
    folder, slash, last = name.rpartition("/")
    parts = (folder + slash + last.partition(":")[0]).split("/")
    if len(parts) > 1 and (parts[0] == "localhost" or set(parts[0]) & set(".:")):
        parts = parts[1:]
    return "/".join(parts[1:] if parts[:1] == ["library"] else parts)


def beyond_loopback(ports: Iterable[Port]) -> list[Port]:
    """Those that others may reach."""
    return [port for port in ports if not is_loopback(port["host_ip"])]


def places(ports: Iterable[Port], addresses: Sequence[str]) -> list[str]:
    """192.168.1.5:11434 for each port; what is published everywhere, at the machine's first address."""
    found = []
    for port in ports:
        address, number = port["host_ip"], port["host_port"] or "a port that is free"
        if address in ("0.0.0.0", "::"):
            family = [one for one in addresses if (":" in one) == (address == "::")]
            address = next(iter([*family, *addresses]), address)
        at = f"[{address}]" if ":" in address else address
        protocol = "" if port["protocol"] == "tcp" else f"/{port['protocol']}"
        found.append(f"{at}:{number}{protocol}")
    return list(dict.fromkeys(found))
