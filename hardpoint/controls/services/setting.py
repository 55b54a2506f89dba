"""A service that is made safe by one setting, wherever a workstation sets it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hardpoint.control import Control, HostView, Metadata, Subject, subjects_of
from hardpoint.controls.services import files, logins, macos, units
from hardpoint.controls.services.asked import Asked
from hardpoint.controls.services.listener import is_of_container
from hardpoint.controls.services.rules import RULES, Context, Verdict
from hardpoint.controls.services.service import Cause, Knobs, Row, Service, Variable
from hardpoint.facts.machine import Machine
from hardpoint.facts.sockets import Listeners
from hardpoint.operations import Desired


class ServiceSetting(Control):
    """A service whose exposure is decided by a setting. On macOS fixture-tested only.

    Each place where the setting may stand is a module of its own (units, logins, files, macos) with
    `hardened`, what should be there, and `causes`, what contradicts it.
    """

    def __init__(
        self,
        metadata: Metadata,
        service: Service,
        knobs: Knobs,
        asked: Asked,
        switch: macos.Switch | None = None,
    ) -> None:
        super().__init__(metadata)
        self.service = service
        self.knobs = knobs
        self.asked = asked
        self.switch = switch

    @property
    def pins(self) -> bool:
        """Whether drop-ins of ours decide the setting always."""
        variable, flag = self.knobs.variable, self.knobs.flag
        return bool((variable and variable.pinned) or (flag and flag.pinned))

    # Whom it concerns

    def subjects(self, host: HostView) -> list[Subject]:
        people = [user["name"] for user in host.read(Machine)["users"]]
        owners = {row["manager"] for row in units.found(self, host)}
        owners |= {row["user"] or "system" for row in logins.found(self, host)}
        owners |= {row["user"] or "system" for row in files.found(self, host)}
        owners |= {self.owner(row, people) for row in self.listeners(host)}
        owners |= macos.owners(self, host)
        return subjects_of(owners)

    def owner(self, listener: Row, people: list[str]) -> str:
        """Whose a listener is: its manager's; without a unit, the person's who started it."""
        if listener.get("manager"):
            return listener["manager"]
        return listener["user"] if listener["user"] in people else "system"

    def listeners(self, host: HostView) -> list[Row]:
        """Listeners of this service, by process; by port and answer where the process is hidden.
        Those of containers are another control's."""
        query = self.asked.listeners(self.service, self.port(host))
        rows = host.read(Listeners, **query)["listeners"]
        mine = (row for row in rows if row["service"] == self.service.id)
        return [row for row in mine if not is_of_container(row)]

    def port(self, host: HostView) -> int:
        return host.options.get("port", self.service.port)

    # What should be

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        for place in (units, logins, files, macos):
            yield from place.hardened(self, host, subject)

    def causes(self, host: HostView, subject: Subject) -> list[Cause]:
        """The places that set the variable, argument or keys to something that breaks the rule."""
        return [
            *units.causes(self, host, subject),
            *logins.causes(self, host, subject),
            *files.causes(self, host, subject),
            *(Cause(text, fix=fix) for text, fix in macos.causes(self, host, subject)),
        ]

    def running_causes(self, host: HostView, subject: Subject) -> Iterator[Cause]:
        """Services whose process has an unsafe value that their files no longer give it."""
        return units.running_causes(self, host, subject)

    def judge(self, rule: str, value: Any, host: HostView, serves: bool) -> Verdict:
        machine = host.read(Machine)
        own = {*machine["addresses"], machine.get("hostname", "").lower()}
        return RULES[rule](value, Context(self.port(host), own, serves))

    def judge_login(self, value: str | None, host: HostView) -> Verdict:
        """A value of the variable in an environment that clients may share."""
        variable = self.knobs.variable
        assert variable is not None
        return self.judge(variable.rule, value, host, serves=not variable.clients)

    def shown(self, variable: Variable, value: str) -> str:
        """The setting as a person may see it."""
        if variable.secret:
            return f"{variable.name} to nothing" if not value else variable.name
        return f"{variable.name}={value}"
