"""What a service is, and the knobs that decide whom it serves. Rows of the catalogue become these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hardpoint.proofs.identify import Identity


@dataclass(frozen=True)
class Service:
    """A program that serves.

    `programs`: patterns of command lines that run it (see payload/command_line.py). `port`: its
    default; `dedicated`: no other program is expected on it. `ports`: others that it opens.
    `identify`: a harmless GET whose answer `contains` what others don't say; `version_key` of it
    is the version.
    `images`: names of container images, without registry and tag. `stop`, `start`: what its owner
    types. `app`: its bundle on macOS.
    """

    id: str
    name: str
    programs: tuple[str, ...]
    port: int
    dedicated: bool = True
    ports: tuple[int, ...] = ()
    identify: str = ""
    contains: str = ""
    version_key: str = ""
    images: tuple[str, ...] = ()
    stop: str = ""
    start: str = ""
    app: str = ""

    @property
    def identity(self) -> Identity:
        """How a proof tells it from outside."""
        return Identity(self.name, self.identify, self.contains, self.version_key)


@dataclass(frozen=True)
class Variable:
    """An environment variable that a service reads, and the rule that its value must keep.

    `pinned`: our own drop-in sets it always; otherwise only where the present value breaks the
    rule, so that a person's own list survives. `clients`: programs that use the service read it too,
    so that in a login environment it may name another machine. `generic`: other programs read a
    variable of that name too, so that it is judged for units of the service alone. `secret`: its
    value never leaves the host.
    """

    name: str
    rule: str
    pinned: bool
    clients: bool = False
    generic: bool = False
    secret: bool = False


@dataclass(frozen=True)
class Flag:
    """An argument of the command line, in all its names; it beats the variable and the files.

    `pinned`: added where it is missing, since the service listens everywhere without it.
    """

    names: tuple[str, ...]
    rule: str
    pinned: bool = False
    secret: bool = False


@dataclass(frozen=True)
class Key:
    """A key of a settings file: below each home, below an installation (`{prefix}/...`), or of the
    system (`/etc/...`). Keys stand in the order of their precedence, the first wins.

    `pinned`: absent means unsafe, so that it is set in the file of whoever uses the service.
    """

    path: str
    key: tuple[str, ...]
    rule: str
    format: str = "json"
    pinned: bool = False
    secret: bool = False

    @property
    def name(self) -> str:
        return ".".join(self.key)

    def lies_at(self, path: str) -> bool:
        """Whether a file that was found is this one."""
        if self.path.startswith("/"):
            return path == self.path
        return path.endswith("/" + self.path.removeprefix("{prefix}/"))


@dataclass(frozen=True)
class Knobs:
    """Everything that decides one setting of a service: arguments beat variables beat files."""

    variable: Variable | None = None
    flag: Flag | None = None
    keys: tuple[Key, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.variable or self.flag or self.keys)


@dataclass(frozen=True)
class Cause:
    """A place that makes a service unsafe: for one unit, ("") for what a person starts, or (None)
    however it is started.

    `fix` is for what only a person can change. `dormant`: another setting wins now.
    """

    text: str
    unit: str | None = ""
    fix: str = ""
    dormant: bool = False


Row = dict[str, Any]
"""One row of a fact."""
