"""The lab's own network: a switch in its own namespace, a cable to this machine, one to each host.

The switch is not in this machine's namespace, so a firewall here (Docker sets one) never filters
what hosts say to each other, and all but the one cable vanishes with the process that holds it.
"""

from __future__ import annotations

import ipaddress
import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import cgroup
from .errors import LabError, LabUnavailable
from .shell import JOIN_CGROUP, run, succeeds

MACHINE_SIDE = "hplab"
SLOTS = range(200)
MACHINE, FIRST_HOST, FIRST_PROBE = 1, 10, 200


@dataclass(frozen=True)
class Cable:
    """One port of the switch and what is configured at its other end."""

    port: str
    mac: str
    address: str
    address6: str


@dataclass(frozen=True)
class Plan:
    """The addresses of one lab; the slot keeps labs that run side by side apart."""

    slot: int

    @property
    def interface(self) -> str:
        """The cable's end in this machine's own namespace."""
        return f"{MACHINE_SIDE}{self.slot}"

    def cable(self, kind: str, number: int) -> Cable:
        """The cable of the machine, of a host or of a probe."""
        last = {"machine": MACHINE, "host": FIRST_HOST, "probe": FIRST_PROBE}[kind] + number
        if last > 254 or (kind == "host" and last >= FIRST_PROBE):
            raise LabError(f"no address left for another {kind}")
        mac = f"02:1a:b0:00:{self.slot:02x}:{last:02x}"
        return Cable(
            f"{kind}{number}",
            mac,
            f"10.213.{self.slot}.{last}",
            str(ipaddress.ip_address(f"fd21:3a1a:b0:{self.slot:x}::{last:x}")),
        )

    def is_free(self) -> bool:
        """Whether no route of this machine overlaps the range."""
        ours = ipaddress.ip_network(f"10.213.{self.slot}.0/24")
        routes = json.loads(run(["ip", "-json", "-4", "route", "show", "table", "all"]))
        taken = [r["dst"] for r in routes if r["dst"] != "default"]
        return not any(ours.overlaps(ipaddress.ip_network(dst, strict=False)) for dst in taken)


class Switch:
    """The running switch of one lab."""

    def __init__(self, plan: Plan, group: Path) -> None:
        self.plan = plan
        self.group = group
        self._holder: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that holds the switch's namespaces open."""
        if self._holder is None or self._holder.poll() is not None:
            raise LabError("the lab's switch is not running")
        return self._holder.pid

    def start(self) -> None:
        """Make the namespaces, the bridge and the cable to this machine."""
        self._holder = hold_namespaces(self.group, "--net", "--mount", "--propagation", "private")
        here = self.plan.cable("machine", 0)
        far_end = ["ip", "link", "add", self.plan.interface, "address", here.mac]
        self._batch("link add br0 type bridge", "link set br0 up", "link set lo up")
        run([*far_end, "type", "veth", "peer", "name", here.port, "netns", str(self.pid)])
        self._batch(f"link set {here.port} master br0 up")
        run(["ip", "-batch", "-"], input=configure(self.plan.interface, here))

    def plug(self, cable: Cable, pid: int) -> None:
        """Connect the network namespace of a process, as its interface host0."""
        self.unplug(cable)
        self._batch(
            f"link add {cable.port} type veth peer name host0 address {cable.mac} netns {pid}",
            f"link set {cable.port} master br0 up",
        )
        run(
            ["nsenter", f"--net=/proc/{pid}/ns/net", "ip", "-batch", "-"],
            input=configure("host0", cable),
        )

    def unplug(self, cable: Cable) -> None:
        """Take a cable away, with both of its ends, if it is there."""
        self._inside("ip", "-force", "link", "delete", cable.port, check=False)

    def set_carrier(self, cable: Cable, up: bool) -> None:
        """Cut a cable, or mend it."""
        self._batch(f"link set {cable.port} {'up' if up else 'down'}")

    def stop(self) -> None:
        """Let the switch go; its cables vanish with it."""
        if self._holder is not None:
            self._holder.kill()
            self._holder.wait()
        unplug_machine(self.plan.interface)

    def _batch(self, *lines: str) -> None:
        run(
            ["nsenter", "-t", str(self.pid), "--net", "ip", "-batch", "-"],
            input="\n".join(lines) + "\n",
        )

    def _inside(self, *command: str, check: bool) -> None:
        entered = ["nsenter", "-t", str(self.pid), "--net", *command]
        subprocess.run(entered, check=check, capture_output=True)


def configure(interface: str, cable: Cable) -> str:
    """The `ip -batch` lines that bring an interface up with its addresses."""
    return (
        "\n".join(
            (
                "link set lo up",
                f"address add {cable.address}/24 dev {interface}",
                f"address add {cable.address6}/64 dev {interface} nodad",
                f"link set {interface} up",
            )
        )
        + "\n"
    )


def hold_namespaces(group: Path, *flags: str) -> subprocess.Popen[bytes]:
    """Start a sleeping process in new namespaces and return once it is in them."""
    join = [*JOIN_CGROUP, str(cgroup.create(group))]
    sleeper = subprocess.Popen(
        [*join, "unshare", *flags, "sleep", "infinity"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 10
    while Path(f"/proc/{sleeper.pid}/comm").read_text() != "sleep\n":
        if sleeper.poll() is not None or time.monotonic() > deadline:
            raise LabUnavailable(
                f"this machine gives no new namespaces: unshare {' '.join(flags)} failed"
            )
        time.sleep(0.005)
    return sleeper


def unplug_machine(interface: str) -> None:
    """Remove the machine's end of a lab's cable, if it is there."""
    delete = ["ip", "link", "delete", interface]
    if not succeeds(delete) and interface in machine_interfaces():
        run(delete)


def machine_interfaces() -> list[str]:
    """The ends of labs' cables in this machine's namespace."""
    return sorted(
        name for name in os.listdir("/sys/class/net") if name.removeprefix(MACHINE_SIDE).isdigit()
    )
