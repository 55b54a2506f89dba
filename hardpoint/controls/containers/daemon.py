"""docker's daemon: where it publishes by default, and whom its API obeys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hardpoint.control import (
    HOST_SUBJECT,
    Control,
    HostView,
    Metadata,
    Reference,
    Subject,
    Vantage,
    subjects_of,
)
from hardpoint.controls.services.listener import is_loopback
from hardpoint.facts.containers import Containers
from hardpoint.facts.machine import Machine
from hardpoint.operations import Desired
from hardpoint.operations.document import Document, Fragment
from hardpoint.outcome import Finding, ProofResult, Severity
from hardpoint.proofs.identify import Identity

LOOPBACK = "127.0.0.1"
CONFIG = "/etc/docker/daemon.json"
BINDING = "com.docker.network.bridge.host_binding_ipv4"
NETWORK_KEY = ("default-network-opts", "bridge", BINDING)
NETWORK_OPTIONS_SINCE = 24

DEFAULT_ADDRESS = Metadata(
    id="docker-default-publish-address",
    family="containers",
    title="Docker publishes on loopback unless it is told an address",
    severity=Severity.MEDIUM,
    risk="whoever types -p 11434:11434 opens it to the whole network, past ufw's rules",
    changes="Sets ip to 127.0.0.1 in /etc/docker/daemon.json, which holds for docker's own bridge; "
    "from docker 24 on also default-network-opts, which holds for the networks that compose makes "
    "from then on. docker is never restarted: the finding has the command.",
    undo="hardpoint rollback --control docker-default-publish-address",
    # Whoever serves others from a container on purpose has to name an address then: for those who ask.
    profiles=("strict",),
    mappings=(
        Reference("CIS Controls", "4.6@v8.1"),
        Reference("NIST SP 800-53", "CM-7@r5"),
        Reference("NIST SP 800-53", "SC-7@r5"),
    ),
    sources=(
        "dockerd reference, --ip and --default-network-opt (docs.docker.com/reference/cli/dockerd)",
        "Docker, Bridge network driver: host_binding_ipv4 (docs.docker.com/engine/network/drivers)",
    ),
)

CLOSED = Metadata(
    id="docker-api-closed",
    family="containers",
    title="The Docker API obeys nobody without a certificate",
    severity=Severity.CRITICAL,
    risk="whoever reaches the port is root on this machine: docker starts any container, with your "
    "disk in it",
    changes="Nothing: whoever manages this docker from elsewhere would be cut off. The finding has "
    "the line and the command.",
    undo="hardpoint rollback --control docker-api-closed",
    profiles=("minimal", "recommended", "strict"),
    mappings=(
        Reference("CIS Docker", "2.7@v1.5.0"),
        Reference("CIS Controls", "4.6@v8.1"),
        Reference("CIS Controls", "4.8@v8.1"),
        Reference("NIST SP 800-53", "AC-3@r5"),
        Reference("NIST SP 800-53", "SC-8@r5"),
    ),
    sources=(
        "Docker, Protect the Docker daemon socket (docs.docker.com/engine/security/protect-access)",
        "CIS Docker Benchmark v1.5.0, 2.7: TLS authentication for Docker daemon",
        "podman-system-service(1): the API on TCP has neither encryption nor authentication",
    ),
)


class DefaultAddress(Control):
    """The system's docker; that of a person keeps to ports that he opens himself."""

    document = {"path": CONFIG, "keys": [["ip"], list(NETWORK_KEY)]}

    def __init__(self) -> None:
        super().__init__(DEFAULT_ADDRESS)

    def _daemon(self, host: HostView) -> dict[str, Any] | None:
        daemons = host.read(Containers)["daemons"]
        return next(
            (one for one in daemons if (one["engine"], one["user"]) == ("docker", None)), None
        )

    def subjects(self, host: HostView) -> list[Subject]:
        return [HOST_SUBJECT] if self._daemon(host) else []

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        daemon = self._daemon(host)
        if daemon is None:
            return
        # A key that an argument sets too keeps dockerd from starting.
        keys = [key for key in _keys(daemon) if key[0] not in daemon["arguments"]]
        fragments = tuple(Fragment(self.id, subject.name, key, LOOPBACK) for key in keys)
        if fragments:
            yield Document(daemon["config"], None, "json", fragments)

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        daemon = self._daemon(host)
        if daemon is None:
            return
        wrong = [key for key, address in _keys(daemon).items() if not is_loopback(address)]
        for name in daemon["arguments"]:
            if any(key[0] == name for key in wrong):
                yield self._told(daemon, f"in the arguments of dockerd set --{name.rstrip('s')}")
        if any(key[0] not in daemon["arguments"] for key in wrong):
            yield self._told(daemon, "")
        elif daemon["stale"] and not wrong:
            yield self._not_read(daemon)

    def _told(self, daemon: dict[str, Any], fix: str) -> Finding:
        old = daemon["version"] and _major(daemon) < NETWORK_OPTIONS_SINCE
        compose = (
            ", and networks of compose publish there in any case before docker 24" if old else ""
        )
        return Finding(
            seen="docker publishes a port to your whole network unless an address is typed with it",
            who=self.metadata.risk,
            why=f"it publishes on {daemon['default_address']} by default{compose}",
            fix="; then ".join([*([f"{fix} to {LOOPBACK}"] if fix else []), _restart(daemon)]),
        )

    def _not_read(self, daemon: dict[str, Any]) -> Finding:
        return Finding(
            seen="docker may still publish to your whole network by default",
            who=self.metadata.risk,
            why=f"it runs since before {daemon['config']} was written",
            fix=_restart(daemon),
            severity=Severity.LOW,
        )


