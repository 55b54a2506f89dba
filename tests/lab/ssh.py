"""What a client needs to reach the hosts over SSH, with strict host keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PORT = 22
CLIENT = ("ssh", "-o", "BatchMode=yes", "-o", "ControlMaster=no", "-o", "ControlPath=none")


@dataclass(frozen=True)
class Reachable:
    """One host as SSH sees it."""

    name: str
    address: str
    address6: str
    host_key: str


def config_text(hosts: Iterable[Reachable], key: Path, known_hosts: Path) -> str:
    """An ssh_config with one block per host."""
    blocks = []
    for host in hosts:
        blocks.append(f"""Host {host.name}
    HostName {host.address}
    Port {PORT}
    User ops
    IdentityFile {key}
    IdentitiesOnly yes
    UserKnownHostsFile {known_hosts}
    GlobalKnownHostsFile none
    StrictHostKeyChecking yes
    ConnectTimeout 5
""")
    return "\n".join(blocks)


def known_hosts_text(hosts: Iterable[Reachable]) -> str:
    """A known_hosts with each host under its name and its addresses."""
    return "".join(f"{h.name},{h.address},{h.address6} {h.host_key}\n" for h in hosts)


def inventory_text(hosts: Iterable[Reachable], user: str, key: Path, known_hosts: Path) -> str:
    """A pyinfra inventory of the same hosts."""
    lines = ['"""The hosts of a lab that is up; written by the lab."""', "", "hosts = ["]
    for host in hosts:
        data = {
            "ssh_hostname": host.address,
            "ssh_port": PORT,
            "ssh_user": user,
            "ssh_key": str(key),
            "ssh_known_hosts_file": str(known_hosts),
            "ssh_strict_host_key_checking": "yes",
            "ssh_allow_agent": False,
            "ssh_look_for_keys": False,
        }
        lines.append(f"    ({host.name!r}, {data!r}),")
    return "\n".join([*lines, "]"]) + "\n"
