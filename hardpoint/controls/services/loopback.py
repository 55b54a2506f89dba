"""A service listens on loopback only."""

from __future__ import annotations

from collections.abc import Iterator

from hardpoint.control import HostView, Subject, Vantage
from hardpoint.controls.services import macos, units
from hardpoint.controls.services.listener import is_loopback, reachable, started_by_hand
from hardpoint.controls.services.service import Cause, Row
from hardpoint.controls.services.setting import ServiceSetting
from hardpoint.facts.machine import Machine
from hardpoint.outcome import Finding, ProofResult, Severity


class Loopback(ServiceSetting):
    """A service whose bind address is a setting; what it listens on is seen, whatever files say."""

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        people = [user["name"] for user in host.read(Machine)["users"]]
        causes = self.causes(host, subject)
        open_here = [
            row
            for row in self.listeners(host)
            if self.owner(row, people) == subject.name
            and not is_loopback(row["address"])
            and not units.is_confined(self, host, row)
        ]
        running = list(self.running_causes(host, subject))
        for row in open_here:
            yield self._exposed(host, row, [c for c in causes + running if _explains(c, row)])
        for cause in causes:
            if not any(_explains(cause, row) for row in open_here):
                yield self._set(cause)
        if not (open_here or causes):
            yield from self._not_pinned(host, subject)

    def _exposed(self, host: HostView, row: Row, causes: list[Cause]) -> Finding:
        where = reachable(row, host.read(Machine)["addresses"])
        by_whom, remedy = self._of_a_person(host, row, causes)
        why = [*(cause.text for cause in causes), *by_whom]
        return Finding(
            seen=f"{self._named(row)} answers on {where}:{row['port']}",
            who=self.metadata.risk,
            why="; ".join(why),
            fix="; ".join([*(cause.fix for cause in causes if cause.fix), *remedy]),
            exposed=True,
        )

    def _named(self, row: Row) -> str:
        return f"{self.service.name} {row['version']}".rstrip()

    def _of_a_person(
        self, host: HostView, row: Row, causes: list[Cause]
    ) -> tuple[list[str], list[str]]:
        """Why, and the exact remedy, for what no unit that we know runs: it is never killed."""
        if row["pid"] is None:
            return [], [f"run with sudo to see which process of {row['user']} this is"]
        if on_mac := macos.of_launchd(row):
            return on_mac
        if row["pid"] == 1:
            return ["systemd listens for it: a .socket unit"], [
                f"systemctl list-sockets names it: set ListenStream=127.0.0.1:{row['port']} there"
            ]
        if not row["unit"]:
            return [started_by_hand(row)], [self._by_hand(row)]
        if row["unit"] in {one["unit"] for one in units.found(self, host)}:
            return ([], []) if causes else self._without_a_setting(row)
        known = ", ".join([*host.options["units"], row["unit"]])
        option = f"options: {{{self.id}: {{units: [{known}]}}}}"
        return [f"{row['unit']} runs it, which the option units does not name"], [
            f"in the policy, {option}"
        ]

    def _without_a_setting(self, row: Row) -> tuple[list[str], list[str]]:
        why = [f"no setting says so: look at {_command_line(row)}"]
        if row["manager"] != "system":
            return why, []
        option = f"options: {{{self.id}: {{confine: true}}}}"
        return why, [f"if nothing there can be changed, in the policy, {option}: systemd closes it"]

    def _by_hand(self, row: Row) -> str:
        stop = self.service.stop.format(pid=row["pid"], port=row["port"])
        command = f"as {row['user']}: {stop}; {self.service.start.format(port=row['port'])}"
        if self.service.id in self.asked.protected:
            command += (
                f" (meanwhile, {self.service.id}-authentication says whether it asks who comes)"
            )
        return command

    def _set(self, cause: Cause) -> Finding:
        then = "once another setting goes" if cause.dormant else "when it starts next"
        return Finding(
            seen=f"{self.service.name} will answer your network {then}",
            who=self.metadata.risk,
            why=cause.text,
            fix=cause.fix,
            severity=Severity.LOW if cause.dormant else Severity.HIGH,
        )

    def _not_pinned(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        """All is well, and one line in any file of the unit would end that."""
        for row in units.of(self, host, subject) if self.pins else ():
            if not units.is_ours(self, row):
                yield Finding(
                    seen=f"nothing keeps {row['unit']} on loopback: a drop-in or an environment "
                    "file can open it, unseen",
                    who=f"nobody now; then {self.metadata.risk}",
                    severity=Severity.LOW,
                )

    def prove(self, vantage: Vantage, host: HostView, subject: Subject) -> ProofResult | None:
        """On a shared port somebody else may well be open to all."""
        ports = {row["port"] for row in self.listeners(host)}
        ports |= {self.port(host)} if self.service.dedicated else set()
        known = dict.fromkeys(ports, self.service.identity) if self.service.identify else {}
        return vantage.cannot_connect(host.read(Machine)["addresses"], sorted(ports), known)


def _explains(cause: Cause, row: Row) -> bool:
    """Whether a listener may be there because of this; without root its unit is not known."""
    return row["pid"] is None or cause.unit in (None, row["unit"])


def _command_line(row: Row) -> str:
    """Where a process gets an address from that no file sets."""
    whose = "" if row.get("manager") in ("system", None, "") else "--user "
    return (
        f"ExecStart= (systemctl {whose}cat {row['unit']})" if row.get("unit") else "its arguments"
    )
