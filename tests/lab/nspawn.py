"""The systemd-nspawn back end: a real init in namespaces, on an overlay over the image."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import cgroup, paths, requirements
from .errors import LabUnavailable
from .machine import Blueprint
from .network import Switch, configure
from .shell import JOIN_CGROUP, succeeds

ISOLATE = (
    "unshare",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child=SIGKILL",
    "--mount-proc",
    "--propagation",
    "private",
)


def check() -> None:
    """Raise LabUnavailable when this machine cannot run nspawn hosts."""
    requirements.require()
    group = cgroup.unified()
    if not os.access(group, os.W_OK):
        raise LabUnavailable(f"{group} is read-only: no control groups can be made")
    if not succeeds([*ISOLATE, "mount", "-t", "tmpfs", "tmpfs", "/run"]):
        raise LabUnavailable(
            "unshare and mount are not allowed here: this container has too few rights"
        )


class NspawnMachine:
    """One host under a supervisor of its own."""

    def __init__(self, blueprint: Blueprint, switch: Switch) -> None:
        self._blueprint = blueprint
        self._switch = switch
        self._supervisor: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the supervisor in the host's control group."""
        for folder in (self.upper(), self._work, self._root):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        join = [*JOIN_CGROUP, str(cgroup.create(self._blueprint.group))]
        namespace = os.open(f"/proc/{self._switch.pid}/ns/net", os.O_RDONLY)
        script = [
            sys.executable,
            "-I",
            str(paths.PACKAGE / "supervisor.py"),
            self._specification(namespace),
        ]
        try:
            with self._log.open("ab") as log:
                self._supervisor = subprocess.Popen(
                    [*join, *ISOLATE, *script],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(namespace,),
                    start_new_session=True,
                )
        finally:
            os.close(namespace)

    def boot_again(self) -> None:
        """The supervisor does it."""

    def kill(self) -> None:
        """Kill every process at once; the supervisor's namespaces go with it."""
        cgroup.remove(self._blueprint.group)
        self.abandon()

    def wipe(self) -> None:
        """Empty the upper layer."""
        for folder in (self.upper(), self._work):
            shutil.rmtree(folder, ignore_errors=True)

    def remove(self) -> None:
        """Cut the power and delete the host's folder."""
        self.kill()
        self._switch.unplug(self._blueprint.cable)
        shutil.rmtree(self._blueprint.folder)

    def abandon(self) -> None:
        """Collect the supervisor, which is dead."""
        if self._supervisor is not None:
            self._supervisor.wait()
            self._supervisor = None

    def leader(self) -> int | None:
        """The init process, once it has made its own scope."""
        inits = cgroup.processes(self._blueprint.group / "payload/init.scope")
        return inits[0] if inits else None

    def failure(self) -> str | None:
        """The supervisor's last words, if it has ended."""
        if self._supervisor is not None and self._supervisor.poll() is None:
            return None
        return f"the supervisor ended: {self._log.read_text()[-2000:].strip()}"

    def upper(self) -> Path:
        """The overlay's upper layer."""
        return self._blueprint.folder / "upper"

    def lowers(self) -> tuple[Path, ...]:
        """Identity, layers, image."""
        return (self._blueprint.identity, *self._blueprint.lowers)

    @property
    def _work(self) -> Path:
        return self._blueprint.folder / "work"

    @property
    def _root(self) -> Path:
        return self._blueprint.folder / "root"

    @property
    def _log(self) -> Path:
        return self._blueprint.folder / "log"

    def _specification(self, namespace: int) -> str:
        cable = self._blueprint.cable
        return json.dumps(
            {
                "lowers": [str(layer) for layer in self.lowers()],
                "upper": str(self.upper()),
                "work": str(self._work),
                "root": str(self._root),
                "switch": namespace,
                "port": cable.port,
                "mac": cable.mac,
                "configure": configure("host0", cable),
            }
        )
