"""What a back end provides: a computer that can be switched on, cut off and wiped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .network import Cable


@dataclass(frozen=True)
class Blueprint:
    """All that a back end needs to know of one host."""

    name: str
    folder: Path
    group: Path
    cable: Cable
    lowers: tuple[Path, ...]
    identity: Path


class Machine(Protocol):
    """One host as its back end sees it."""

    def start(self) -> None:
        """Begin to boot; returns before the host is up."""

    def boot_again(self) -> None:
        """The host has gone down to reboot: bring it back, where that does not happen by itself."""

    def kill(self) -> None:
        """Cut the power; what was written stays."""

    def wipe(self) -> None:
        """Forget all that was written; only while the power is off."""

    def remove(self) -> None:
        """Cut the power and leave nothing behind."""

    def abandon(self) -> None:
        """The whole lab was killed: let go of what stands for this host here."""

    def leader(self) -> int | None:
        """The host's init, as this machine numbers processes, or None while there is none."""

    def failure(self) -> str | None:
        """Why the host cannot come up any more, or None while it may."""

    def upper(self) -> Path:
        """The folder with all that was written, as an overlay's upper layer."""

    def lowers(self) -> tuple[Path, ...]:
        """The folders below it, topmost first."""
