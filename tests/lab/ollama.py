"""The real Ollama, built from its source as a Go module, and what its Linux installer sets up."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from . import images, paths, requirements
from .errors import LabUnavailable

VERSION = "0.17.4"
MODULE = "github.com/ollama/ollama"
# A module's archive leaves out folders named vendor, where Ollama keeps headers of three libraries.
# Debian has two of them; this Go module carries the third, miniaudio.h.
MINIAUDIO = "github.com/gen2brain/malgo@v0.11.24"
TAGS = "netgo,osusergo"
# Static: one binary runs on every distribution, whichever C library built it.
LINK = f"-s -w -linkmode=external -extldflags=-static -X={MODULE}/version.Version={VERSION}"
SETUP = """
useradd -r -s /bin/false -U -m -d /usr/share/ollama ollama
for group in render video; do
    if getent group "$group" > /dev/null; then usermod -a -G "$group" ollama; fi
done
usermod -a -G ollama root
cat > /etc/systemd/system/ollama.service << 'UNIT'
[Unit]
Description=Ollama Service
After=network-online.target

[Service]
ExecStart=/usr/local/bin/ollama serve
User=ollama
Group=ollama
Restart=always
RestartSec=3
Environment="PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

[Install]
WantedBy=default.target
UNIT
systemctl enable --quiet ollama
"""


def recipe() -> str:
    """What the binary depends on."""
    return "\n".join((VERSION, MINIAUDIO, TAGS, LINK))


def binary() -> Path:
    """The server, built now if it isn't cached yet; takes minutes once."""
    target = paths.cache_dir() / "programs" / f"ollama-{VERSION}-{images.digest(recipe())}"
    return images.built_once(target, _build) / "ollama"


def _build(folder: Path) -> None:
    if shutil.which("go") is None:
        raise LabUnavailable(
            "no Go here: Ollama's layer is built from source (go.mod asks for Go 1.24.1)"
        )
    requirements.require(requirements.OLLAMA_PACKAGES)
    workshop = folder / "workshop"
    environment = os.environ | {
        "GOPATH": str(workshop),
        "GOCACHE": str(workshop / "cache"),
        "GOBIN": str(folder),
        "GOFLAGS": "-modcacherw -buildvcs=false",
        "CGO_ENABLED": "1",
        "CGO_CXXFLAGS": f"-O1 -I{workshop / 'include'}",
    }
    module = json.loads(_go(environment, "mod", "download", "-json", MINIAUDIO))
    (workshop / "include").mkdir()
    (workshop / "include/miniaudio").symlink_to(module["Dir"])
    _go(
        environment, "install", "-trimpath", "-tags", TAGS, "-ldflags", LINK, f"{MODULE}@v{VERSION}"
    )
    shutil.rmtree(workshop)


def _go(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        ["go", *arguments], env=environment, cwd="/", capture_output=True, text=True
    )
    if done.returncode:
        raise LabUnavailable(
            f"Ollama {VERSION} cannot be built here: {done.stderr[-2000:].strip()}"
        )
    return done.stdout
