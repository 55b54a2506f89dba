"""The hosts of a fleet, a line each, worst first."""

from __future__ import annotations

from collections import Counter

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from hardpoint.outcome import HostReport, Status, worst
from hardpoint.reports.layout import GAP, cell, counts, paragraph
from hardpoint.reports.text import machine, number

MAX_GOOD_HOSTS = 10
MAX_NAME = 30

_GOOD = {Status.WAIVED, Status.SKIPPED, Status.COMPLIANT, Status.NOT_APPLICABLE}


def print_hosts(hosts: list[HostReport], console: Console, verbose: bool) -> None:
    """Hosts on which nothing is to be done share one line where there are many of them."""
    ordered = sorted(hosts, key=lambda host: (host.status.rank, host.host))
    good = [host for host in ordered if host.status in _GOOD]
    if not verbose and len(good) > MAX_GOOD_HOSTS:
        ordered = [host for host in ordered if host.status not in _GOOD]
    else:
        good = []
    width = max((cell_len(machine(host.host)) for host in ordered), default=0)
    for host in ordered:
        _print_host(host, min(width, MAX_NAME), console)
    if good:
        others = number(len(good), "more host" if ordered else "host")
        status = worst(host.status for host in good).value
        console.print(cell(status).append(f"  {others}, nothing to do", ""))


def _print_host(host: HostReport, width: int, console: Console) -> None:
    numbers = Counter(outcome.status for outcome in host.outcomes)
    seconds = "" if host.unreachable else f"{host.seconds:.1f} s"
    margin = Text.assemble(
        cell(machine(host.host), width),
        "  ",
        cell(host.status.value, len("not-applicable")),
        f"{seconds:>8}",
        GAP,
    )
    paragraph(console, margin, Text(counts(numbers, Status)), hang=margin.cell_len)
