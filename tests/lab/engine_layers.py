"""Podman and Docker inside the hosts, and an image for them, made here instead of fetched.

The image lies on the host as an archive, tagged as Ollama's own: `podman load` or `docker load`
brings it in, and then the commands that Ollama's documentation gives work as they stand.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from pathlib import Path

from . import ollama
from .recipes import Layer, place

OURSELVES = Path(__file__).read_text()  # the recipe changes with this text
ARCHIVE = "/usr/local/share/ollama-image.tar"
IMAGE = "docker.io/ollama/ollama"
PODMAN = (
    *("podman", "crun", "runc", "netavark", "aardvark-dns", "iptables"),
    *("fuse-overlayfs", "uidmap", "slirp4netns", "passt"),
)
DOCKER = ("docker.io", "docker-compose", "iptables")
# The machine may lack the right to raise limits, and the pids controller; a host cannot have more
# than the machine. crun 1.8 raises RLIMIT_MEMLOCK and gives up where it may not. A person's Quadlet
# units wait until the system is online, which on a workstation some service has asked for.
PODMAN_SETUP = r"""
conf=/etc/containers/containers.conf
cat > $conf << 'CONF'
[containers]
pids_limit = 0
default_ulimits = ["nofile=16384:16384", "nproc=16384:16384"]
CONF
if dpkg-query --show crun | grep -qP '\t1\.8\.'; then printf '[engine]\nruntime = "runc"\n' >> $conf; fi
systemctl --quiet add-wants multi-user.target network-online.target
"""
ENVIRONMENT = ("PATH=/usr/bin", "HOME=/root", "OLLAMA_HOST=0.0.0.0:11434")
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}


def podman(prepared: tuple[str, ...]) -> Layer:
    """Podman, rootful and rootless; its Quadlet units work from Debian 13 on."""
    return Layer(OURSELVES + ollama.recipe(), _bring, PODMAN, PODMAN_SETUP, prepared)


def docker() -> Layer:
    """Docker's daemon and compose; the daemon starts at boot."""
    return Layer(OURSELVES + ollama.recipe(), _bring, DOCKER)


def _bring(root: Path, distro: str) -> None:
    layer = _layer()
    digest = hashlib.sha256(layer).hexdigest()
    config = {
        "architecture": ARCHITECTURE[platform.machine()],
        "os": "linux",
        "config": {
            "Env": ENVIRONMENT,
            "Entrypoint": ["/usr/bin/ollama"],
            "Cmd": ["serve"],
            "ExposedPorts": {"11434/tcp": {}},
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    tags = [f"{IMAGE}:latest", f"{IMAGE}:{ollama.VERSION}"]
    manifest = [{"Config": "config.json", "RepoTags": tags, "Layers": [f"{digest}.tar"]}]
    with tarfile.open(place(root, ARCHIVE), "w") as archive:
        _add(archive, "config.json", json.dumps(config).encode())
        _add(archive, f"{digest}.tar", layer)
        _add(archive, "manifest.json", json.dumps(manifest).encode())


def _layer() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as layer:
        for name, mode in (("usr", 0o755), ("usr/bin", 0o755), ("root", 0o700), ("tmp", 0o1777)):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, mode
            layer.addfile(folder)
        _add(layer, "usr/bin/ollama", ollama.binary().read_bytes(), 0o755)
    return content.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))
