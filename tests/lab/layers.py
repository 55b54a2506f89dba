"""Software on top of an image: read-only overlay layers, built once per distribution and cached.

A layer is built on the bare image, so of a host's layers at most one may install Debian packages,
and at most one may add users or groups.
"""

from __future__ import annotations

from pathlib import Path

from . import agents, engine_layers, images, mirror, node, ollama, paths, wheels
from .errors import LabError
from .recipes import Layer, program
from .shell import run

STANDIN = paths.PACKAGE / "standins/lms.py"
BOTH = ("debian12", "debian13")
LAYERS = {
    "ollama": Layer(
        recipe=ollama.recipe(),
        bring=program(ollama.binary, "/usr/local/bin/ollama"),
        setup=ollama.SETUP,
        prepared=BOTH,
    ),
    "lmstudio": Layer(
        recipe=STANDIN.read_text(),
        bring=program(lambda: STANDIN, "/usr/local/bin/lms"),
        prepared=BOTH,
    ),
    "jupyter": wheels.layer("jupyter", "jupyter"),
    "chroma": wheels.layer("chroma", "chroma"),
    "streamlit": wheels.layer("streamlit", "streamlit"),
    "mcp-everything": node.layer("mcp-everything", "mcp-server-everything"),
    "agents": agents.layer(),
    # What sandboxes of agents are made of.
    "sandbox-tools": Layer(packages=("bubblewrap", "ripgrep", "socat"), prepared=BOTH),
    "podman": engine_layers.podman(prepared=BOTH),
    "docker": engine_layers.docker(),
    # Of the services that are tried on demand: make test-services.
    "litellm": wheels.layer("litellm", "litellm", prepared=()),
    "mlflow": wheels.layer("mlflow", "mlflow", prepared=()),
    "ray": wheels.layer("ray", "ray", prepared=()),
    "open-webui": wheels.layer("open-webui", "open-webui", prepared=()),
    "llama-server": Layer(
        packages=("llama.cpp-tools", "llama.cpp-services"), prepared=(), release="sid"
    ),
}
# apt inside shares this machine's network, so for that time it gets its proxy and name servers.
BUILD = """set -eu
folder=$1 image=$2 packages=$3 proxy=$4 check_dates=$5 release=$6 source=$7
inside() {
    chroot root env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"
}
apt() {
    inside apt-get -q -o "Acquire::http::Proxy=$proxy" \
        -o "Acquire::Check-Valid-Until=$check_dates" "$@"
}
cd "$folder"
mkdir work root
mount -t overlay overlay -o "lowerdir=$image,upperdir=upper,workdir=work" root
mount -t tmpfs tmpfs root/tmp
if [ -n "$packages" ]; then
    mount --bind "$(realpath /etc/resolv.conf)" root/etc/resolv.conf
    other=root/etc/apt/sources.list.d/other.list
    [ -z "$release" ] || echo "$source" > $other
    apt update
    apt install -y --no-install-recommends ${release:+--target-release "$release"} $packages
    apt clean
    rm -f $other
    rm -rf root/var/lib/apt/lists/* root/var/log/*.log root/var/log/apt/*
    umount root/etc/resolv.conf
fi
inside sh -eu
"""


def layer(name: str, distro: str) -> Path:
    """The layer's folder for one distribution, built now if it isn't cached yet."""
    if name not in LAYERS:
        raise LabError(f"no such layer: {name}; there are {', '.join(LAYERS)}")
    wanted = LAYERS[name]
    parts = (wanted.recipe, *wanted.packages, wanted.release, wanted.setup, BUILD)
    key = images.digest(images.image_key(distro), *parts)
    target = paths.cache_dir() / "layers" / f"{name}-{distro}-{key}"
    return images.built_once(target, lambda folder: _build(wanted, distro, folder)) / "upper"


def _build(wanted: Layer, distro: str, folder: Path) -> None:
    image, upper = images.image(distro), folder / "upper"
    upper.mkdir()
    upper.chmod(0o755)
    wanted.bring(upper, distro)
    proxy = mirror.machine_proxy()
    given = [
        *(str(folder), str(image), " ".join(wanted.packages)),
        f"http://{proxy[0]}:{proxy[1]}" if proxy else "",
        str(mirror.checks_dates() and not wanted.release).lower(),  # a mirror may keep sid's late
        wanted.release,
        f"deb {mirror.machine_mirror().main} {wanted.release} main",
    ]
    build = ["unshare", "--mount", "--propagation", "private", "sh", "-c", BUILD, "build"]
    run([*build, *given], input=wanted.setup, timeout=1200)
    run(["rm", "-r", "--", str(folder / "work"), str(folder / "root")])
