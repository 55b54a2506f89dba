"""As many controls as SAMPLES says, with different facts each; with mistakes where ODD is set."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from pyinfra.api import StringCommand
from pyinfra.facts.server import Hostname
from pyinfra.operations import files

from hardpoint.control import HOST_SUBJECT, HostView, Registry, Subject
from hardpoint.facts.files import FileStates
from hardpoint.facts.machine import Machine
from hardpoint.facts.settings import Assignments, Documents, SettingState
from hardpoint.facts.sockets import Listeners
from hardpoint.facts.units import Units
from hardpoint.operations import Desired
from hardpoint.operations.file import File
from hardpoint.outcome import Finding
from tests.sample_controls import Broken, Sample

SAMPLE = {"id": "sample", "programs": ["sample"], "path": "/", "contains": "x", "version": ""}


def _reads(number: int, host: HostView) -> Iterator[Finding]:
    """Five facts that nobody else asks in the same words."""
    host.read(Machine)
    host.read(FileStates, paths=[f"/etc/sample/{number}"])
    host.read(Assignments, variables=[f"SAMPLE_{number}"])
    host.read(Documents, documents=[{"path": f"sample/{number}.json", "keys": [["key"]]}])
    host.read(Units, units=[f"sample-{number}.service"], variables=[f"SAMPLE_{number}"])
    if number < 3:
        host.read(Listeners, services=[{**SAMPLE, "port": 40000 + number}])
    yield from ()


def _reader(number: int) -> Sample:
    return Sample(f"sample-{number}", findings=lambda host: list(_reads(number, host)))


class Meddler(Sample):
    """Tries something that is not a read."""

    def __init__(self, id: str, attempt: Callable[[HostView], object]) -> None:
        super().__init__(id)
        self._attempt = attempt

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        self._attempt(host)
        yield from ()


class Looping(Sample):
    """Raises inside host.loop, which leaves pyinfra's loop position behind."""

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        for number in host.reader.host.loop([1, 2, 3]):  # type: ignore[attr-defined]
            if number == 2:
                raise KeyError("in the loop")
            yield File(f"/etc/sample-loop-{number}", "x\n")


class Unreadable(Sample):
    """Needs a read that fails."""

    def subjects(self, host: HostView) -> Sequence[Subject]:
        host.read(SettingState, resource={"type": "nonsense"})
        return [HOST_SUBJECT]


def _pyinfra(host: HostView):
    return host.reader.host  # type: ignore[attr-defined]


MEDDLERS: dict[str, Callable[[HostView], object]] = {
    "runs-command": lambda host: _pyinfra(host).run_shell_command("touch /tmp/meddled"),
    "puts-file": lambda host: _pyinfra(host).put_file("/etc/hostname", "/tmp/meddled"),
    "gets-file": lambda host: _pyinfra(host).get_file("/etc/shadow", "/tmp/meddled-shadow"),
    "asks-connector": lambda host: _pyinfra(host).connector.run_shell_command(
        StringCommand("touch /tmp/meddled")
    ),
    "calls-operation": lambda host: files.touch("/tmp/meddled", _sudo=True),
    "asks-stock-fact": lambda host: _pyinfra(host).get_fact(Hostname),
}


def registry() -> Registry:
    controls = [_reader(number) for number in range(int(os.environ.get("SAMPLES", "1")))]
    if os.environ.get("ODD"):
        controls += [Meddler(name, attempt) for name, attempt in MEDDLERS.items()]
        controls += [Broken("has-mistake"), Looping("breaks-loop"), Unreadable("cannot-read")]
    return Registry(controls)
