"""A workstation that checks itself on a schedule: a systemd timer, read-only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import StringConstraints

from hardpoint import __version__, templates
from hardpoint.control import HOST_SUBJECT, Control, HostView, Metadata, Option, Reference, Subject
from hardpoint.facts.machine import Machine
from hardpoint.facts.trust import Trust
from hardpoint.operations import Desired
from hardpoint.operations.file import File
from hardpoint.operations.started import Started
from hardpoint.outcome import Finding, Severity

NAME = "hardpoint-check"
SERVICE = f"/etc/systemd/system/{NAME}.service"
TIMER = f"/etc/systemd/system/{NAME}.timer"
WHEEL = f"hardpoint-{__version__}-py3-none-any.whl"

METADATA = Metadata(
    id="hardpoint-self-check",
    family="host",
    title="The workstation checks itself on a schedule",
    severity=Severity.MEDIUM,
    risk="what an update, a new app or a guide from the web opens after today stays open until "
    "somebody looks",
    changes=f"Installs {SERVICE} and its timer, enables and starts the timer. The service reads, and "
    f"can write nothing but its last report, in /var/lib/{NAME} for root alone. Does nothing while the "
    "option `schedule` is empty.",
    undo="hardpoint rollback --control hardpoint-self-check",
    profiles=("minimal", "recommended", "strict"),
    mappings=(
        Reference("CIS Controls", "4.1@v8.1"),
        Reference("NIST SP 800-53", "CM-6@r5"),
    ),
    sources=("systemd.timer(5), OnCalendar=", "systemd.exec(5), ProtectSystem=strict"),
    options={
        "schedule": Option(
            Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9*:.,/~_+ -]{0,200}$")],
            "",
            "When, as systemd writes it: hourly, Mon..Fri 09:00; empty: never.",
        ),
        "command": Option(
            Annotated[
                str, StringConstraints(pattern=r"^(/[A-Za-z0-9_.+-]{1,100}){1,20}/hardpoint$")
            ],
            "/usr/local/bin/hardpoint",
            "The command as it is installed on the host.",
        ),
        "policy": Option(
            Annotated[str, StringConstraints(pattern=r"^/etc/hardpoint/[A-Za-z0-9_.-]{1,100}$")],
            "/etc/hardpoint/policy.yaml",
            "The policy on the host; the same one that you apply there.",
        ),
    },
)


class SelfCheck(Control):
    """The timer is installed and started, and what it runs is there, root's alone."""

    def __init__(self) -> None:
        super().__init__(METADATA)

    def subjects(self, host: HostView) -> list[Subject]:
        host.read(Machine)
        return [HOST_SUBJECT] if host.options["schedule"] else []

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        if not host.read(Machine)["systemd"]:
            yield Finding(
                seen="nothing here can check on a schedule: this host is not run by systemd",
                who=self.metadata.risk,
                fix="set the option schedule to an empty text for this host",
            )
            return
        command, policy = host.options["command"], host.options["policy"]
        yield from self._judge(host, command, _installing(command))
        yield from self._judge(
            host, policy, f"sudo install -D -o root -g root -m 0644 policy.yaml {policy}"
        )

    def _judge(self, host: HostView, path: str, fix: str) -> Iterator[Finding]:
        state = _trust(host).get(path)
        if state is None:  # it could not be read, and that is noted
            return
        if state["weak"]:
            yield Finding(
                seen=f"{path} is not root's alone, and the check would run as root",
                who="whoever can change it becomes root, or decides what the check says",
                why=f"{state['weak']} belongs to somebody else, or others may write there",
                fix=f"put it where only root can write: {fix}",
            )
        elif not state["found"]:
            yield Finding(
                seen=f"{path} is not there: this workstation can't check itself",
                who=self.metadata.risk,
                fix=fix,
            )

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        """Nothing, as long as the timer would run something that is missing or not root's alone."""
        wanted = [host.options["command"], host.options["policy"]]
        states = [_trust(host).get(path, {}) for path in wanted]
        if not all(state.get("found") for state in states):
            return
        service = templates.render(
            "host/check.service.j2", name=NAME, command=wanted[0], policy=wanted[1]
        )
        yield File(SERVICE, service)
        yield File(
            TIMER, templates.render("host/check.timer.j2", schedule=host.options["schedule"])
        )
        yield Started(f"{NAME}.timer", (SERVICE, TIMER))


def _trust(host: HostView) -> dict[str, Any]:
    return host.read(Trust, paths=[host.options["command"], host.options["policy"]])["paths"]


def _installing(command: str) -> str:
    """The commands that put hardpoint there, from its wheel; Debian needs python3-venv for them."""
    folder = "/opt/hardpoint"
    return (
        f"sudo python3 -m venv {folder} && sudo {folder}/bin/pip install {WHEEL} && "
        f"sudo ln -sfn {folder}/bin/hardpoint {command}"
    )
