"""The read of listeners against `ss -tlnp`, on a lab host where very much listens, alternating."""

from __future__ import annotations

import statistics
import sys
import time

from hardpoint import hostside
from tests.hosts.withstand.test_listeners import listen
from tests.lab import Host, Lab

ROUNDS = 9


def main(ports: int, processes: int) -> None:
    request = {"do": "read", "what": "listeners", "services": []}
    read = hostside.command(request).get_raw_value()
    with Lab(name="bench") as lab:
        host = lab.boot("host")
        busy = f"with {ports + processes} listeners"
        for label in ("as it boots", busy):
            ours, theirs = [], []
            for _ in range(ROUNDS):
                ours.append(seconds(host, read))
                theirs.append(seconds(host, "ss -Htlnp"))
            ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
            print(
                f"{label}: read {statistics.median(ours):.2f} s, ss {statistics.median(theirs):.2f} s; "
                f"ratio {min(ratios):.1f} / {statistics.median(ratios):.1f} / {max(ratios):.1f} "
                f"(min / median / max of {ROUNDS})"
            )
            if label != busy:
                listen(host, ports, processes)


def seconds(host: Host, command: str) -> float:
    began = time.monotonic()
    host.run(command)
    return time.monotonic() - began


if __name__ == "__main__":
    main(*([int(word) for word in sys.argv[1:]] or [2000, 500]))
