"""TCP listeners with their processes, and what answers on them."""

from __future__ import annotations

from typing import Any

from hardpoint.facts import Read


class Listeners(Read):
    """{listeners: [{address: "0.0.0.0", port: 11434, user, pid, comm, program, unit, manager,
    container: "0123456789ab" | "", started, service: "ollama" | "", version: "0.17.4",
    open: bool | None, v6only: bool}], root: bool}.

    Query: {"services": [{id, programs, port, ports, path, contains, version, protected}]}.
    `service`: whose program the process runs, or who answers a harmless GET of `path` on the host's
    own loopback; `open`: whether `protected` is answered without credentials.
    Source: /proc/net/tcp and tcp6 (proc(5)).
    """

    what = "listeners"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"listeners": [], "root": False}


class CrossOrigin(Read):
    """{status: 200, allow_origin: "*" | ""}: what the service on a loopback port tells the script
    of a foreign page. An active test: only proofs ask it.

    Query: {"port": 11434, "path": "/api/version", "origin": "https://..."}.
    """

    what = "cross_origin"
