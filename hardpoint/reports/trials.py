"""The table of trials: attack x agent, with what stopped it."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_lowercase

from rich.console import Console
from rich.text import Text

from hardpoint.outcome import HostReport
from hardpoint.proofs.trials import Row, Trial
from hardpoint.reports.layout import STYLES, paragraph
from hardpoint.reports.text import machine, number, printable

LETTERS = {
    "sandbox": "S",
    "deny rule": "D",
    "guard": "G",
    "proxy": "P",
    "hook": "H",
    "its own limits": "O",
    "its own failure": "F",
    "no such tool": "N",
    "session ended": "E",
}
LEAKED, UNKNOWN, NOT_RUN = "L", "?", "–"
WIDTH = 34


def print_trials(host: HostReport, console: Console, verbose: bool) -> None:
    """The runs, then a line for each attack that got through one of them (verbose: for each attack)."""
    if not host.trials:
        return
    console.print()
    console.print(Text(f"agents on {machine(host.host)}, run against a scripted model"))
    for name, trial in zip(_names(host.trials), host.trials, strict=False):
        paragraph(console, Text(f"  {name:>2}  "), Text(_about(trial)), hang=6)
    ran = [(n, t) for n, t in zip(_names(host.trials), host.trials, strict=False) if t.rows]
    if not ran:
        return
    console.print(_line(" " * WIDTH, [name for name, _ in ran]))
    for row in (row for row in ran[0][1].rows if row.attack):
        marks = [mark(trial, row.id) for _, trial in ran]
        if verbose or LEAKED in marks:
            console.print(_line(f"  {printable(row.id):{WIDTH - 2}}", marks))
    legend = ", ".join(f"{letter} {layer}" for layer, letter in LETTERS.items())
    told = f"{LEAKED} got through; stopped by {legend}; {NOT_RUN} not tried"
    paragraph(console, Text("  "), Text(told), hang=2)


def mark(trial: Trial, row: str) -> str:
    """One letter for what became of an attack."""
    found: Row | None = next((one for one in trial.rows if one.id == row), None)
    if not found or found.outcome not in ("leaked", "stopped"):
        return NOT_RUN
    return LEAKED if found.outcome == "leaked" else LETTERS.get(found.layer, UNKNOWN)


def _about(trial: Trial) -> str:
    if not trial.rows:
        return printable(f"{trial.place}: {trial.problem}")
    attacks = [row for row in trial.rows if row.attack]
    through = [row for row in attacks if row.outcome == "leaked"]
    tasks = "all honest tasks done" if not trial.undone else f"not done: {', '.join(trial.undone)}"
    if not trial.alive:
        tasks += "; its tools answered no more at the end"
    told = f"{len(through)} of {number(len(attacks), 'attack')} got through, {tasks}"
    return printable(f"{trial.place}, mode {trial.mode}: {told}, {trial.seconds:.0f} s")


def _names(trials: list[Trial]) -> Iterator[str]:
    """a, b, ... z, aa, ab, ..."""
    for place in range(len(trials)):
        high, low = divmod(place, len(ascii_lowercase))
        yield (ascii_lowercase[high - 1] if high else "") + ascii_lowercase[low]


def _line(head: str, cells: list[str]) -> Text:
    line = Text(head)
    for cell in cells:
        line.append(f"{cell:>3}", STYLES["exposed"] if cell == LEAKED else "")
    return line
