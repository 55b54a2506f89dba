"""Keeps one nspawn host running: the first process of a process and mount namespace of its own.

Started by nspawn.py as a plain script, so it imports the standard library only. Its mounts, its
processes and the host's network namespace end with it, whatever kills it.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from typing import Any

REBOOT = 133
TUN = "/dev/net/tun"
NSPAWN = (
    "systemd-nspawn",
    "--quiet",
    "--register=no",
    "--keep-unit",
    "--boot",
    "--resolv-conf=off",
    "--timezone=off",
    "--link-journal=no",
    "--console=passive",
    "--capability=CAP_NET_ADMIN",
    "--system-call-filter=bpf",
    "--system-call-filter=@keyring",
    "--bind=/dev/fuse",
    "--network-namespace-path=/run/netns/host",
)
ENVIRONMENT = {
    "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
    "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network",
}


def call(*command: str, input: str | None = None) -> None:
    """Run a command that has to succeed."""
    subprocess.run(command, check=True, text=True, input=input)


def mount(spec: dict[str, Any]) -> None:
    """Hide /run, so that nothing leaks to the machine, and stack the host's file system."""
    overlay = f"lowerdir={':'.join(spec['lowers'])},upperdir={spec['upper']},workdir={spec['work']}"
    options = f"{overlay},index=off,metacopy=off,redirect_dir=off"
    call("mount", "-t", "overlay", "overlay", "-o", options, spec["root"])
    call("mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/run")
    for folder in ("/run/netns", "/run/systemd/nspawn"):
        os.makedirs(folder)
    admit_everybody_to_tun()
    open("/run/netns/switch", "w").close()
    call("mount", "--bind", f"/proc/{os.getpid()}/fd/{spec['switch']}", "/run/netns/switch")


def admit_everybody_to_tun() -> None:
    """Give the device of rootless containers the mode that udev gives it on a computer.

    nspawn copies the machine's node, which without udev is root's alone.
    """
    if os.path.exists(TUN):
        node = "/run/tun"
        os.mknod(node, stat.S_IFCHR, os.stat(TUN).st_rdev)
        os.chmod(node, 0o666)
        call("mount", "--bind", node, TUN)


def connect(spec: dict[str, Any]) -> None:
    """A new network namespace with a new cable, as after pulling the plug."""
    subprocess.run(["ip", "netns", "delete", "host"], stderr=subprocess.DEVNULL)
    subprocess.run(
        ["ip", "-n", "switch", "link", "delete", spec["port"]], stderr=subprocess.DEVNULL
    )
    call("ip", "netns", "add", "host")
    cable = f"link add {spec['port']} type veth peer name host0 address {spec['mac']} netns host\n"
    call(
        "ip", "-n", "switch", "-batch", "-", input=f"{cable}link set {spec['port']} master br0 up\n"
    )
    call("ip", "-n", "host", "-batch", "-", input=spec["configure"])


def main() -> int:
    """Boot the host again for as long as it asks for a reboot."""
    spec = json.loads(sys.argv[1])
    mount(spec)
    while True:
        connect(spec)
        ended = subprocess.run([*NSPAWN, "--directory", spec["root"]], env=os.environ | ENVIRONMENT)
        if ended.returncode != REBOOT:
            return ended.returncode


if __name__ == "__main__":
    raise SystemExit(main())
