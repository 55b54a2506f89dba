"""Software on top of an image: read-only overlay layers, built once per distribution and cached.

A layer is built on the bare image, so at most one layer of a host may add users.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import images, ollama, paths
from .errors import LabError
from .shell import run

STANDIN = paths.PACKAGE / "standins/lms.py"
BUILD = """set -eu
folder=$1 image=$2 program=$3 target=$4
cd "$folder"
mkdir upper work root
mount -t overlay overlay -o "lowerdir=$image,upperdir=upper,workdir=work" root
install -m 0755 "$program" "root$target"
chroot root env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -eu
"""


@dataclass(frozen=True)
class Layer:
    """A program, its place on the host, and the shell text that then runs as root in the image."""

    program: Callable[[], Path]
    target: str
    setup: str
    recipe: str


LAYERS = {
    "ollama": Layer(ollama.binary, "/usr/local/bin/ollama", ollama.SETUP, ollama.recipe()),
    "lmstudio": Layer(lambda: STANDIN, "/usr/local/bin/lms", "", STANDIN.read_text()),
}


def layer(name: str, distro: str) -> Path:
    """The layer's folder for one distribution, built now if it isn't cached yet."""
    if name not in LAYERS:
        raise LabError(f"no such layer: {name}; there are {', '.join(LAYERS)}")
    wanted = LAYERS[name]
    key = images.digest(images.image_key(distro), wanted.recipe, wanted.setup, BUILD)
    target = paths.cache_dir() / "layers" / f"{name}-{distro}-{key}"
    return images.built_once(target, lambda folder: _build(wanted, distro, folder)) / "upper"


def _build(wanted: Layer, distro: str, folder: Path) -> None:
    build = ["unshare", "--mount", "--propagation", "private", "sh", "-c", BUILD, "build"]
    run(
        [*build, str(folder), str(images.image(distro)), str(wanted.program()), wanted.target],
        input=wanted.setup,
    )
    shutil.rmtree(folder / "work")
    (folder / "root").rmdir()
