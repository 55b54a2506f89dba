"""What a control sees of a host while hardpoint (not plain pyinfra) drives.

A control works on a copy of the host whose connector is a `Window`: it passes questions on, and
notes for this control alone every read that failed.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from pyinfra.api import StringCommand
from pyinfra.api.facts import _MISSING_COMMAND_MARKER
from pyinfra.api.host import Host
from pyinfra.connectors.util import CommandOutput

from hardpoint import reads
from hardpoint.batch import Answer, Request
from hardpoint.connector import ReadOnly, batchable, result_of
from hardpoint.facts import Read
from hardpoint.reading import Reader, attach
from hardpoint.transport import sudo_refusal

Ask = Callable[[Request], Answer]
Expect = Callable[[list[Request]], None]
OptionsOf = Callable[[str], Mapping[str, Any]]


class Privileges:
    """What is known of our rights on a host in one phase."""

    refusal = ""


class Window:
    """A control's view of the connector: fact reads only."""

    def __init__(
        self, connector: Any, ask: Ask, privileges: Privileges, expect: Expect | None = None
    ) -> None:
        self._connector = connector
        self._ask = ask
        self._expect = expect
        self._privileges = privileges
        self.expecting = False
        self.read: dict[str, Any] | None = None
        self.problems: list[str] = []

    def run_shell_command(
        self, command: StringCommand | str, *_: Any, **arguments: Any
    ) -> tuple[bool, CommandOutput]:
        if self.read is None:
            raise ReadOnly(f"a check may only read facts, and was asked to run: {command}")
        arguments.pop("print_output", None)
        arguments.pop("print_input", None)
        if not batchable(arguments):
            raise OSError("the inventory sets _su_user, _doas or the like: root is reached by sudo")
        request = reads.carrying(self.read, arguments.get("_timeout"))
        if self.expecting:
            if self._expect:
                self._expect([request])
            return True, CommandOutput([])
        answer = self._ask(request)
        if answer.refusal:
            self._privileges.refusal = sudo_refusal(answer.refusal)
        problem = problem_of(answer, request)
        if problem:
            self.problems.append(problem)
            return True, CommandOutput([])
        return result_of(answer, arguments)

    def __getattr__(self, name: str) -> Any:
        if name in ("put_file", "get_file", "rsync"):
            raise ReadOnly(f"a check may only read facts, and was asked for {name}")
        return getattr(self._connector, name)


def problem_of(answer: Answer, request: Request) -> str:
    """Why a read has no value; "" when it has one."""
    if answer.failure == "timeout":
        return f"a read took longer than {request.timeout} s"
    if answer.failure == "lost":
        return "the connection ended during a read"
    if answer.failure == "refused":
        text = answer.stderr.decode("utf-8", "replace")
        return "" if "unknown user" in text else sudo_refusal(text)
    if answer.stdout.strip() == _MISSING_COMMAND_MARKER.encode():
        return "a command that the read needs is missing"
    if answer.status == 0:
        return ""
    return _told(answer.stdout) or _last_line(answer.stderr) or f"a read ended with {answer.status}"


def _told(stdout: bytes) -> str:
    """The message of a reply of our program on the host."""
    try:
        return str(
            json.loads(stdout.decode("utf-8", "replace").strip().splitlines()[-1])["message"]
        )
    except (ValueError, IndexError, KeyError, TypeError):
        return ""


def _last_line(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""


class WindowReader(Reader):
    """Reads through a window, as root where that can be had."""

    def __init__(self, host: Host, window: Window) -> None:
        super().__init__(host)
        self._window = window
        self._known: dict[str, Any] = {}

    @property
    def problems(self) -> list[str]:
        return self._window.problems

    def expect(self, fact: type[Read], query: dict[str, Any]) -> None:
        """Says that this will be read: it goes out together with the next question of anybody."""
        self._window.expecting = True
        try:
            self._ask(fact, query)
        finally:
            self._window.expecting = False

    def _get(self, fact: type[Read], query: dict[str, Any]) -> Any:
        """Nothing changes within a check: what was read once is not parsed again."""
        key = fact.what + json.dumps(query, sort_keys=True)
        if key not in self._known:
            self._known[key] = self._ask(fact, query)
        return self._known[key]

    def _ask(self, fact: type[Read], query: dict[str, Any]) -> Any:
        self._window.read = fact().request(query)
        try:
            return self.host.get_fact(fact, query, _sudo=True, _sudo_user="root")
        finally:
            self._window.read = None


class StrictReader(WindowReader):
    """The same while changing things: a read that failed stops the operation."""

    def _get(self, fact: type[Read], query: dict[str, Any]) -> Any:
        value = self._ask(fact, query)
        if self.problems:
            raise OSError(self.problems.pop())
        return value


class ControlView:
    """The host, as a control's methods get it."""

    def __init__(
        self,
        host: Host,
        reader: Reader,
        options_of: OptionsOf,
        control: str,
        judged: Collection[str] = (),
    ) -> None:
        self.name = host.name
        self.options = options_of(control)
        self.options_of = options_of
        self.judged = judged
        self.reader = reader

    def read(self, fact: type[Read], **query: Any) -> Any:
        return self.reader.read(fact, **query)

    def doubt(self, reason: str, subject: str | None = None) -> None:
        self.reader.doubt(reason, subject)


def facing(host: Host, window: Window) -> Host:
    """A copy of the host that reads through a window, and shares nothing else that changes."""
    clone = copy.copy(host)
    clone.loop_position = []
    clone.op_hash_order = []
    clone.connector_data = {}
    clone.connector = window  # type: ignore[assignment]
    return clone


def windowed_copy(
    host: Host, ask: Ask, privileges: Privileges, expect: Expect | None = None
) -> tuple[Host, WindowReader]:
    """A copy of the host for one control, so that what pyinfra keeps on a host is never shared."""
    window = Window(host.connector, ask, privileges, expect)
    clone = facing(host, window)
    reader = WindowReader(clone, window)
    attach(clone, reader)
    return clone, reader
