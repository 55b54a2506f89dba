"""Files that say what containers publish: compose files and Quadlets, and the lines in them."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hardpoint.controls.containers import ai, spec
from hardpoint.controls.containers.ai import Port
from hardpoint.controls.services.service import Service
from hardpoint.operations.document import Document, Fragment

Row = dict[str, Any]


@dataclass(frozen=True)
class Declared:
    """A container that a file declares, and what in it is published beyond loopback.

    `owner` is whose file it is (None: the system's), `user` who runs it ("*": everybody); `notes`:
    what of the files was not followed.
    """

    kind: str
    name: str
    service: Service
    owner: str | None
    user: str | None
    files: tuple[str, ...]
    entries: tuple[Row, ...]
    on_host: str
    profiles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def format(self) -> str:
        return "yaml" if self.kind == "compose" else "ini"

    @property
    def causes(self) -> list[str]:
        """Where it is said, to the line."""
        word = "PublishPort=" if self.kind == "quadlet" else "ports: "
        lines = [f"{one['file']}:{one['line']} has {word}{_said(one)}" for one in self.entries]
        setting = "Network=host" if self.kind == "quadlet" else "network_mode: host"
        return [*lines, *([f"{self.on_host} has {setting}"] if self.on_host else [])]

    @property
    def edits(self) -> list[str]:
        """What to write there instead."""
        found = []
        for entry in self.entries:
            wanted = _wanted(entry)
            at = f"in {entry['file']}:{entry['line']}"
            if wanted is None:
                found.append(f"{at} give it the address {spec.LOOPBACK}")
            elif entry["key"][-1] == "host_ip":
                found.append(f"{at} set host_ip: {wanted}")
            elif self.kind == "quadlet":
                found.append(f"{at} write PublishPort={wanted}")
            else:
                found.append(f'{at} write "{wanted}"')
        if self.on_host:
            one = f"{spec.LOOPBACK}:{self.service.port}:{self.service.port}"
            found.append(f"in {self.on_host} publish {one} instead")
        return found

    def made(self, container: Row) -> bool:
        """Whether a container of an engine comes from here."""
        if self.kind == "quadlet":
            same_user = self.user == container["user"] or (self.user == "*" and container["user"])
            return self.name == container["unit"] and bool(same_user)
        compose = container["compose"] or {"service": "", "files": []}
        return compose["service"] == self.name and bool(set(compose["files"]) & set(self.files))

    def documents(self, control: str, subject: str) -> Iterator[Document]:
        """The same as reversible edits, of the lines that are the file's own."""
        for entry in self.entries:
            wanted = _wanted(entry)
            if entry["own"] and wanted is not None:
                fragment = Fragment(control, subject, tuple(entry["key"]), wanted)
                yield Document(entry["file"], self.owner, self.format, (fragment,))

    def recreate(self, container: Row | None = None) -> str:
        """The command that makes a container of what the file says now."""
        if self.kind == "quadlet":
            manager = "systemctl --user" if self.user else "systemctl"
            return f"{manager} daemon-reload && {manager} restart {shlex.quote(self.name)}"
        engine = (container or {}).get("engine", "docker")
        project = ((container or {}).get("compose") or {}).get("project", "")
        words = ["docker", "compose"] if engine == "docker" else ["podman-compose"]
        words += ["-p", project] if project else []
        for file in self.files:
            words += ["-f", file]
        return shlex.join([*words, "up", "-d", self.name])


def _said(entry: Row) -> str:
    if entry["said"] is not None:
        return entry["said"]
    (*_, port) = entry["ports"]
    return f"{port['host_port']} of {port['host_ip']}"


def _wanted(entry: Row) -> str | None:
    if entry["key"][-1] == "host_ip":
        return spec.LOOPBACK
    return None if entry["said"] is None else spec.on_loopback(entry["said"])


def of_files(files: Row, services: Sequence[Service]) -> Iterator[Declared]:
    """Every AI container that the files declare, safe or not."""
    for project in files["projects"]:
        for row in project["services"]:
            yield from _of_compose(project, row, services)
    pods = {(row["user"], row["name"]): row for row in files["quadlets"] if row["kind"] == "pod"}
    for row in files["quadlets"]:
        if row["kind"] == "container":
            yield from _of_quadlet(row, pods.get((row["user"], row["pod"]), row), services)


def _of_compose(project: Row, row: Row, services: Sequence[Service]) -> Iterator[Declared]:
    service, ports = ai.recognised(row["image"], _ports(row["ports"]), services)
    if service is None:
        return
    on_host = f"{row['file']}:{row['line']}" if row["network_mode"] == "host" else ""
    yield Declared(
        kind="compose",
        name=row["name"],
        service=service,
        owner=project["owner"],
        user=project["owner"],
        files=tuple(project["files"]),
        entries=_beyond(row["ports"], ports),
        on_host=on_host,
        profiles=tuple(row["profiles"]),
        notes=tuple(project["notes"]),
    )


def _of_quadlet(row: Row, publisher: Row, services: Sequence[Service]) -> Iterator[Declared]:
    service, ports = ai.recognised(row["image"], _ports(publisher["ports"]), services)
    if service is None:
        return
    yield Declared(
        kind="quadlet",
        name=publisher["unit"],
        service=service,
        owner=publisher["owner"],
        user=publisher["user"],
        files=(publisher["path"],),
        entries=_beyond(publisher["ports"], ports),
        on_host=publisher["network_place"] if "host" in publisher["networks"] else "",
    )


def _ports(entries: Iterable[Row]) -> list[Port]:
    return [port for entry in entries for port in entry["ports"]]


def _beyond(entries: Iterable[Row], ports: list[Port]) -> tuple[Row, ...]:
    """The lines that publish one of these ports beyond loopback."""
    return tuple(
        entry
        for entry in entries
        if any(port in ports for port in ai.beyond_loopback(entry["ports"]))
    )
