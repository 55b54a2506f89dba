"""The report that a person reads: hosts, findings by severity, counts, the next command."""

from __future__ import annotations

import shlex
from collections import Counter

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from hardpoint.outcome import Fate, Proof, Report, Status
from hardpoint.reports.entries import Entry, entries
from hardpoint.reports.entry_lines import EntryLines
from hardpoint.reports.host_table import print_hosts
from hardpoint.reports.layout import counts, paragraph, some
from hardpoint.reports.text import LOCAL, machine, number, printable
from hardpoint.reports.trials import print_trials


def render(report: Report, console: Console, verbose: bool = False) -> None:
    """Print the report. Verbose also lists what holds, and all hosts and places.

    `Report.command` is the verb, with the inventory and --limit where they were given, so that
    the next command reaches the same hosts: `check inventories/fleet.py --limit gpu`.
    """
    many = len(report.hosts) != 1
    _print_head(report, console)
    if many and report.hosts:
        console.print()
        print_hosts(report.hosts, console, verbose)
    _print_policies(report, console, verbose)
    _print_unseen(report, console, verbose)
    found = entries(report, verbose)
    if found:
        console.print()
    lines = EntryLines(found, many, verbose)
    for entry in found:
        lines.print(entry, console)
    for host in report.hosts:
        print_trials(host, console, verbose)
    console.print()
    for notice in report.notices:
        paragraph(console, Text("notice: "), Text(printable(notice)), hang=8)
    _print_closing(report, found, console)


def _print_head(report: Report, console: Console) -> None:
    profiles = "profiles" if "," in report.profile else "profile"
    common = [f"{profiles} {printable(report.profile)}", number(report.controls, "control")]
    if len(report.hosts) == 1:
        host = report.hosts[0]
        users = "" if host.unreachable else number(host.users, "user")
        parts = [machine(host.host), printable(host.system), *common, users]
    else:
        parts = [number(len(report.hosts), "host"), *common]
    parts.append(f"{report.seconds:.1f} s")
    paragraph(console, Text(), Text(" · ".join(part for part in parts if part)), hang=2)


def _print_policies(report: Report, console: Console, verbose: bool) -> None:
    """Which hosts have which policy, where they differ."""
    of_hosts: dict[str, list[str]] = {}
    for host in report.hosts:
        of_hosts.setdefault(host.policy, []).append(printable(host.host))
    for policy, hosts in of_hosts.items() if len(of_hosts) > 1 else ():
        told = f"{printable(policy)} ({some(hosts, verbose)})"
        paragraph(console, Text("policy: "), Text(told), hang=8)


def _print_unseen(report: Report, console: Console, verbose: bool) -> None:
    """What could not be read, each once, with its hosts."""
    unseen: dict[str, list[str]] = {}
    for host in report.hosts:
        for what in host.unseen:
            unseen.setdefault(what, []).append(printable(host.host))
    for what, hosts in unseen.items():
        where = f" ({some(hosts, verbose)})" if len(report.hosts) > 1 else ""
        paragraph(console, Text("not seen: "), Text(printable(what) + where), hang=10)


def _print_closing(report: Report, found: list[Entry], console: Console) -> None:
    """What was done, how it stands now, and what to do next."""
    fates = Counter(outcome.fate for outcome in report.outcomes() if outcome.fate)
    proofs = Counter(outcome.proof.proof for outcome in report.outcomes())
    if fates:
        paragraph(console, Text(), Text(counts(fates, Fate)), hang=2)
    if set(proofs) - {Proof.NOT_RUN}:
        when = min((o.proof.at for o in report.outcomes() if o.proof.at), default="")
        told = [counts(proofs, Proof), printable(when)]
        paragraph(console, Text("proof: "), Text(" · ".join(filter(None, told))), hang=7)
    now = Text("now: " if fates else "")
    now.append(counts(report.counts(), Status) or "nothing was checked")
    commands = _next(report, found)
    following = f"next: {' · '.join(commands)}"
    if commands and now.cell_len + 6 + cell_len(following) <= console.width:
        console.print(now.append(f"      {following}"), soft_wrap=True)
        return
    paragraph(console, Text(), now, hang=2)
    if cell_len(following) > console.width:
        following = "next: " + "\n      ".join(commands)
    if commands:
        console.print(Text(following), soft_wrap=True)


def _next(report: Report, found: list[Entry]) -> list[str]:
    """The commands that make sense now, on the same hosts."""
    verb, *where = printable(report.command).split() or [""]
    if not where and [host.host for host in report.hosts] != [LOCAL]:
        where = ["INVENTORY"]
    open_entries = [entry.kind for entry in found if entry.kind.open]
    commands = []
    if any(kind.severity for kind in open_entries) and verb != "apply":
        commands.append(" ".join(["hardpoint apply", *where]))
    if not open_entries and report.hosts and verb != "prove":
        commands.append(" ".join(["hardpoint prove", *where]))
    if report.run and (failed := _failed_hosts(report)):
        commands.append(_way_back(report.run, where[:1], failed))
    elif report.run and any(outcome.fate is Fate.FIXED for outcome in report.outcomes()):
        commands.append(" ".join(["hardpoint rollback", *where, "--run", printable(report.run)]))
    worst = next((kind.control for kind in open_entries if kind.control), "")
    if worst:
        commands.append(f"hardpoint explain {printable(shlex.quote(worst))}")
    return commands


def _failed_hosts(report: Report) -> list[str]:
    """Hosts where an apply did not end well, and what it did stands."""
    return [
        host.host
        for host in report.hosts
        if any(outcome.down or outcome.fate is Fate.FAILED for outcome in host.outcomes)
    ]


def _way_back(run: str, inventory: list[str], hosts: list[str]) -> str:
    """The command that takes the run back on these hosts alone."""
    limit = [] if hosts == [LOCAL] else ["--limit", shlex.quote(printable(",".join(hosts)))]
    where = [word for word in inventory if not word.startswith("-")]
    return " ".join(["hardpoint rollback", *where, *limit, "--run", printable(run)])
