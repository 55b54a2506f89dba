"""Containers, their engines, and the files that they are started from."""

from __future__ import annotations

from typing import Any

from hardpoint.facts import Read


class Containers(Read):
    """{containers: [{engine: docker | podman, user: None | "alice", id, name, image, running: bool,
    network: "host" | "bridge" | "container:NAME" | ..., ports: [{host_ip: "0.0.0.0", host_port,
    container_port, protocol}], unit, transient: bool, compose: {project, service, files} | None,
    started}],
    daemons: [{engine, user, running, version, default_address, network_address, config,
    arguments, stale: bool, live_restore, tcp: [{address, port, tls: True | False | None, place}]}],
    limits}.

    `arguments`: keys of `config` that the daemon's arguments set; `stale`: it runs since before
    `config` was written.

    Source: docker's Engine API over its own socket; podman's database, and conmon's processes.
    """

    what = "containers"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"containers": [], "daemons": [], "limits": []}


class ContainerFiles(Read):
    """{projects: [{owner: None | "alice", files, services: [{name, image, network_mode, line, file,
    profiles, ports: [{file, line, key, own, said, ports}]}], notes}],
    quadlets: [{path, user: None | "alice" | "*", owner, kind, name, unit, image, pod,
    networks, network_place, ports}], limits}.

    Query: {"compose_files": ["/srv/a/b/*.yaml", "~/x.yml"]}, looked at besides the usual places.
    `key` is that of a setting in the file; `said` the text of the entry, None for a mapping.
    """

    what = "container_files"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"projects": [], "quadlets": [], "limits": []}
