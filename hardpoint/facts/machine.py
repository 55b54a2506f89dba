"""The machine: its system, addresses and people."""

from __future__ import annotations

from typing import Any

from hardpoint.facts import Read


class Machine(Read):
    """{system: "Debian 12", kernel, systemd: bool, python, root: bool, user, hostname,
    addresses: ["192.168.1.23"], users: [{name, uid, home, state: ok | missing | locked}]}."""

    what = "host"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"system": "", "kernel": "", "systemd": False, "addresses": [], "users": []}
