"""What makes one host different from another with the same image."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .keys import make_key
from .mirror import checks_dates


def make(folder: Path, name: str, proxy_url: str) -> str:
    """Fill the folder: names, machine id, apt's proxy, SSH host key; returns its public half."""
    for parent in ("etc", "etc/apt", "etc/apt/apt.conf.d", "etc/ssh"):
        (folder / parent).mkdir(mode=0o755, parents=True)
    etc = folder / "etc"
    (etc / "hostname").write_text(f"{name}\n")
    (etc / "hosts").write_text(
        f"127.0.0.1 localhost\n::1 localhost ip6-localhost\n127.0.1.1 {name}\n"
    )
    (etc / "machine-id").write_text(hashlib.md5(str(folder).encode()).hexdigest() + "\n")
    (etc / "apt/apt.conf.d/90lab").write_text(_apt(proxy_url))
    make_key(etc / "ssh/ssh_host_ed25519_key", f"root@{name}")
    return (etc / "ssh/ssh_host_ed25519_key.pub").read_text().strip()


def _apt(proxy_url: str) -> str:
    late = "" if checks_dates() else 'Acquire::Check-Valid-Until "false";\n'
    return f'Acquire::http::Proxy "{proxy_url}";\nAcquire::https::Proxy "{proxy_url}";\n{late}'
