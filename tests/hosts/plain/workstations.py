"""Hosts as people leave them, the inventories that reach them, and what pyinfra said about them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from runpy import run_path

from tests.command import Ran
from tests.lab import Host, Lab
from tests.lab.workstations import DROP_IN, expose_by_drop_in, expose_by_user

DEPLOY = "deploys/baseline.py"
PORT = 11434
NAME = re.compile(r"[a-z0-9-]+ [a-z0-9._-]+ (file|document|package|unit|withdraw)")
OURS = "/etc/systemd/system/ollama.service.d/zz-hardpoint-ollama-loopback"
LM_STUDIO = "/home/alice/.lmstudio/.internal/http-server-config.json"

__all__ = ["DROP_IN", "expose_by_drop_in", "expose_by_user"]


def wait_until_served(host: Host, port: int = PORT) -> None:
    host.run(f"until curl -sf http://127.0.0.1:{port}/api/version; do sleep 0.1; done")


def answers(host: Host, port: int = PORT) -> bool:
    """Whether Ollama answers on the host's own loopback."""
    return "version" in host.run(f"curl -s http://127.0.0.1:{port}/api/version", check=False).stdout


def exposed(host: Host) -> Host:
    """Ollama's system service answers everybody."""
    expose_by_drop_in(host)
    wait_until_served(host)
    return host


def serve_by_hand(host: Host, user: str, port: int) -> int:
    """Somebody types `ollama serve`, for everybody; its pid on the host."""
    host.run(
        f"OLLAMA_HOST=0.0.0.0:{port} setsid -f ollama serve </dev/null >/dev/null 2>&1", user=user
    )
    wait_until_served(host, port)
    return int(host.run(["pgrep", "-u", user, "-x", "ollama"]).stdout)


def main_pid(host: Host) -> int:
    """The process of Ollama's system service."""
    return int(host.run("systemctl show -P MainPID ollama").stdout)


def inventory(
    folder: Path,
    lab: Lab,
    groups: Mapping[str, Iterable[Host]],
    policy: str = "",
    users: Mapping[str, str] | None = None,
) -> Path:
    """An inventory of these groups, in a folder of its own; the policy is its group data.

    `users`: who logs in, where it isn't ops.
    """
    folder.mkdir(exist_ok=True)
    users = users or {}
    lines = []
    for group, hosts in groups.items():
        rows = [(h.name, _reach(lab, h, users.get(h.name, "ops"))) for h in hosts]
        lines.append(f"{group} = {rows!r}\n")
    path = folder / "inventory.py"
    path.write_text("".join(lines))
    if policy:
        (folder / "policy.yaml").write_text(policy)
        (folder / "group_data").mkdir(exist_ok=True)
        data = f"hardpoint_policy = {str(folder / 'policy.yaml')!r}\n"
        (folder / "group_data/all.py").write_text(data)
    return path


def _reach(lab: Lab, host: Host, user: str) -> dict[str, object]:
    return dict(run_path(str(lab.inventory(user)))["hosts"])[host.name]


def planned(ran: Ran) -> dict[str, set[str]]:
    """Of `pyinfra --json --dry`: each operation that would change something, and where; in order."""
    plan = json.loads(ran.out)["plan"]
    found: dict[str, set[str]] = {}
    for one in plan:
        if one["hosts_with_change"]:
            found.setdefault(one["name"], set()).update(one["hosts_with_change"])
    return found


def names(ran: Ran) -> list[str]:
    """The name of every operation, but for the two that aren't a control's; each has only one."""
    found = []
    for one in json.loads(ran.out)["plan"]:
        (name,) = one["names"]
        found.append(name)
    assert found[-2:] == ["hardpoint close", "hardpoint verify"]
    return found[:-2]


def changed(ran: Ran) -> dict[str, set[str]]:
    """Of `pyinfra --json -y`: each operation that changed something, and where."""
    found: dict[str, set[str]] = {}
    for one in json.loads(ran.out)["results"]["operations"]:
        if one["success"]:
            found.setdefault(one["name"], set()).update(one["success"])
    return found
