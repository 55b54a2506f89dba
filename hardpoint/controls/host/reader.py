"""A user who checks every hour without being root: a root-owned program for catalogued reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import StringConstraints

from hardpoint import hostside, templates
from hardpoint.control import HOST_SUBJECT, Control, HostView, Metadata, Option, Reference, Subject
from hardpoint.facts import READER
from hardpoint.facts.machine import Machine
from hardpoint.operations import Desired
from hardpoint.operations.file import File
from hardpoint.outcome import Severity

SUDOERS = "/etc/sudoers.d/hardpoint-read"

METADATA = Metadata(
    id="hardpoint-reader",
    family="host",
    title="Checks need no root login",
    severity=Severity.MEDIUM,
    risk="an hourly check that logs in as root, or may run any command, is a way in for whoever "
    "takes over the machine that checks",
    changes=f"Installs {READER}, a root-owned program that answers the reads of a check and takes no "
    f"shell text, and {SUDOERS}, which lets the user of the policy run it. Does nothing while the "
    "option `user` is empty.",
    undo="hardpoint rollback --control hardpoint-reader",
    profiles=("minimal", "recommended", "strict"),
    mappings=(
        Reference("CIS Controls", "5.4@v8.1"),
        Reference("NIST SP 800-53", "AC-6@r5"),
    ),
    sources=("sudoers(5), Runas_Spec and NOPASSWD",),
    options={
        "user": Option(
            Annotated[str, StringConstraints(pattern=r"^([a-z_][a-z0-9_-]{0,31})?$")],
            "",
            "The user that checks; empty: nobody.",
        )
    },
)


class ReaderInstalled(Control):
    """The reader and its sudo rule are as this version ships them."""

    def __init__(self, catalogue: dict[str, Any]) -> None:
        super().__init__(METADATA)
        self._catalogue = catalogue

    def subjects(self, host: HostView) -> list[Subject]:
        host.read(Machine)
        return [HOST_SUBJECT] if host.options["user"] else []

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        user = host.options["user"]
        if not user:  # the program is long: it is made for those who ask for it
            return
        yield File(READER, hostside.reader_program(self._catalogue), mode="0755")
        yield File(
            SUDOERS,
            templates.render("host/reader.sudoers.j2", user=user, reader=READER),
            mode="0440",
        )
