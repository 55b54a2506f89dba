"""Node.js programs for the hosts: modules that this machine's own npm fetches, pinned by hashes.

`make lock` writes the pins. Node.js itself is Debian 13's: that of Debian 12 is too old for them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from . import paths
from .errors import LabError, LabUnavailable
from .recipes import Layer, place
from .shell import run

OURSELVES = Path(__file__).read_text()  # the recipe changes with this text
FILES = ("package.json", "package-lock.json")
FETCH = ("npm", "ci", "--silent", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund")


def layer(name: str, *commands: str) -> Layer:
    """The modules of a package-lock.json in /opt/NAME, their commands on the PATH."""

    def bring(root: Path, distro: str) -> None:
        fetch(name, place(root, f"/opt/{name}/package.json").parent)

    bin_folder = f"/opt/{name}/node_modules/.bin"
    links = [f"ln -s {bin_folder}/{command} /usr/local/bin/\n" for command in commands]
    return Layer(pins(name), bring, ("nodejs",), "".join(links), prepared=("debian13",))


def pins(name: str) -> str:
    """All that the modules of a lock depend on."""
    folder = paths.PACKAGE / "requirements" / name
    return OURSELVES + "".join((folder / file).read_text() for file in FILES)


def fetch(name: str, folder: Path) -> None:
    """The modules of a lock in `folder`; no script of theirs runs. LabUnavailable without npm."""
    for file in FILES:
        shutil.copy(paths.PACKAGE / "requirements" / name / file, folder)
    try:
        run([*FETCH, "--prefix", str(folder)], timeout=600)
    except LabError as failure:
        raise LabUnavailable(f"{name} cannot be fetched here: {failure}") from failure