def _keys(daemon: dict[str, Any]) -> dict[tuple[str, ...], str]:
    """The keys of daemon.json that this docker knows, with the addresses that they have now."""
    keys: dict[tuple[str, ...], str] = {("ip",): daemon["default_address"]}
    if _major(daemon) >= NETWORK_OPTIONS_SINCE:
        keys[NETWORK_KEY] = daemon["network_address"]
    return keys


def _major(daemon: dict[str, Any]) -> int:
    """Its version, 24 of "24.0.7"; 0 where it does not run: an unknown key would keep it from starting."""
    match = re.match(r"\d{1,4}", daemon["version"])
    return int(match.group()) if match else 0


def _restart(daemon: dict[str, Any]) -> str:
    effect = "containers keep running" if daemon["live_restore"] else "this stops its containers"
    return f"systemctl restart docker ({effect}); networks keep what they were made with"


class ApiClosed(Control):
    """docker's API on TCP, and podman's, which has no authentication at all."""

    def __init__(self) -> None:
        super().__init__(CLOSED)

    def subjects(self, host: HostView) -> list[Subject]:
        return subjects_of(
            {one["user"] or HOST_SUBJECT.name for one in host.read(Containers)["daemons"]}
        )

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        yield from ()

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        for daemon, row in self._open(host, subject):
            yield self._finding(host, daemon, row)

    def _open(
        self, host: HostView, subject: Subject
    ) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        for daemon in host.read(Containers)["daemons"]:
            for row in daemon["tcp"]:
                if (daemon["user"] or HOST_SUBJECT.name) == subject.name and row["tls"] is not True:
                    yield daemon, row

    def _finding(self, host: HostView, daemon: dict[str, Any], row: dict[str, Any]) -> Finding:
        inside, answers = is_loopback(row["address"]), row["tls"] is False
        at = _reachable(row["address"], host.read(Machine)["addresses"])
        verb = "obeys anyone" if answers else "will obey anyone, when it starts next,"
        return Finding(
            seen=f"{daemon['engine']}'s API {verb} on {at}:{row['port']}",
            who=_who(daemon, inside),
            why=f"{row['place']} names that address, and no client needs a certificate",
            fix=_remedy(daemon, row),
            exposed=answers and not inside,
            severity=Severity.HIGH if inside or not answers else None,
        )

    def prove(self, vantage: Vantage, host: HostView, subject: Subject) -> ProofResult | None:
        ports = sorted({row["port"] for _, row in self._open(host, subject)})
        if not ports:
            return None
        known = dict.fromkeys(ports, Identity("Docker's API", "/version", "ApiVersion"))
        return vantage.cannot_connect(host.read(Machine)["addresses"], ports, known)


def _who(daemon: dict[str, Any], inside: bool) -> str:
    whom = "root" if daemon["user"] is None else daemon["user"]
    reach = "every program and user of this machine" if inside else "whoever reaches the port"
    return f"{reach} is {whom}: it starts any container, with {whom}'s files in it"


def _remedy(daemon: dict[str, Any], row: dict[str, Any]) -> str:
    if daemon["engine"] == "podman":
        whose = "as " + daemon["user"] + ": " if daemon["user"] else ""
        return f"{whose}end `podman system service`, and use its unix socket over SSH: podman --url ssh://"
    at = f"the tcp:// host of port {row['port']} out of {row['place']}"
    restart = "systemctl --user restart docker" if daemon["user"] else "systemctl restart docker"
    ssh = "docker context create NAME --docker host=ssh://USER@HOST reaches it without"
    return f"take {at}, then {restart}; {ssh}"


def _reachable(address: str, addresses: list[str]) -> str:
    if address in ("0.0.0.0", "::"):
        address = next(iter(addresses), address)
    return f"[{address}]" if ":" in address else address
