"""A pytest plugin: seconds and results per lane (a folder of tests/), and what was left out and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import pytest
from _pytest.terminal import TerminalReporter


@dataclass
class Lane:
    """What one folder of tests has cost so far."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    first: float = float("inf")
    last: float = 0.0


class Lanes:
    """Adds up the reports of all workers."""

    def __init__(self) -> None:
        self.lanes: defaultdict[str, Lane] = defaultdict(Lane)
        self.reasons: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        lane = self.lanes[_lane(report.nodeid)]
        lane.seconds += report.duration
        lane.first, lane.last = min(lane.first, report.start), max(lane.last, report.stop)
        if report.when == "call" or report.outcome != "passed":
            lane.outcomes[report.outcome] += 1
        if report.skipped and isinstance(report.longrepr, tuple):
            self.reasons[report.longrepr[2].removeprefix("Skipped: ")] += 1

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        if not self.lanes:
            return
        terminalreporter.section("seconds per lane")
        for name, lane in sorted(self.lanes.items()):
            results = ", ".join(f"{count} {what}" for what, count in sorted(lane.outcomes.items()))
            wall = lane.last - lane.first
            terminalreporter.write_line(
                f"{name:<12}{wall:8.1f} s   ({lane.seconds:.1f} s of tests)   {results}"
            )
        left_out = "; ".join(f"{count} x {why}" for why, count in self.reasons.most_common())
        if left_out:
            terminalreporter.write_line(f"left out: {left_out}")


def _lane(nodeid: str) -> str:
    parts = nodeid.split("::")[0].split("/")
    return parts[1] if parts[0] == "tests" and len(parts) > 2 else parts[0]


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the controller hears of every worker's tests
        config.pluginmanager.register(Lanes(), "hardpoint-lanes")
