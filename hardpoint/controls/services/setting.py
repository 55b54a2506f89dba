"""A service that is made safe by one setting: an environment variable, keys of a file, or both."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from hardpoint import templates
from hardpoint.control import HOST_SUBJECT, Control, HostView, Metadata, Scope, Subject
from hardpoint.controls.services import macos
from hardpoint.controls.services.rules import RULES, Computed, Context, Verdict
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
    """A program that serves: its name, its processes, its default port, a path that tells it.

    `app`: its bundle on macOS.
    """

    name: str
    processes: tuple[str, ...]
    port: int
    identify: str
    version_key: str = ""
    stop: str = ""
    start: str = ""
    app: str = ""


@dataclass(frozen=True)
class Variable:
    """An environment variable that a service reads, and the rule that its value must keep.

    `pinned`: our own drop-in sets it always; otherwise only where the present value breaks the
    rule, so that a person's own list survives. `clients`: programs that use the service read it too,
    so that in a login environment it may name another machine.
    """

    name: str
    rule: str
    pinned: bool
    clients: bool = False


@dataclass(frozen=True)
class Key:
    """A key of a JSON file below each home. Absent means the service's safe default."""

    path: str
    key: tuple[str, ...]
    rule: str


@dataclass(frozen=True)
class Cause:
    """A place that makes a service unsafe: for one unit, ("") for what a person starts, or (None)
    however it is started.

    `fix` is for what only a person can change.
    """

    text: str
    unit: str | None = ""
    fix: str = ""


