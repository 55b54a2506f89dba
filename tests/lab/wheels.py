"""Python programs for the hosts: wheels that this machine's own pip fetches, pinned by hashes.

`make lock` writes the pins, for Debian 12's Python.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from . import paths
from .errors import LabError, LabUnavailable
from .recipes import Layer, place
from .shell import run

OURSELVES = Path(__file__).read_text()  # the recipe changes with this text
PYTHON = {"debian12": "3.11", "debian13": "3.13"}
NEWEST_GLIBC, OLDEST_GLIBC = 36, 17  # 2.36 is Debian 12's
OLD_NAMES = ("manylinux2014", "manylinux2010", "manylinux1", "linux")
# The pinned pip installs itself and the rest; it runs from its own wheel.
SETUP = """
python3 -m venv --without-pip /opt/NAME
cd /opt/NAME
pip=$(echo wheels/pip-*.whl)
bin/python "$pip/pip" install --quiet --no-index --no-deps wheels/*.whl
rm -r wheels
ln -s /opt/NAME/bin/COMMAND /usr/local/bin/
"""


def layer(name: str, command: str, prepared: tuple[str, ...] = ("debian12",)) -> Layer:
    """A virtual environment in /opt/NAME made from the lock NAME.txt, its command on the PATH."""
    lock = paths.PACKAGE / "requirements" / f"{name}.txt"

    def bring(root: Path, distro: str) -> None:
        _download(name, lock, place(root, f"/opt/{name}/wheels"), distro)

    setup = SETUP.replace("NAME", name).replace("COMMAND", command)
    return Layer(OURSELVES + lock.read_text(), bring, setup=setup, prepared=prepared)


def _download(name: str, lock: Path, folder: Path, distro: str) -> None:
    machine = platform.machine()
    glibc = [f"manylinux_2_{minor}" for minor in range(NEWEST_GLIBC, OLDEST_GLIBC - 1, -1)]
    fitting = [f"--platform={kind}_{machine}" for kind in (*glibc, *OLD_NAMES)]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    only = ["--only-binary=:all:", f"--python-version={PYTHON[distro]}", *fitting]
    try:
        run([*pip, *only, f"--requirement={lock}", f"--dest={folder}"], timeout=1200)
    except LabError as failure:
        raise LabUnavailable(f"{name} cannot be fetched here: {failure}") from failure
