"""Root file systems, one per distribution: built once by debootstrap, then only ever read."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from . import keys, paths, requirements
from .errors import LabError
from .locks import locked
from .mirror import machine_mirror
from .shell import run

CODENAMES = {"debian12": "bookworm", "debian13": "trixie"}
PACKAGES = (
    "ca-certificates",
    "curl",
    "dbus",
    "dbus-user-session",
    "git",
    "iproute2",
    "libpam-systemd",
    "netbase",
    "nftables",
    "openssh-server",
    "procps",
    "python3",
    "sudo",
    "systemd-sysv",
)
PROVISION = paths.PACKAGE / "provision.sh"


def image_key(distro: str) -> str:
    """The name under which a distribution's image is cached: it changes with the recipe."""
    if distro not in CODENAMES:
        raise LabError(f"no such distribution: {distro}; there are {', '.join(CODENAMES)}")
    return (
        f"{distro}-{digest(CODENAMES[distro], *PACKAGES, PROVISION.read_text(), keys.public_key())}"
    )


def image(distro: str) -> Path:
    """The distribution's root file system, built now if it isn't cached yet."""
    return built_once(
        paths.cache_dir() / "images" / image_key(distro), lambda root: _build(distro, root)
    )


def digest(*parts: str) -> str:
    """A short name for a recipe."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def built_once(target: Path, build: Callable[[Path], None]) -> Path:
    """Build a folder beside its place and rename it there; who comes meanwhile waits for it."""
    if target.is_dir():
        return target
    with locked(paths.cache_dir() / "locks" / target.name):
        if not target.is_dir():
            began = time.monotonic()
            print(f"lab: building {target.name} ...", flush=True)
            _build_beside(target, build)
            print(f"lab: built {target.name} in {time.monotonic() - began:.0f} s", flush=True)
    return target


def _build_beside(target: Path, build: Callable[[Path], None]) -> None:
    half_done = target.with_name(f"{target.name}.partial")
    shutil.rmtree(half_done, ignore_errors=True)
    half_done.mkdir(parents=True)
    try:
        build(half_done)
        os.rename(half_done, target)
    finally:
        shutil.rmtree(half_done, ignore_errors=True)


def _build(distro: str, root: Path) -> None:
    requirements.require()
    codename, mirror = CODENAMES[distro], machine_mirror()
    debootstrap = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    run([*debootstrap, codename, str(root), mirror.main], timeout=1800)
    (root / "etc/apt/sources.list").write_text(mirror.sources(codename))
    provision = ["chroot", str(root), "sh", "-s", "--", keys.public_key(), keys.SUDO_PASSWORD]
    run(provision, input=PROVISION.read_text(), timeout=300)