class ServiceSetting(Control):
    """A service whose exposure is decided by a setting. On macOS fixture-tested only."""

    def __init__(
        self,
        metadata: Metadata,
        service: Service,
        variable: Variable | None,
        keys: tuple[Key, ...],
        switch: macos.Switch | None = None,
    ) -> None:
        super().__init__(metadata)
        self.service = service
        self.variable = variable
        self.keys = keys
        self.switch = switch

    @property
    def pins(self) -> bool:
        """Whether a drop-in of ours sets the variable always."""
        return self.variable is not None and self.variable.pinned

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
        owners |= macos.owners(self, host)
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
        yield from macos.hardened(self, host, subject)

    def _units_hardened(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        for unit in self._units_of(host, subject):
            value = self._theirs(unit)
            verdict = self._judge(self.variable.rule, value, host, serves=True)
            unsafe = value is not None and not verdict.holds
            if self.pins or unsafe or self._ours(unit):
                yield from self._drop_in(host, unit, verdict.safe)
            elif self._runs_with(host, unit) is not None:
                yield self._restart(host, unit, ())

    def _units_of(self, host: HostView, subject: Subject) -> list[dict[str, Any]]:
        return [unit for unit in self.units(host) if unit["manager"] == subject.name]

    def _ours(self, unit: dict[str, Any]) -> bool:
        return any(self._is_our_place(entry["place"]) for entry in self._chain(unit))

    def _theirs(self, unit: dict[str, Any]) -> str | None:
        """What a person's own files set: a port or a list that he changes later is followed."""
        chain = [e for e in self._chain(unit) if not self._is_our_place(e["place"])]
        return chain[-1]["value"] if chain else None

    def _chain(self, unit: dict[str, Any]) -> list[dict[str, str]]:
        """Everything that sets the variable for a unit; the last one is in force."""
        return unit["settings"][self.variable.name]

    def _runs_with(self, host: HostView, unit: dict[str, Any]) -> str | None:
        """The value that its process was started with, where it breaks the rule."""
        value = (unit["running"] or {}).get(self.variable.name)
        if value is None or self._judge(self.variable.rule, value, host, serves=True).holds:
            return None
        return value

    @property
    def _name(self) -> str:
        # systemd reads drop-ins sorted by name: ours comes after override.conf and any number.
        return f"zz-hardpoint-{self.id}"

    def _is_our_place(self, place: str) -> bool:
        return place.startswith("/etc/systemd/") and f"/{self._name}." in place

    def _drop_in(self, host: HostView, unit: dict[str, Any], value: str) -> Iterator[Desired]:
        """A drop-in with an environment file: Environment= would lose to the unit's own
        EnvironmentFile= (systemd.exec(5)). One drop-in for all users' managers, root's own, with a
        file for each user: their ports differ."""
        whose = unit["manager"]
        directory = f"/etc/systemd/{'system' if whose == 'system' else 'user'}/{unit['unit']}.d"
        drop_in, stem = f"{directory}/{self._name}.conf", f"{directory}/{self._name}"
        environment = f"{stem}.env" if whose == "system" else f"{stem}.{whose}.env"
        source = environment if whose == "system" else f"-{stem}.%u.env"
        variables = {self.variable.name: value}
        yield File(
            environment,
            templates.render("services/variables.env.j2", control=self.id, variables=variables),
        )
        yield File(
            drop_in,
            templates.render("services/drop-in.conf.j2", control=self.id, source=source),
        )
        yield self._restart(host, unit, (environment, drop_in))

    def _restart(self, host: HostView, unit: dict[str, Any], files: tuple[str, ...]) -> Unit:
        query = self._units_query(host)
        units, variables = tuple(query["units"]), tuple(query["variables"])
        return Unit(unit["unit"], unit["manager"], files, units, variables)

    def _assignments_hardened(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        for rows in self._assignments_by_file(host, subject):
            first, values = rows[0], self._values_wanted(rows, host)
            wrong = any(not self._judge_assignment(row, host).holds for row in rows)
            if wrong and len(values) == 1:
                fragment = Fragment(self.id, subject.name, (first["name"],), *values)
                yield Document(first["path"], first["user"], first["format"], (fragment,))

    def _assignments_by_file(
        self, host: HostView, subject: Subject
    ) -> Iterable[list[dict[str, Any]]]:
        files: dict[str, list[dict[str, Any]]] = {}
        for row in self.assignments(host):
            if (row["user"] or "system") == subject.name:
                files.setdefault(row["path"], []).append(row)
        return files.values()

    def _values_wanted(self, rows: list[dict[str, Any]], host: HostView) -> set[str]:
        """What the lines of one file should say. Where they differ (loopback at home, a server's
        name elsewhere), only their owner can change them: an edit would make them all the same."""
        verdicts = [(row, self._judge_assignment(row, host)) for row in rows]
        said = {
            row["raw"] if row["value"] is None else row["value"] for row, v in verdicts if v.holds
        }
        return (said - {""}) | {verdict.safe for _, verdict in verdicts if not verdict.holds}

    def _documents_hardened(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        for row, key, verdict in self._documents_judged(host, subject):
            if not verdict.holds:
                fragment = Fragment(self.id, subject.name, key.key, verdict.safe)
                yield Document(row["path"], row["user"], "json", (fragment,))

    def _documents_judged(
        self, host: HostView, subject: Subject
    ) -> Iterator[tuple[dict[str, Any], Key, Verdict]]:
        """The keys that are there, each with what its rule says."""
        for row in self.documents(host):
            if row["user"] != subject.name or row["state"] != "present":
                continue
            for key in self.keys:
                name = ".".join(key.key)
                if row["path"].endswith("/" + key.path) and name in row["values"]:
                    yield row, key, self._judge(key.rule, row["values"][name], host, serves=True)

    def _judge(self, rule: str, value: Any, host: HostView, serves: bool) -> Verdict:
        machine = host.read(Machine)
        own = {*machine["addresses"], machine.get("hostname", "").lower()}
        return RULES[rule](value, Context(self.port(host), own, serves))

    def _judge_assignment(self, row: dict[str, Any], host: HostView) -> Verdict:
        value = Computed(row["raw"]) if row["value"] is None else row["value"]
        return self.judge_login(value, host)

    def judge_login(self, value: str | None, host: HostView) -> Verdict:
        """A value of the variable in an environment that clients may share."""
        return self._judge(self.variable.rule, value, host, serves=not self.variable.clients)

    # Where a value comes from

    def causes(self, host: HostView, subject: Subject) -> list[Cause]:
        """The places that set the variable or keys to something that breaks the rule."""
        return [
            *self._unit_causes(host, subject),
            *self._assignment_causes(host, subject),
            *self._document_causes(host, subject),
            *(Cause(text, fix=fix) for text, fix in macos.causes(self, host, subject)),
        ]

    def _unit_causes(self, host: HostView, subject: Subject) -> Iterator[Cause]:
        for unit in self._units_of(host, subject):
            for last in self._chain(unit)[-1:]:
                if self._judge(self.variable.rule, last["value"], host, serves=True).holds:
                    continue
                name, place = self.variable.name, last["place"]
                fix = f"remove {name} from {place}: it is read after hardpoint's drop-in"
                said = f"{place} sets {name}={last['value']}"
                yield Cause(said, unit["unit"], fix if self._ours(unit) else "")

    def _settled_fix(self, unit: dict[str, Any]) -> str:
        """The remedy where a restart has not helped: the service has all its files already."""
        if not self._ours(unit) or unit["reload_needed"] or (unit["started"] or 0) < unit["newest"]:
            return ""
        return f"take {self.variable.name} out of ExecStart= of {unit['fragment']}"

    def _assignment_causes(self, host: HostView, subject: Subject) -> Iterator[Cause]:
        for rows in self._assignments_by_file(host, subject):
            mixed = len(self._values_wanted(rows, host)) > 1
            for row in rows:
                if self._judge_assignment(row, host).holds:
                    continue
                place, name = f"{row['path']}:{row['line']}", row["name"]
                shown = row["raw"] if row["value"] is None else row["value"]
                by_hand = f"change {place} by hand: other lines of that file set {name} otherwise"
                yield Cause(f"{place} sets {name}={shown}", fix=by_hand if mixed else "")

    def _document_causes(self, host: HostView, subject: Subject) -> Iterator[Cause]:
        for row, key, verdict in self._documents_judged(host, subject):
            if not verdict.holds:
                name = ".".join(key.key)
                shown = json.dumps(row["values"][name])
                yield Cause(f"{row['path']} has {name}: {shown}", unit=None)

    def running_causes(self, host: HostView, subject: Subject) -> Iterator[Cause]:
        """Services whose process has an unsafe value that their files no longer give it."""
        for unit in self._units_of(host, subject):
            value, chain = self._runs_with(host, unit), self._chain(unit)
            if value is not None and value != (chain[-1]["value"] if chain else None):
                started = f"{unit['unit']} was started with {self.variable.name}={value}"
                either = (
                    f"it is older than its settings, or ExecStart= of {unit['fragment']} says so"
                )
                yield Cause(f"{started}: {either}", unit["unit"], self._settled_fix(unit))
