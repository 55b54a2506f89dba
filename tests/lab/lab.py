"""A lab: some hosts, the network between them, and what a client needs to reach them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from types import TracebackType

from . import (
    backends,
    cgroup,
    housekeeping,
    identity,
    images,
    keys,
    layers,
    mirror,
    network,
    paths,
    proxy,
    ssh,
)
from .errors import LabError
from .host import Host
from .locks import locked, unlock_and_remove
from .machine import Blueprint
from .network import Cable, Plan, Switch
from .probe import Probe
from .shell import JOIN_CGROUP


class Lab:
    """Boots hosts on this machine; as a context manager it removes them all at the end.

    Labs of different names run side by side. `backend` is nspawn, podman, docker or auto.
    """

    def __init__(self, backend: str = "auto", name: str = "lab") -> None:
        self.name = name
        self.backend = backends.choose(backend)
        self.hosts: dict[str, Host] = {}
        self.folder = housekeeping.folder(name)
        self.ssh_config = self.folder / "ssh_config"
        self.known_hosts = self.folder / "known_hosts"
        self.key = keys.private_key()
        self._group = cgroup.of_lab(name)
        self._reachable: dict[str, ssh.Reachable] = {}
        self._cables: dict[str, Cable] = {}
        self._probes: list[Probe] = []
        with ExitStack() as undo:
            self._own(undo)
            self._connect(undo)
            self._undo = undo.pop_all()

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.down()

    @property
    def proxy_url(self) -> str:
        """The HTTP proxy that hosts' apt uses; it reaches this machine's package archives only."""
        return f"http://{self.address}:{proxy.PORT}"

    @property
    def address(self) -> str:
        """Where the hosts see this machine."""
        return self._plan.cable("machine", 0).address

    def boot(self, name: str, distro: str = "debian12", layers: Sequence[str] = ()) -> Host:
        """Boot a new host and return it when systemd and sshd are up."""
        if name in self.hosts:
            raise LabError(f"there is already a host named {name}")
        blueprint, host_key = self._draw(name, distro, layers)
        machine = backends.BACKENDS[self.backend].machine(blueprint, self._switch)
        host = self.hosts[name] = Host(blueprint, distro, machine, self._switch, self.ssh_config)
        self._reachable[name] = ssh.Reachable(name, host.address, host.address6, host_key)
        self._write_down()
        host.start()
        return host

    def remove(self, host: Host) -> None:
        """Switch a host off for good."""
        host.remove()
        del self.hosts[host.name], self._reachable[host.name], self._cables[host.name]
        self._write_down()

    def probe(self) -> Probe:
        """Another laptop on the same network; closing it frees its address for the next one."""
        self._probes = [probe for probe in self._probes if not probe.closed]
        cable = self._free_cable("probe")
        probe = Probe(cable, self._switch, self._group / cable.port)
        self._probes.append(probe)
        return probe

    def inventory(self, user: str = "ops", hosts: Sequence[Host] | None = None) -> Path:
        """A pyinfra inventory of these hosts, or of all that are up now."""
        names = [host.name for host in hosts] if hosts is not None else list(self.hosts)
        reachable = [self._reachable[name] for name in names]
        path = self.folder / f"inventory_{'_'.join([user, *names])}.py"
        path.write_text(ssh.inventory_text(reachable, user, self.key, self.known_hosts))
        return path

    def detach(self) -> None:
        """Leave the lab running after this process; `python -m tests.lab down` ends it."""
        (self.folder / housekeeping.DETACHED).touch()
        self._undo.pop_all()

    def down(self) -> None:
        """Remove every process, interface, control group and file of this lab."""
        self._undo.close()
        self.hosts.clear()

    def _own(self, undo: ExitStack) -> None:
        lock = housekeeping.own(self.name)
        if lock is None:
            raise LabError(f"a lab named {self.name} is already running")
        if housekeeping.is_left_running(self.name):
            lock.close()
            raise LabError(
                f"a lab named {self.name} was left running: python -m tests.lab down {self.name}"
            )
        undo.callback(unlock_and_remove, lock)
        housekeeping.teardown(self.name)

    def _connect(self, undo: ExitStack) -> None:
        undo.callback(housekeeping.teardown, self.name)
        self.folder.mkdir(parents=True)
        with locked(housekeeping.slots_lock()):
            taken = housekeeping.used_slots()
            self._plan = next(
                plan
                for plan in map(Plan, network.SLOTS)
                if plan.slot not in taken and plan.is_free()
            )
            self._write_down()
        self._switch = Switch(self._plan, self._group / "switch")
        undo.callback(self._switch.stop)
        self._switch.start()
        undo.callback(self._start_proxy().communicate)
        undo.callback(self._kill)

    def _kill(self) -> None:
        cgroup.remove(self._group)
        for host in self.hosts.values():
            host.abandon()
        for probe in self._probes:
            probe.close()

    def _start_proxy(self) -> subprocess.Popen[bytes]:
        settings = {
            "listen": [self._plan.cable("machine", 0).address, proxy.PORT],
            "origins": sorted(mirror.machine_mirror().origins()),
            "upstream": mirror.machine_proxy(),
        }
        join = [*JOIN_CGROUP, str(cgroup.create(self._group / "proxy"))]
        script = [sys.executable, "-I", str(paths.PACKAGE / "proxy.py"), json.dumps(settings)]
        return subprocess.Popen(
            [*join, *script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a lab that stays up must not hold a pipe open
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _draw(self, name: str, distro: str, wanted: Sequence[str]) -> tuple[Blueprint, str]:
        stack = (*(layers.layer(layer, distro) for layer in reversed(wanted)), images.image(distro))
        folder = self.folder / "hosts" / name
        host_key = identity.make(folder / "identity", name, self.proxy_url)
        cable = self._cables[name] = self._free_cable("host")
        group = self._group / f"host-{name}"
        return Blueprint(name, folder, group, cable, stack, folder / "identity"), host_key

    def _free_cable(self, kind: str) -> Cable:
        in_use = {*self._cables.values(), *(probe.cable for probe in self._probes)}
        number = next(n for n in count() if self._plan.cable(kind, n) not in in_use)
        return self._plan.cable(kind, number)

    def _write_down(self) -> None:
        hosts = [
            {"name": h.name, "distro": h.distro, "address": h.address} for h in self.hosts.values()
        ]
        known = {"slot": self._plan.slot, "backend": self.backend, "hosts": hosts}
        (self.folder / housekeeping.RECORD).write_text(json.dumps(known))
        reachable = self._reachable.values()
        self.ssh_config.write_text(ssh.config_text(reachable, self.key, self.known_hosts))
        self.known_hosts.write_text(ssh.known_hosts_text(reachable))
