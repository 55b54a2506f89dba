"""A program of ours that stays on a host: a folder of root's, started with `python3 -I -S -B FOLDER`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hardpoint import hostside
from hardpoint.operations.file import File

SOURCES = Path(hostside.__file__).parent / "programs"
INSTALLED = "/usr/local/lib/hardpoint"


def folder(name: str) -> str:
    """Where the program is on a host."""
    return f"{INSTALLED}/{name}"


def command(name: str) -> str:
    """What starts it, isolated from whatever the user's environment and folders hold."""
    return f"/usr/bin/python3 -I -S -B {folder(name)}"


def installed_files() -> list[str]:
    """Where the files of all our programs are on a host."""
    return [
        f"{INSTALLED}/{path.parent.name}/{path.name}" for path in sorted(SOURCES.glob("*/*.py"))
    ]


def program(name: str) -> Iterator[File]:
    """The program's files as they should be: `__main__.py` last, so that a half-written one can't start."""
    sources = sorted(
        SOURCES.joinpath(name).glob("*.py"), key=lambda path: (path.stem == "__main__", path.name)
    )
    if not sources:
        raise ValueError(f"hardpoint ships no program called {name}")
    for source in sources:
        yield File(f"{folder(name)}/{source.name}", source.read_text())
