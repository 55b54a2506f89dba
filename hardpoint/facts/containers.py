"""Containers, their engines, and the files that they are started from."""

from __future__ import annotations

from typing import Any

from hardpoint.facts import Read


class Containers(Read):
    """{containers: [{engine: docker | podman, user: None | "alice", id, name, image, running: bool,
    network: "host" | "bridge" | "container:NAME" | ..., ports: [{host_ip: "0.0.0.0", host_port,
    container_port, protocol}], unit, compose: {project, service, files} | None, started}],
    daemons: [{engine, user, running, version, default_address, network_address, place,
    live_restore, tcp: [{address, port, tls: True | False | None, place}]}], limits}.

    Source: docker's Engine API over its own socket; podman's database, and conmon's processes.
    """

    what = "containers"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"containers": [], "daemons": [], "limits": []}
