"""How an entry is printed: its columns, where it was seen, who, why, fix."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from hardpoint.outcome import Proof
from hardpoint.reports.entries import Detail, Entry, Sight
from hardpoint.reports.layout import GAP, cell, paragraph, some
from hardpoint.reports.text import number, printable

MAX_SIGHTS = 6


class EntryLines:
    """Columns as wide as the entries need, and the lines of each."""

    def __init__(self, found: Iterable[Entry], many_hosts: bool, verbose: bool) -> None:
        kinds = [entry.kind for entry in found]
        self.many_hosts = many_hosts
        self.verbose = verbose
        proofs = [kind.proof.value for kind in kinds if kind.proof is not Proof.NOT_RUN]
        self.label = _width(kind.label for kind in kinds)
        self.proof = _width([*proofs, Proof.NOT_RUN.value]) if proofs else 0
        self.severity = _width(kind.severity.value for kind in kinds if kind.severity)

    def print(self, entry: Entry, console: Console) -> None:
        kind = entry.kind
        body = Text.assemble(
            cell(kind.proof.value, self.proof) if self.proof else "",
            cell(kind.severity.value if kind.severity else "", self.severity),
            GAP.join(part for part in self._headline(entry) if part),
        )
        paragraph(console, cell(kind.label, self.label), body, hang=self.label)
        for name, text in [*self._places(entry.sights), *kind.details]:
            margin = Text(" " * self.label).append(f"{printable(name)}: ", "dim")
            hang = min(margin.cell_len, self.label + len("waiver: "))
            paragraph(console, margin, Text(printable(text)), hang)

    def _headline(self, entry: Entry) -> list[str]:
        first, *others = entry.sights
        place = _how_many(entry.sights) if others else printable(first.place(self.many_hosts))
        same = len({sight.seen for sight in entry.sights}) == 1
        return [printable(entry.kind.control), place, printable(first.seen) if same else ""]

    def _places(self, sights: tuple[Sight, ...]) -> list[Detail]:
        """One line with all places of the same sight, or a line for each different one."""
        if len(sights) == 1:
            return []
        if len({sight.seen for sight in sights}) == 1:
            places = [sight.place(self.many_hosts) for sight in sights]
            return [("on", some([place for place in places if place], self.verbose))]
        shown = sights if self.verbose else sights[:MAX_SIGHTS]
        lines = [(sight.place(self.many_hosts) or "seen", sight.seen) for sight in shown]
        more = len(sights) - len(shown)
        return [*lines, ("and", f"{more} more like these")] if more else lines


def _width(words: Iterable[str]) -> int:
    return max((len(word) + 2 for word in words), default=0)


def _how_many(sights: tuple[Sight, ...]) -> str:
    hosts = {sight.host for sight in sights}
    subjects = {sight.subject for sight in sights}
    if len(hosts) > 1:
        return number(len(hosts), "host")
    return number(len(subjects), "user") if len(subjects) > 1 else ""
