"""The Debian packages that the lab needs on the machine that runs it."""

from __future__ import annotations

import os
import shutil
import subprocess

from .errors import LabUnavailable

PACKAGES = {
    "systemd-container": "boots the hosts (systemd-nspawn)",
    "debootstrap": "builds their images",
    "debian-archive-keyring": "proves that the packages are Debian's",
    "iproute2": "connects them",
    "util-linux": "gives them namespaces of their own",
    "openssh-client": "logs in to them",
}
CONTAINER_PACKAGES = {
    "podman": "the podman back end",
    "uidmap": "the podman back end",
    "runc": "the podman back end on a machine with hybrid cgroups",
}
OLLAMA_PACKAGES = {
    "g++": "builds Ollama",
    "nlohmann-json3-dev": "a header that Ollama includes",
    "libstb-dev": "a header that Ollama includes",
}
NODE_PACKAGES = {"npm": "fetches the MCP server and coding agents"}


def missing(packages: dict[str, str] = PACKAGES) -> list[str]:
    """The packages of a list that are not here, nor a command of that name."""
    return [name for name in packages if not _installed(name)]


def _installed(name: str) -> bool:
    if shutil.which(name):
        return True
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", name]
    try:
        return subprocess.run(query, capture_output=True, text=True).stdout == "installed"
    except FileNotFoundError:
        return False


def require(packages: dict[str, str] = PACKAGES) -> None:
    """Raise LabUnavailable, naming what is missing and how to get it."""
    if os.geteuid() != 0:
        raise LabUnavailable("the lab boots hosts: run it as root")
    absent = missing(packages)
    if absent:
        raise LabUnavailable(
            f"missing: {', '.join(absent)}; run python -m tests.lab install as root"
        )


def install() -> None:
    """Install what is missing and say it; without root only say it."""
    absent = missing(PACKAGES | CONTAINER_PACKAGES | OLLAMA_PACKAGES | NODE_PACKAGES)
    if not absent:
        print("nothing to install")
    elif os.geteuid() != 0:
        print(f"missing: {' '.join(absent)}; nothing was installed: run this as root")
    else:
        print(f"installing: {' '.join(absent)}", flush=True)
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], env=quiet, check=True)
        apt = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *absent]
        subprocess.run(apt, env=quiet, check=True)
