"""Podman and Docker: how each is called, and what lets a real init run without --privileged."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Protocol

from . import cgroup, paths, requirements
from .errors import LabUnavailable
from .network import Switch
from .shell import JOIN_CGROUP, run, succeeds

LABEL = "hardpoint-lab"
FLAGS = (
    "--cap-add=NET_ADMIN",
    "--cap-add=SYS_ADMIN",
    "--cap-add=AUDIT_WRITE",
    "--cap-add=AUDIT_CONTROL",
    "--security-opt=seccomp=unconfined",
    "--security-opt=apparmor=unconfined",
    "--cgroupns=private",
    "--tmpfs=/run",
    "--tmpfs=/tmp",
    "--tmpfs=/run/lock",
    "--device=/dev/fuse",
    "--network=none",
    "--ulimit=nofile=16384",
    "--ulimit=nproc=16384",
    "--pids-limit=0",
)

# Engines mount files of theirs over the host's own, and Docker the control groups read-only.
INIT = """for file in hosts hostname resolv.conf; do umount "/etc/$file" 2> /dev/null || true; done
mount -o remount,bind,rw /sys/fs/cgroup
exec /sbin/init"""


class Engine(Protocol):
    """One container engine."""

    def client(self, lab: Path, switch: Switch) -> list[str]:
        """The command that manages a lab's containers."""

    def store(self, switch: Switch) -> list[str]:
        """The command that manages the images."""

    def flags(self, group: Path) -> tuple[str, ...]:
        """How a host's container is created."""


class Podman:
    """Rootful podman without a daemon: all its state lies in the lab's folder and goes with it."""

    # A place of its own, with the unified control groups where podman looks for them.
    place = """set -eu
        mountpoint -q /dev/shm/hardpoint-lab && exit
        mount -t tmpfs tmpfs /run
        mount -t tmpfs tmpfs /dev/shm
        mkdir /dev/shm/hardpoint-lab
        mount --bind /dev/shm/hardpoint-lab /dev/shm/hardpoint-lab
        [ "$(stat --file-system --format=%T /sys/fs/cgroup)" = cgroup2fs ] && exit
        umount --lazy /sys/fs/cgroup
        mount -t cgroup2 cgroup2 /sys/fs/cgroup"""

    def check(self) -> None:
        """Raise LabUnavailable when podman does not run here."""
        requirements.require(requirements.PACKAGES | requirements.CONTAINER_PACKAGES)
        elsewhere = ["unshare", "--mount", "--propagation", "private", "sh", "-c"]
        info = f"({self.place}) && exec podman info"
        done = subprocess.run([*elsewhere, info], capture_output=True, text=True)
        if done.returncode:
            raise LabUnavailable(done.stderr.strip())

    def client(self, lab: Path, switch: Switch) -> list[str]:
        """Podman with the lab's own storage over the common images."""
        images = f"--storage-opt=overlay.imagestore={self._images()}"
        return [*self._podman(switch), f"--root={lab / 'podman'}", "--runroot=/run/lab", images]

    def store(self, switch: Switch) -> list[str]:
        """Podman with the images that outlive labs."""
        return [*self._podman(switch), f"--root={self._images()}", "--runroot=/run/images"]

    def flags(self, group: Path) -> tuple[str, ...]:
        """Podman's own flags; its processes stay in the lab's control group."""
        parent = f"--cgroup-parent=/{group.relative_to(cgroup.unified())}"
        return (*FLAGS, parent, "--systemd=always", "--security-opt=unmask=ALL", "--no-hosts")

    def _podman(self, switch: Switch) -> list[str]:
        join = [*JOIN_CGROUP, str(cgroup.create(switch.group.parent / "podman"))]
        inside = [*join, "nsenter", f"--target={switch.pid}", "--mount"]
        run([*inside, "sh", "-c", self.place])
        runtime = ["--runtime=runc"] if shutil.which("runc") else []
        return [
            *inside,
            "podman",
            "--cgroup-manager=cgroupfs",
            "--storage-driver=overlay",
            *runtime,
        ]

    def _images(self) -> Path:
        folder = paths.cache_dir() / "podman"
        folder.mkdir(exist_ok=True)
        return folder


class Docker:
    """Docker by its daemon, which keeps containers and images; a label finds them again."""

    def check(self) -> None:
        """Raise LabUnavailable when no Docker engine answers."""
        requirements.require()
        if shutil.which("docker") is None:
            raise LabUnavailable("docker: not installed")
        done = subprocess.run(["docker", "info"], capture_output=True, text=True)
        if done.returncode:
            raise LabUnavailable(done.stderr.strip())

    def client(self, lab: Path, switch: Switch) -> list[str]:
        """The client of the daemon."""
        return ["docker"]

    def store(self, switch: Switch) -> list[str]:
        """The same client: the daemon keeps the images too."""
        return ["docker"]

    def flags(self, group: Path) -> tuple[str, ...]:
        """Docker's own flags, and the label by which `clean` finds the container."""
        return (
            *FLAGS,
            "--security-opt=systempaths=unconfined",
            f"--label={LABEL}={group.parent.name}",
        )

    def clean(self, lab: str) -> None:
        """Remove the lab's containers from the daemon."""
        containers = run(
            ["docker", "ps", "--all", "--quiet", f"--filter=label={LABEL}={lab}"]
        ).split()
        if containers:
            run(["docker", "rm", "--force", "--volumes", *containers])

    def forget_images(self) -> None:
        """Remove the lab's images from the daemon, if there is one."""
        if shutil.which("docker") and succeeds(["docker", "info"]):
            stored = run(["docker", "image", "ls", "--quiet", LABEL]).split()
            if stored:
                run(["docker", "image", "rm", "--force", *stored])
