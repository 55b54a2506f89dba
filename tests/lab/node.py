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
    source = paths.PACKAGE / "requirements" / name

    def bring(root: Path, distro: str) -> None:
        folder = place(root, f"/opt/{name}/package.json").parent
        for file in FILES:
            shutil.copy(source / file, folder)
        try:
            run([*FETCH, "--prefix", str(folder)], timeout=600)
        except LabError as failure:
            raise LabUnavailable(f"{name} cannot be fetched here: {failure}") from failure

    bin_folder = f"/opt/{name}/node_modules/.bin"
    links = [f"ln -s {bin_folder}/{command} /usr/local/bin/\n" for command in commands]
    recipe = OURSELVES + "".join((source / file).read_text() for file in FILES)
    return Layer(recipe, bring, ("nodejs",), "".join(links), prepared=("debian13",))
