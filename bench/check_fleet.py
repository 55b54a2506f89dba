"""`hardpoint check` against `pyinfra --dry` of the same controls, on lab hosts, alternating."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.lab import Host, Lab

ROUNDS = 5
ROOT = Path(__file__).parents[1]


def main(sizes: list[int]) -> None:
    with Lab(name="bench") as lab:
        for size in sizes:
            while len(lab.hosts) < size:
                expose(lab.boot(f"host{len(lab.hosts)}", layers=("ollama",)))
            compare(size, lab.inventory())


def expose(host: Host) -> None:
    """Something to find on each host."""
    folder = "/etc/systemd/system/ollama.service.d"
    host.write(f"{folder}/override.conf", "[Service]\nEnvironment=OLLAMA_HOST=0.0.0.0\n")
    host.run("systemctl daemon-reload && systemctl restart ollama")


def compare(size: int, inventory: Path) -> None:
    check = ["-m", "hardpoint", "check", str(inventory), "--format", "json"]
    dry = ["-m", "pyinfra", str(inventory), "deploys/baseline.py", "--dry"]
    ours, plain = [], []
    for _ in range(ROUNDS):
        ours.append(seconds(check))
        plain.append(seconds(dry))
    report = json.loads(run(check).stdout)
    execs = max(host["execs"] for host in report["hosts"])
    ratios = [b / a for a, b in zip(ours, plain, strict=True)]
    print(
        f"{size} host(s): check {statistics.median(ours):.2f} s, {execs} exec(s) a host; "
        f"pyinfra --dry {statistics.median(plain):.2f} s; "
        f"ratio {min(ratios):.1f} / {statistics.median(ratios):.1f} / {max(ratios):.1f} "
        f"(min / median / max of {ROUNDS})"
    )


def seconds(command: list[str]) -> float:
    began = time.monotonic()
    run(command)
    return time.monotonic() - began


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYINFRA_PROGRESS": "off"}
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True
    )


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or [1, 10])
