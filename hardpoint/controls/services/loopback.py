"""A service listens on loopback only."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from hardpoint.control import HostView, Subject, Vantage
from hardpoint.controls.services.setting import ServiceSetting
from hardpoint.facts.machine import Machine
from hardpoint.outcome import Finding, ProofResult, Severity


class Loopback(ServiceSetting):
    """A service whose bind address is a setting; what it listens on is seen, whatever files say."""

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        people = [user["name"] for user in host.read(Machine)["users"]]
        causes = self.causes(host, subject)
        exposed = False
        for row in self.listeners(host):
            if self.owner(row, people) == subject.name and not is_loopback(row["address"]):
                exposed = True
                yield self._exposed(host, row, causes)
        if not exposed:
            yield from (self._set(cause) for cause in causes)

    def _exposed(self, host: HostView, row: dict[str, Any], causes: list[str]) -> Finding:
        where = _reachable(row["address"], host.read(Machine)["addresses"])
        return Finding(
            seen=f"{self._named(host, row)} answers on {where}:{row['port']}",
            who=self.metadata.risk,
            why="; ".join(causes + _started_by_hand(row)) or "nothing in its settings says so",
            fix=self._by_hand(row) if not row.get("unit") else "",
            exposed=True,
        )

    def _named(self, host: HostView, row: dict[str, Any]) -> str:
        answer = self.sockets(host)["answers"].get(str(row["port"]), "")
        try:
            version = json.loads(answer)[self.service.version_key]
        except (ValueError, KeyError, TypeError):
            return self.service.name
        return f"{self.service.name} {version}" if isinstance(version, str) else self.service.name

    def _by_hand(self, row: dict[str, Any]) -> str:
        """A process of a person's is never killed: the exact commands instead."""
        if row["pid"] is None:
            return f"run with sudo to see which process of {row['user']} this is"
        again = self.service.start.format(port=row["port"])
        return f"as {row['user']}: kill {row['pid']}, then start it again: {again}"

    def _set(self, cause: str) -> Finding:
        return Finding(
            seen=f"the next start of {self.service.name} listens beyond this machine",
            who=self.metadata.risk,
            why=cause,
            severity=Severity.HIGH,
        )

    def prove(self, vantage: Vantage, host: HostView, subject: Subject) -> ProofResult | None:
        ports = {row["port"] for row in self.listeners(host)} | {self.port(host)}
        return vantage.cannot_connect(host.read(Machine)["addresses"], sorted(ports))


def is_loopback(address: str) -> bool:
    """Whether a listener's address is reachable from this machine alone."""
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _reachable(address: str, own: list[str]) -> str:
    """The address as a neighbour would type it."""
    if address in ("0.0.0.0", "::"):
        address = next(iter(own), "every address")
    return f"[{address}]" if ":" in address else address


def _started_by_hand(row: dict[str, Any]) -> list[str]:
    if row.get("unit") or row["pid"] is None:
        return []
    since = datetime.fromtimestamp(row["started"]).strftime("%F %H:%M") if row["started"] else "?"
    return [f"started by hand: {row['comm']}, pid {row['pid']} of {row['user']}, since {since}"]
