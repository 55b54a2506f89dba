"""What a layer is made of, and how files get into one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Bring = Callable[[Path, str], None]


def nothing(root: Path, distro: str) -> None:
    """The layer has no files of this machine's making."""


@dataclass(frozen=True)
class Layer:
    """Files, then Debian packages, then what shell text does as root inside the image.

    `bring` puts files into a folder that stands for the host's root; `recipe` is all that they
    depend on. `prepared` are the distributions that `prepare` builds it for; a test may ask for any.
    `release` is where the packages come from if not from the host's own Debian: sid, say.
    """

    recipe: str = ""
    bring: Bring = nothing
    packages: tuple[str, ...] = ()
    setup: str = ""
    prepared: tuple[str, ...] = ("debian12",)
    release: str = ""


def place(root: Path, target: str) -> Path:
    """The path in `root` of a file of the host; its folders are made as Debian has them."""
    path = root / target.lstrip("/")
    for folder in reversed([parent for parent in path.parents if parent.is_relative_to(root)]):
        if not folder.exists():
            folder.mkdir()
            folder.chmod(0o755)  # whatever this process's umask
    return path


def program(source: Callable[[], Path], target: str) -> Bring:
    """One executable file; it is asked for when the layer is built, not before."""

    def bring(root: Path, distro: str) -> None:
        path = place(root, target)
        shutil.copyfile(source(), path)
        path.chmod(0o755)

    return bring
