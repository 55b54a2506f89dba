"""What coding agents do is written down where they can't change it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from hardpoint import templates
from hardpoint.audit import SERVICE, chain_findings
from hardpoint.control import HOST_SUBJECT, Control, HostView, Metadata, Option, Reference, Subject
from hardpoint.controls.agents.installed import on_host
from hardpoint.controls.agents.rows import agents
from hardpoint.controls.agents.telemetry import LOG, PORT
from hardpoint.facts.audit import Audit
from hardpoint.facts.machine import Machine
from hardpoint.hostside.payload.audit_chain import LOGS
from hardpoint.operations import Desired
from hardpoint.operations.file import File
from hardpoint.operations.program import command, program
from hardpoint.operations.started import Started
from hardpoint.outcome import Finding, Severity

PROGRAM = "audit"
UNIT = f"/etc/systemd/system/{SERVICE}"

METADATA = Metadata(
    id=LOG,
    family="agents",
    title="What coding agents do is written down where they can't change it",
    severity=Severity.MEDIUM,
    risk="nobody can say afterwards which commands an agent ran, what it was refused and where it "
    "connected to, and an agent that went wrong can remove its own traces",
    changes=f"Installs a small program and {UNIT}, which runs it as root without rights. It takes "
    "events of guards, launchers and proxies at /run/hardpoint/audit.sock, and of agents by "
    f"OpenTelemetry on a loopback port, removes secrets and addresses, and writes them to {LOGS}, "
    "for root alone. The agents' own controls tell them to send. A rollback leaves the log.",
    undo="hardpoint rollback --control agent-audit-log",
    profiles=("recommended", "strict"),
    mappings=(
        Reference("OWASP LLM", "LLM03:2026"),
        Reference("OWASP Agentic", "ASI10:2026"),
        Reference("OWASP MCP", "MCP08:2025"),
        Reference("MITRE ATLAS", "AML.M0024@2026.09"),
        Reference("CIS Controls", "8.2@v8.1"),
        Reference("CIS Controls", "8.5@v8.1"),
        Reference("NIST SP 800-53", "AU-2@r5"),
        Reference("NIST SP 800-53", "AU-12@r5"),
    ),
    sources=(
        "OTLP specification, OTLP/HTTP with JSON",
        "unix(7), SO_PASSCRED",
        "systemd.exec(5), LogsDirectory=",
    ),
    options={
        "port": Option(
            Annotated[int, Field(ge=1024, le=65535)],
            PORT,
            "Where agents send OpenTelemetry to, on loopback; their documents follow.",
        ),
        "quota_mib": Option(
            Annotated[int, Field(ge=16, le=65536)],
            256,
            "Room for the log, in MiB. One user may write as much of it a day as lets all days of "
            "the retention fit.",
        ),
        "retention_days": Option(
            Annotated[int, Field(ge=1, le=3650)], 90, "After so many days a day's file is removed."
        ),
        "forward": Option(
            Annotated[
                str,
                StringConstraints(
                    pattern=r"^(|(udp|tcp)://[A-Za-z0-9.-]{1,253}:\d{1,5}|unix:///[A-Za-z0-9/._-]{1,90}"
                    r"|https?://[A-Za-z0-9.-]{1,253}(:\d{1,5})?(/[A-Za-z0-9/._-]{0,200})?)$"
                ),
            ],
            "",
            "Where each line goes besides: udp://HOST:514, tcp://HOST:601 or unix:///dev/log for "
            "syslog, http(s)://HOST:4318 for OTLP; empty: nowhere.",
        ),
    },
)


class AuditLog(Control):
    """The writer is installed and runs, agents reach it, and nobody has changed what it wrote."""

    def __init__(self) -> None:
        super().__init__(METADATA)

    def subjects(self, host: HostView) -> list[Subject]:
        return [HOST_SUBJECT] if any(on_host(host, agent) for agent in agents()) else []

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        if not host.read(Machine).get("systemd"):
            yield Finding(
                seen="nothing here can keep the agents' audit log: this host is not run by systemd",
                who=self.metadata.risk,
                fix="skip agent-audit-log for this host in the policy, and forward by other means",
            )
            return
        log = host.read(Audit)
        if "first" not in log:  # it could not be read, and that is noted
            return
        if not log["present"]:
            yield Finding(
                seen="nothing here writes down what coding agents do",
                who=self.metadata.risk,
                fix="hardpoint apply --control agent-audit-log",
            )
            return
        yield from self._reached(log)
        yield from chain_findings(log)

    def _reached(self, log: dict[str, Any]) -> Iterator[Finding]:
        """Whether everybody can send, and nobody else than root can read."""
        if log["socket"] is None or log["socket"] != {"mode": "0666", "owner": "root:root"}:
            yield Finding(
                seen="agents can't reach the audit log: what they do is not written down",
                who=self.metadata.risk,
                why="/run/hardpoint/audit.sock is not there, or not as the writer makes it",
                fix=f"systemctl restart {SERVICE}",
            )
        if log["folder"] != {"mode": "0700", "owner": "root:root"}:
            yield Finding(
                seen=f"others than root may look into {LOGS}",
                who="they read the commands that people's agents ran",
                why=f"{LOGS} has another mode or owner than the writer gives it",
                fix=f"systemctl restart {SERVICE}",
            )

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        if not host.read(Machine).get("systemd"):
            return
        yield from program(PROGRAM)  # it starts anew by itself when its files are others
        yield File(UNIT, _unit(host.options))
        yield Started(SERVICE, (UNIT,))


def _unit(options: Mapping[str, Any]) -> str:
    return templates.render(
        "agents/audit.service.j2",
        command=command(PROGRAM),
        port=options["port"],
        quota=options["quota_mib"],
        days=options["retention_days"],
        forward=options["forward"],
    )
