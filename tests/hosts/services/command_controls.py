"""Controls that give units another command: of the system, of users, and one that can't be."""

from __future__ import annotations

from collections.abc import Iterator

from hardpoint.control import HostView, Registry, Scope, Subject
from hardpoint.operations import Desired
from hardpoint.operations.command_line import CommandLine
from hardpoint.operations.unit import Unit
from tests.sample_controls import Sample

PROGRAMS = ("vllm", "main.py")
FLAGS = ("--host", "--listen")
HOST = {"--host": "127.0.0.1"}


def query(*units: str) -> dict[str, list[str]]:
    programs, flags = list(PROGRAMS), list(FLAGS)
    return {"units": list(units), "variables": [], "programs": programs, "flags": flags}


def drop_in(control: str, unit: str, scope: str = "system") -> str:
    return f"/etc/systemd/{scope}/{unit}.d/zz-hardpoint-{control}-command.conf"


def _system(control: str, unit: str, flags: dict[str, str | None], add: bool = True) -> Sample:
    path = drop_in(control, unit)
    return Sample(
        control,
        CommandLine(unit, "system", path, PROGRAMS, flags, control, add),
        Unit(unit, "system", (path,), query(unit), (), FLAGS),
    )


class OfUsers(Sample):
    """The same unit of two users."""

    def subjects(self, host: HostView) -> list[Subject]:
        return [Subject(Scope.USER, name) for name in ("alice", "bob")]

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        path = drop_in(self.id, "gpu.service", "user")
        yield CommandLine("gpu.service", subject.name, path, PROGRAMS, HOST, self.id)
        yield Unit("gpu.service", subject.name, (path,), query(), (), FLAGS)


def registry() -> Registry:
    return Registry(
        [
            _system("vllm-command", "vllm.service", HOST),
            _system("many-commands", "many.service", HOST),
            _system("comfy-command", "comfy.service", {"--listen": None}, add=False),
            OfUsers("gpu-command"),
        ]
    )
