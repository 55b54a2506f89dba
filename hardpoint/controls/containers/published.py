"""AI containers publish their ports on loopback only. A container is never recreated: it is told."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import StringConstraints

from hardpoint.control import (
    HOST_SUBJECT,
    Control,
    HostView,
    Metadata,
    Option,
    Reference,
    Subject,
    Vantage,
    subjects_of,
)
from hardpoint.controls.containers import ai, declared
from hardpoint.controls.containers.ai import Port
from hardpoint.controls.containers.declared import Declared
from hardpoint.controls.services.service import Service
from hardpoint.facts.containers import ContainerFiles, Containers
from hardpoint.facts.machine import Machine
from hardpoint.operations import Desired
from hardpoint.operations.document import Document
from hardpoint.outcome import Finding, ProofResult, Severity

Pattern = Annotated[str, StringConstraints(pattern=r"^(/|~/).*\.ya?ml$")]
FIREWALL = "until then only a firewall that sees forwarded packets closes it; ufw alone does not"

METADATA = Metadata(
    id="container-publishes-loopback",
    family="containers",
    title="AI containers are published on loopback only",
    severity=Severity.CRITICAL,
    risk="anyone on your network can use what the container serves; docker and podman publish past "
    "ufw's rules",
    changes="Nothing, unless the option edit_files is true: then the lines of compose and Quadlet "
    "files that publish an AI container are given the address 127.0.0.1, all else in them stays. A "
    "container is never stopped or recreated: the finding has the command.",
    undo="hardpoint rollback --control container-publishes-loopback",
    profiles=("minimal", "recommended", "strict"),
    mappings=(
        Reference("OWASP LLM", "LLM06:2026"),
        Reference("OWASP MCP", "MCP07:2025"),
        Reference("MITRE ATLAS", "AML.T0132@2026.09"),
        Reference("MITRE ATLAS", "AML.T0006.002@2026.09"),
        Reference("MITRE ATLAS", "AML.T0034@2026.09"),
        Reference("CIS Controls", "4.6@v8.1"),
        Reference("CIS Controls", "4.8@v8.1"),
        Reference("NIST SP 800-53", "CM-7@r5"),
        Reference("NIST SP 800-53", "SC-7@r5"),
    ),
    sources=(
        "Docker, Port publishing and mapping (docs.docker.com/engine/network/port-publishing)",
        "Docker, Packet filtering and firewalls: Docker and ufw (docs.docker.com/engine/network)",
        "Compose Specification, ports (docs.docker.com/reference/compose-file/services)",
        "podman-run(1) --publish; podman-systemd.unit(5) PublishPort=",
    ),
    options={
        "edit_files": Option(
            bool,
            False,
            "Whether apply edits compose and Quadlet files; containers stay as they are.",
        ),
        "compose_files": Option(
            list[Pattern],
            [],
            "Compose files to look at besides the usual places: /srv/a/b/*.yaml, ~/deep/down/x.yml.",
        ),
    },
)


@dataclass(frozen=True)
class Running:
    """An AI container of an engine, with the ports that concern its service."""

    row: dict[str, Any]
    service: Service
    ports: list[Port]

    @property
    def seen(self) -> list[Port]:
        """A process that listens on :: answers IPv4 too; what an engine publishes there does not."""
        if self.row["network"] != "host":
            return self.ports
        everywhere = {"host_ip": "0.0.0.0"}
        return [port | (everywhere if port["host_ip"] == "::" else {}) for port in self.ports]

    @property
    def subject(self) -> str:
        return self.row["user"] or HOST_SUBJECT.name


class PublishesLoopback(Control):
    """What engines publish, and what compose files and Quadlets would."""

    def __init__(self, services: Sequence[Service]) -> None:
        super().__init__(METADATA)
        self._services = services

    # What is there

    def containers(self, host: HostView) -> list[Running]:
        found = []
        for row in host.read(Containers)["containers"]:
            service, ports = ai.recognised(row["image"], row["ports"], self._services)
            if service is not None:
                found.append(Running(row, service, ports))
        return found

    def declared(self, host: HostView) -> list[Declared]:
        files = host.read(ContainerFiles, compose_files=list(host.options["compose_files"]))
        return list(declared.of_files(files, self._services))

    def subjects(self, host: HostView) -> list[Subject]:
        names = {one.subject for one in self.containers(host)}
        names |= {one.owner or HOST_SUBJECT.name for one in self.declared(host)}
        return subjects_of(names)

    # What should be

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        if not host.options["edit_files"]:
            return
        files: dict[str, Document] = {}
        for one in self.declared(host):
            if (one.owner or HOST_SUBJECT.name) == subject.name:
                for document in one.documents(self.id, subject.name):
                    known = files.get(document.path)
                    files[document.path] = known.joined(document) if known else document
        yield from files.values()

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        running: list[Declared] = []
        everything = self.declared(host)
        for one in self.containers(host):
            origin = next((file for file in everything if file.made(one.row)), None)
            if origin and one.row["running"]:
                running.append(origin)
            if one.subject == subject.name and ai.beyond_loopback(one.ports):
                yield self._published(host, one, origin)
        for file in everything:
            mine = (file.owner or HOST_SUBJECT.name) == subject.name
            if mine and (file.entries or file.on_host) and file not in running:
                yield self._would_be(host, file)

    def _published(self, host: HostView, one: Running, origin: Declared | None) -> Finding:
        row = one.row
        addresses = host.read(Machine)["addresses"]
        where = ", ".join(ai.places(ai.beyond_loopback(one.seen), addresses))
        named = f"{one.service.name} (container {row['name']}, image {row['image']})"
        how = "answers on the host's network at" if row["network"] == "host" else "is published on"
        causes, edits = _origin(one, origin)
        if row["running"]:
            return Finding(
                seen=f"{named} {how} {where}",
                who=self.metadata.risk,
                why="; ".join([*causes, *_since(row)]),
                fix=f"{_as(row)}{'; '.join(edits)}; {FIREWALL}",
                exposed=True,
            )
        return Finding(
            seen=f"{named}, which is stopped, would be published on {where} when it is started",
            who=self.metadata.risk,
            why="; ".join(causes),
            fix=_as(row) + "; ".join(edits),
            severity=Severity.HIGH,
        )

    def _would_be(self, host: HostView, one: Declared) -> Finding:
        profiles = f" (profile {', '.join(one.profiles)})" if one.profiles else ""
        fix = "; ".join(one.edits)
        if not host.options["edit_files"]:
            fix += f"; or in the policy, options: {{{self.id}: {{edit_files: true}}}}"
        return Finding(
            seen=f"{one.service.name} will be published to your network when {one.name}{profiles} "
            "is started",
            who=self.metadata.risk,
            why="; ".join([*one.causes, *one.notes]),
            fix=fix,
            severity=Severity.MEDIUM,
        )

    # What is proven

    def prove(self, vantage: Vantage, host: HostView, subject: Subject) -> ProofResult | None:
        known = {
            port["host_port"]: one.service.identity
            for one in self.containers(host)
            if one.subject == subject.name and one.row["running"]
            for port in one.ports
            if port["protocol"] == "tcp" and port["host_port"]
        }
        if not known:
            return None
        told = {port: identity for port, identity in known.items() if identity.path}
        return vantage.cannot_connect(host.read(Machine)["addresses"], sorted(known), told)


def _origin(one: Running, origin: Declared | None) -> tuple[list[str], list[str]]:
    """(why it is published so, what to do)."""
    row = one.row
    if origin:
        newer = not (origin.entries or origin.on_host)
        since = [f"{origin.files[0]} was changed since it was made"] if newer else []
        return [*origin.causes, *since], [*origin.edits, origin.recreate(row)]
    if row["compose"]:
        project = row["compose"]
        files = " ".join(project["files"]) or f"the files of project {project['project']}"
        wanted = ", ".join(f'"{spec}"' for spec in _specs(one))
        return [f"service {project['service']} of {files}"], [
            f"write ports: [{wanted}] there, then make the container anew with compose"
        ]
    if row["network"].startswith("container:"):
        publisher = row["network"].partition(":")[2]
        return [f"{publisher} publishes for it, whose network it shares"], [
            f"make {publisher}, or its pod, anew with {_options(one)}, and {row['name']} after it"
        ]
    if row["unit"]:
        return [f"{row['unit']} runs it"], [_by_unit(one)]
    return [f"started by hand: {row['engine']} run"], [_by_hand(one)]


def _by_unit(one: Running) -> str:
    unit = shlex.quote(one.row["unit"])
    manager = "systemctl --user" if one.row["user"] else "systemctl"
    if one.row["transient"]:
        again = f"then systemd-run it again with {_options(one)}{_but_host(one)}"
        return f"{manager} stop {unit}, {again}"
    return (
        f"in the ExecStart= that `{manager} cat {unit}` shows publish "
        f"{_options(one)}{_but_host(one)}; {manager} daemon-reload && {manager} restart {unit}"
    )


def _by_hand(one: Running) -> str:
    """Renamed, not removed: volumes without a name would go with it. One that was run with --rm is
    gone when it stops, and there is nothing to rename then."""
    engine, name = one.row["engine"], shlex.quote(one.row["name"])
    stop = [f"{engine} stop {name}"] if one.row["running"] else []
    rename = f"{engine} rename {name} {name}-old"
    run = f"{engine} run -d --name {name} {_options(one)} {shlex.quote(one.row['image'])}"
    options = f"with the other options that it was run with{_but_host(one)}"
    return "; ".join([*stop, rename, run]) + f" {options}"


def _but_host(one: Running) -> str:
    """An engine ignores -p on the host's network."""
    return ", without --network host" if one.row["network"] == "host" else ""


def _specs(one: Running) -> list[str]:
    """127.0.0.1:11434:11434 for each of its ports."""
    specs = [
        f"127.0.0.1:{port['host_port'] or ''}:{port['container_port']}"
        + ("" if port["protocol"] == "tcp" else f"/{port['protocol']}")
        for port in one.ports
    ]
    return list(dict.fromkeys(specs)) or [f"127.0.0.1:{one.service.port}:{one.service.port}"]


def _options(one: Running) -> str:
    return " ".join(f"-p {spec}" for spec in _specs(one))


def _as(row: dict[str, Any]) -> str:
    return f"as {row['user']}: " if row["user"] else ""


def _since(row: dict[str, Any]) -> list[str]:
    if not row["started"]:
        return []
    since = datetime.fromtimestamp(row["started"]).astimezone()
    return [f"running since {since.isoformat(sep=' ', timespec='minutes')}"]
