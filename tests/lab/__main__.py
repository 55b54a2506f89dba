"""`python -m tests.lab`: prepare the lab, leave one running to try things on, clean up after it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from . import backends, housekeeping, images, layers, requirements, workstations
from .errors import LabError, LabUnavailable
from .lab import Lab

NAME = "workstations"
SIDE_BY_SIDE = 2


def install(arguments: argparse.Namespace) -> None:
    """Install the Debian packages that the lab needs (as root), and say which."""
    requirements.install()


def prepare(arguments: argparse.Namespace) -> None:
    """Build the images and layers of the everyday tests that aren't cached yet."""
    wanted = [
        (name, distro)
        for distro in images.CODENAMES
        for name, layer in layers.LAYERS.items()
        if distro in layer.prepared
    ]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:  # what two need is made by one, the other waits
        builds = [
            pool.submit(_timed, f"layer {name} on {distro}", partial(layers.layer, name, distro))
            for name, distro in wanted
        ]
        for build in builds:
            build.result()


def _timed(what: str, build: Callable[[], Path]) -> None:
    began = time.monotonic()
    build()
    print(f"{what}: ready, {time.monotonic() - began:.1f} s", flush=True)


def up(arguments: argparse.Namespace) -> None:
    """Leave the fleet of inventories/example running, badly configured."""
    housekeeping.gc()
    with Lab(arguments.backend, NAME) as lab:
        workstations.boot_all(lab)
        for host in lab.hosts.values():
            print(f"{host.name}  {host.distro}  {host.address}  {host.address6}")
        print(f"export HARDPOINT_SSH_CONFIG={lab.ssh_config}")
        lab.detach()


def down(arguments: argparse.Namespace) -> None:
    """Remove what `up` left running: processes, interfaces, mounts, control groups, state."""
    housekeeping.down(arguments.name)
    print(f"{arguments.name} is down")


def gc(arguments: argparse.Namespace) -> None:
    """Remove what killed runs left behind."""
    dead = housekeeping.gc()
    print(f"removed: {', '.join(dead)}" if dead else "nothing was left behind")


def purge(arguments: argparse.Namespace) -> None:
    """Take everything down and remove the cached images, layers and keys too."""
    if housekeeping.is_left_running(NAME):
        housekeeping.down(NAME)
    housekeeping.purge()


def status(arguments: argparse.Namespace) -> None:
    """List the labs and hosts that are on this machine."""
    for lab in housekeeping.names():
        known = housekeeping.record(lab) or {"backend": "unknown", "hosts": []}
        state = "in use" if housekeeping.is_in_use(lab) else "left behind"
        print(f"{lab}  {known['backend']}  {state}")
        for host in known["hosts"]:
            print(f"  {host['name']}  {host['distro']}  {host['address']}")
    if not housekeeping.names():
        print("no lab is up")


def list_backends(arguments: argparse.Namespace) -> None:
    """Say of each back end whether it works here, or why not."""
    for name in backends.BACKENDS:
        print(f"{name}: {backends.obstacle(name) or 'works'}")


COMMANDS = {
    "install": install,
    "prepare": prepare,
    "up": up,
    "down": down,
    "gc": gc,
    "purge": purge,
    "status": status,
    "backends": list_backends,
}


def main() -> int:
    """Run one command; a LabError becomes one line and exit status 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, action in COMMANDS.items():
        command = commands.add_parser(name, help=action.__doc__)
        command.set_defaults(action=action)
        if action is up:
            command.add_argument("--backend", default="auto", choices=["auto", *backends.BACKENDS])
        if action is down:
            command.add_argument("name", nargs="?", default=NAME)
    arguments = parser.parse_args()
    try:
        arguments.action(arguments)
    except LabUnavailable as reason:
        print(f"the lab cannot run here: {reason}", file=sys.stderr)
        return 1
    except PermissionError as refusal:
        print(f"{refusal}: run this as root", file=sys.stderr)
        return 1
    except LabError as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
