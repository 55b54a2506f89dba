"""A service that answers nobody without a credential: for those whose bind can't be forced, or that
any local program could use."""

from __future__ import annotations

from collections.abc import Iterator

from hardpoint.control import HostView, Subject
from hardpoint.controls.services.setting import ServiceSetting
from hardpoint.facts.machine import Machine
from hardpoint.outcome import Finding


class Authentication(ServiceSetting):
    """A service whose credential is a setting; whether it asks for one is tried on loopback."""

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        people = [user["name"] for user in host.read(Machine)["users"]]
        causes = self.causes(host, subject)
        answering = {
            row["port"]
            for row in self.listeners(host)
            if row["open"] and self.owner(row, people) == subject.name
        }
        for port in sorted(answering):
            yield Finding(
                seen=f"{self.service.name} on port {port} answers without a credential",
                who=self.metadata.risk,
                why="; ".join(cause.text for cause in causes) or "no setting asks for one",
                fix="; ".join(cause.fix for cause in causes if cause.fix)
                or ("" if causes else self.asked.remedies.get(self.service.id, "")),
                exposed=True,
            )
        for cause in causes if not answering else ():
            yield Finding(
                seen=f"{self.service.name} will answer without a credential when it starts next",
                who=self.metadata.risk,
                why=cause.text,
                fix=cause.fix,
            )
