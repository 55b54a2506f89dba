"""A service that is made safe by one setting: an environment variable, keys of a file, or both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hardpoint import templates
from hardpoint.control import HOST_SUBJECT, Control, HostView, Metadata, Scope, Subject
from hardpoint.controls.services.rules import RULES, Context, Verdict
from hardpoint.facts.machine import Machine
from hardpoint.facts.settings import Assignments, Documents
from hardpoint.facts.sockets import Listeners
from hardpoint.facts.units import Units
from hardpoint.operations import Desired
from hardpoint.operations.document import Document, Fragment
from hardpoint.operations.file import File
from hardpoint.operations.unit import Unit


@dataclass(frozen=True)
class Service:
    """A program that serves: its name, its processes, its default port, a path that tells it."""

    name: str
    processes: tuple[str, ...]
    port: int
    identify: str
    version_key: str = ""
    start: str = ""


@dataclass(frozen=True)
class Variable:
    """An environment variable that a service reads, and the rule that its value must keep.

    `pinned`: our own drop-in sets it always; otherwise only where the present value breaks the
    rule, so that a person's own list survives.
    """

    name: str
    rule: str
    pinned: bool


@dataclass(frozen=True)
class Key:
    """A key of a JSON file below each home. Absent means the service's safe default."""

    path: str
    key: tuple[str, ...]
    rule: str


