"""The podman and docker back ends: image and layers as a container, on the lab's own network."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from . import cgroup, images, paths
from .engines import INIT, LABEL, Engine
from .errors import LabError
from .locks import locked
from .machine import Blueprint
from .network import Switch
from .shell import run, succeeds

IMPORT = """set -eu
root=$1 layers=$2
shift 2
case $layers in
*:*) mount -t overlay overlay -o "lowerdir=$layers" "$root" ;;
*) mount --bind "$layers" "$root" ;;
esac
tar --directory "$root" --xattrs --xattrs-include='*' --create . | "$@"
"""


class ContainerMachine:
    """One host as a container; what it writes is the container's own upper layer."""

    def __init__(self, engine: Engine, blueprint: Blueprint, switch: Switch) -> None:
        self._engine = engine
        self._blueprint = blueprint
        self._switch = switch
        self._lab = blueprint.folder.parents[1]
        self._container = f"{LABEL}-{self._lab.name}-{blueprint.name}"
        self._created = False
        self._pid = 0
        self._upper: Path | None = None

    def start(self) -> None:
        """Create the container if there is none, start it and plug its cable in."""
        if not self._created:
            self._create()
        self._client("start", self._container)
        self._pid = self._state()["Pid"]
        if self._pid:
            self._upper = _upper_layer(self._pid)
            self._switch.plug(self._blueprint.cable, self._pid)

    def boot_again(self) -> None:
        """A container that reboots ends; start it again."""
        self._client("wait", self._container)
        self.start()

    def kill(self) -> None:
        """Kill the container's init and with it all of its processes."""
        if self._created and self._state()["Running"]:
            self._client("kill", self._container)
            self._client("wait", self._container)

    def wipe(self) -> None:
        """Remove the container; the next start makes a new one."""
        if self._created:
            self._client("rm", "--force", "--volumes", self._container)
            self._created = False

    def remove(self) -> None:
        """Remove the container and the host's folder."""
        self.wipe()
        self._switch.unplug(self._blueprint.cable)
        shutil.rmtree(self._blueprint.folder)

    def abandon(self) -> None:
        """Nothing: the engine's records go with the lab."""

    def leader(self) -> int | None:
        """The container's init, once it has made its own scope."""
        try:
            group = cgroup.of_process(self._pid)
        except FileNotFoundError:
            return None
        return self._pid if group.name == "init.scope" else None

    def failure(self) -> str | None:
        """The container's last words, if it has ended."""
        if self._state()["Running"]:
            return None
        return f"the container ended: {self._client('logs', '--tail=20', self._container)}"

    def upper(self) -> Path:
        """The container's upper layer, as the kernel names it."""
        if self._upper is None:
            raise LabError(f"{self._blueprint.name} has never run")
        return self._upper

    def lowers(self) -> tuple[Path, ...]:
        """Identity, layers, image: the container's image was made of the same folders."""
        return (self._blueprint.identity, *self._blueprint.lowers)

    def _create(self) -> None:
        name = self._blueprint.name
        flags = (
            f"--name={self._container}",
            f"--hostname={name}",
            *self._engine.flags(self._blueprint.group),
        )
        self._client("create", *flags, self._image(), "sh", "-c", INIT)
        self._client("cp", f"{self._blueprint.identity}/.", f"{self._container}:/")
        self._created = True

    def _image(self) -> str:
        """The engine's image of the host's layers, imported now if it isn't there yet."""
        stack = [str(layer) for layer in self._blueprint.lowers]
        name = f"{LABEL}:{images.digest(*stack)}"
        store = self._engine.store(self._switch)
        with locked(paths.cache_dir() / "locks" / "container-images"):
            if not succeeds([*store, "image", "inspect", name]):
                place = self._blueprint.folder / "import"
                place.mkdir()
                private = [
                    "unshare",
                    "--mount",
                    "--propagation",
                    "private",
                    "sh",
                    "-c",
                    IMPORT,
                    "import",
                ]
                run(
                    [*private, str(place), ":".join(stack), *store, "import", "-", name],
                    timeout=600,
                )
                place.rmdir()
        return name

    def _state(self) -> dict[str, int]:
        inspected: list[dict[str, dict[str, int]]] = json.loads(
            self._client("inspect", self._container)
        )
        return inspected[0]["State"]

    def _client(self, *arguments: str) -> str:
        return run([*self._engine.client(self._lab, self._switch), *arguments])


def _upper_layer(pid: int) -> Path:
    for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines():
        fields, _, source = line.partition(" - ")
        if fields.split()[4] == "/" and source.startswith("overlay "):
            options = dict(option.partition("=")[::2] for option in source.split()[2].split(","))
            return Path(options["upperdir"])
    raise LabError("the engine does not keep containers on overlayfs: nothing can be compared")
