"""The catch-all: whatever of AI listens to the network, whether or not a setting says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hardpoint.control import (
    HOST_SUBJECT,
    Control,
    HostView,
    Metadata,
    Option,
    Reference,
    Subject,
    Vantage,
)
from hardpoint.controls.services.asked import Asked
from hardpoint.controls.services.listener import (
    is_loopback,
    is_of_container,
    process,
    reachable,
    started_by_hand,
)
from hardpoint.controls.services.service import Row, Service
from hardpoint.controls.services.setting import ServiceSetting
from hardpoint.facts.machine import Machine
from hardpoint.facts.sockets import Listeners
from hardpoint.operations import Desired
from hardpoint.outcome import Finding, ProofResult, Severity

CONTAINERS = "container-publishes-loopback"
METADATA = Metadata(
    id="no-exposed-ai-listener",
    family="services",
    title="No AI service answers the network",
    severity=Severity.CRITICAL,
    risk="anyone on your network can use it; without a login that is all it offers",
    changes="Nothing. It sees what listens, whatever settings say: a known AI program on any port, "
    "and anything at all on a port that only AI services use. What another control of this run "
    "judges is left to that one.",
    undo="nothing to undo",
    profiles=("minimal", "recommended", "strict"),
    mappings=(
        Reference("OWASP LLM", "LLM06:2026"),
        Reference("OWASP MCP", "MCP07:2025"),
        Reference("MITRE ATLAS", "AML.T0132@2026.09"),
        Reference("MITRE ATLAS", "AML.T0006.002@2026.09"),
        Reference("CIS Controls", "4.8@v8.1"),
        Reference("CIS Controls", "12.2@v8.1"),
        Reference("NIST SP 800-53", "CM-7@r5"),
        Reference("NIST SP 800-53", "SC-7@r5"),
    ),
    sources=("proc(5), /proc/net/tcp; the vendors' default ports, see each service's own control",),
    options={
        "ports": Option(list[int], [], "More ports that only AI services use here."),
    },
)


class NoExposedListener(Control):
    """Whatever listens beyond loopback and is AI, by its program, its answer, or its port."""

    def __init__(self, asked: Asked, settings: Sequence[ServiceSetting]) -> None:
        super().__init__(METADATA)
        self._asked = asked
        self._services = {service.id: service for service in asked.services}
        self._judges = {s.service.id: s.id for s in settings if s.id == f"{s.service.id}-loopback"}

    def subjects(self, host: HostView) -> list[Subject]:
        host.read(Machine)
        return [HOST_SUBJECT]

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        yield from ()

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        own = host.read(Machine)["addresses"]
        for row in self._exposed(host):
            if not self._is_judged(host, row):
                yield self._finding(host, row, own)

    def _exposed(self, host: HostView) -> list[Row]:
        rows = host.read(Listeners, **self._asked.listeners())["listeners"]
        ports = self._ports(host)
        beyond = [row for row in rows if not is_loopback(row["address"])]
        return [row for row in beyond if row["service"] or row["port"] in ports]

    def _ports(self, host: HostView) -> dict[int, Service | None]:
        """Ports that only AI services use, with the service that does."""
        known = {one.port: one for one in self._services.values() if one.dedicated}
        return {**dict.fromkeys(host.options["ports"]), **known}

    def _is_judged(self, host: HostView, row: Row) -> bool:
        """Whether a control of this run judges that very listener."""
        if is_of_container(row):
            return CONTAINERS in host.judged
        return self._judges.get(row["service"]) in host.judged

    def _finding(self, host: HostView, row: Row, own: list[str]) -> Finding:
        where = f"{reachable(row, own)}:{row['port']}"
        service = self._services.get(row["service"])
        if service is not None:
            seen = f"{service.name} {row['version']}".rstrip() + f" answers on {where}"
        else:
            whose = self._ports(host).get(row["port"])
            named = f"the port of {whose.name}" if whose else "an AI port by policy"
            seen = f"{row['comm'] or 'a process'} listens on {where}, {named}"
        return Finding(
            seen=seen,
            who=self.metadata.risk,
            why=_who_runs(row),
            fix=_fix(row, service),
            exposed=True,
        )

    def prove(self, vantage: Vantage, host: HostView, subject: Subject) -> ProofResult | None:
        ports = self._ports(host)
        ports |= {row["port"]: self._services.get(row["service"]) for row in self._exposed(host)}
        known = {port: one.identity for port, one in ports.items() if one and one.identify}
        return vantage.cannot_connect(host.read(Machine)["addresses"], sorted(ports), known)


def _who_runs(row: Row) -> str:
    if row["pid"] is None:
        return f"a process of {row['user']}"
    if row.get("container"):
        return f"container {row['container']} on the host's network: {process(row)}"
    if is_of_container(row):
        return f"a container publishes it: {process(row)}"
    if row["unit"]:
        whose = "" if row["manager"] == "system" else f" of {row['manager']}"
        return f"{row['unit']}{whose} runs it: {process(row)}"
    return started_by_hand(row)


def _fix(row: Row, service: Service | None) -> str:
    if row["pid"] is None:
        return f"run with sudo to see which process of {row['user']} this is"
    if row["pid"] == 1:
        return f"systemctl list-sockets names it: set ListenStream=127.0.0.1:{row['port']} there"
    if is_of_container(row):
        return "publish it on 127.0.0.1 alone: -p 127.0.0.1:PORT:PORT"
    if row["unit"]:
        manager = "systemctl" if row["manager"] == "system" else "systemctl --user"
        return f"make it listen on 127.0.0.1: {manager} edit {row['unit']}"
    if service is not None:
        stop = service.stop.format(pid=row["pid"], port=row["port"])
        return f"as {row['user']}: {stop}; {service.start.format(port=row['port'])}"
    return f"as {row['user']}: kill {row['pid']}, and start it on 127.0.0.1"