class ServiceSetting(Control):
    """A service whose exposure is decided by a setting."""

    def __init__(
        self, metadata: Metadata, service: Service, variable: Variable | None, keys: tuple[Key, ...]
    ) -> None:
        super().__init__(metadata)
        self.service = service
        self.variable = variable
        self.keys = keys

    # What is there

    def units(self, host: HostView) -> list[dict[str, Any]]:
        if self.variable is None:
            return []
        return host.read(Units, **self._units_query(host))["units"]

    def assignments(self, host: HostView) -> list[dict[str, Any]]:
        if self.variable is None:
            return []
        return host.read(Assignments, variables=[self.variable.name])["assignments"]

    def documents(self, host: HostView) -> list[dict[str, Any]]:
        if not self.keys:
            return []
        return host.read(Documents, documents=self.wanted_documents())["documents"]

    def wanted_documents(self) -> list[dict[str, Any]]:
        """The files and keys of every home that this control looks at."""
        return [{"path": key.path, "keys": [list(key.key)]} for key in self.keys]

    def listeners(self, host: HostView) -> list[dict[str, Any]]:
        """Listeners of this service, by process; by port and answer where the process is hidden."""
        facts = self.sockets(host)
        return [row for row in facts["listeners"] if self._is_ours(row, facts["answers"])]

    def sockets(self, host: HostView) -> dict[str, Any]:
        return host.read(Listeners, identify={str(self.port(host)): self.service.identify})

    def port(self, host: HostView) -> int:
        return host.options.get("port", self.service.port)

    def _is_ours(self, row: dict[str, Any], answers: dict[str, str]) -> bool:
        if row["pid"] is not None:
            return row["comm"] in self.service.processes
        return self.service.version_key in answers.get(str(row["port"]), "\0")

    def _units_query(self, host: HostView) -> dict[str, list[str]]:
        assert self.variable is not None
        return {"units": list(host.options["units"]), "variables": [self.variable.name]}

    # Whom it concerns

    def subjects(self, host: HostView) -> list[Subject]:
        people = [user["name"] for user in host.read(Machine)["users"]]
        owners = {unit["manager"] for unit in self.units(host)}
        owners |= {row["user"] or "system" for row in self.assignments(host)}
        owners |= {row["user"] for row in self.documents(host)}
        owners |= {self.owner(row, people) for row in self.listeners(host)}
        users = sorted(owners - {"system"})
        system = [HOST_SUBJECT] if "system" in owners else []
        return system + [Subject(Scope.USER, name) for name in users]

    def owner(self, listener: dict[str, Any], people: list[str]) -> str:
        """Whose a listener is: its manager's; without a unit, the person's who started it."""
        if listener.get("manager"):
            return listener["manager"]
        return listener["user"] if listener["user"] in people else "system"

    # What should be

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        yield from self._units_hardened(host, subject)
        yield from self._assignments_hardened(host, subject)
        yield from self._documents_hardened(host, subject)

    def _units_hardened(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        for unit in self.units(host):
            if unit["manager"] != subject.name:
                continue
            value, pinned_by_us = self._in_force(unit)
            verdict = self._judge(self.variable.rule, value, host, serves=True)
            if not (self.variable.pinned or pinned_by_us or not (value is None or verdict.holds)):
                continue
            yield from self._drop_in(host, unit, verdict.safe)

    def _in_force(self, unit: dict[str, Any]) -> tuple[str | None, bool]:
        chain = unit["settings"][self.variable.name]
        ours = any(self._name in entry["place"] for entry in chain)
        return (chain[-1]["value"] if chain else None), ours

    @property
    def _name(self) -> str:
        # systemd reads drop-ins sorted by name: ours comes after override.conf and any number.
        return f"zz-hardpoint-{self.id}"

    def _drop_in(self, host: HostView, unit: dict[str, Any], value: str) -> Iterator[Desired]:
        """A drop-in with an environment file: Environment= would lose to the unit's own
        EnvironmentFile= (systemd.exec(5)). One for all users' managers, root's own."""
        manager = "system" if unit["manager"] == "system" else "user"
        directory = f"/etc/systemd/{manager}/{unit['unit']}.d"
        environment, drop_in = f"{directory}/{self._name}.env", f"{directory}/{self._name}.conf"
        variables = {self.variable.name: value}
        yield File(
            environment,
            templates.render("services/variables.env.j2", control=self.id, variables=variables),
        )
        yield File(
            drop_in,
            templates.render("services/drop-in.conf.j2", control=self.id, path=environment),
        )
        query = self._units_query(host)
        yield Unit(
            unit["unit"],
            unit["manager"],
            (environment, drop_in),
            tuple(query["units"]),
            tuple(query["variables"]),
        )

    def _assignments_hardened(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        seen = set()
        for row in self.assignments(host):
            if (row["user"] or "system") != subject.name or row["path"] in seen:
                continue
            verdict = self._judge(self.variable.rule, row["value"], host, serves=False)
            if not verdict.holds:
                seen.add(row["path"])
                fragment = Fragment(self.id, subject.name, (row["name"],), verdict.safe)
                yield Document(row["path"], row["user"], row["format"], (fragment,))

    def _documents_hardened(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        for row in self.documents(host):
            if row["user"] != subject.name or row["state"] != "present":
                continue
            for key in self.keys:
                name = ".".join(key.key)
                if not row["path"].endswith("/" + key.path) or name not in row["values"]:
                    continue
                verdict = self._judge(key.rule, row["values"][name], host, serves=True)
                if not verdict.holds:
                    fragment = Fragment(self.id, subject.name, key.key, verdict.safe)
                    yield Document(row["path"], row["user"], "json", (fragment,))

    def _judge(self, rule: str, value: Any, host: HostView, serves: bool) -> Verdict:
        addresses = host.read(Machine)["addresses"]
        return RULES[rule](value, Context(self.port(host), addresses, serves))

    # Where a value comes from

    def causes(self, host: HostView, subject: Subject) -> list[str]:
        """The places that set the variable or keys to something that breaks the rule."""
        found = []
        for unit in self.units(host):
            if unit["manager"] == subject.name and (chain := unit["settings"][self.variable.name]):
                if not self._judge(self.variable.rule, chain[-1]["value"], host, True).holds:
                    last = chain[-1]
                    found.append(f"{last['place']} sets {self.variable.name}={last['value']}")
        for row in self.assignments(host):
            if (row["user"] or "system") == subject.name:
                if not self._judge(self.variable.rule, row["value"], host, False).holds:
                    shown = "a computed value" if row["value"] is None else row["value"]
                    found.append(f"{row['path']}:{row['line']} sets {row['name']}={shown}")
        for row in self.documents(host):
            for key in self.keys if row["user"] == subject.name else ():
                value = row["values"].get(".".join(key.key))
                if value is not None and not self._judge(key.rule, value, host, True).holds:
                    found.append(f"{row['path']} has {'.'.join(key.key)} = {value!r}")
        return found
