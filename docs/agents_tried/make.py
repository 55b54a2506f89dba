"""Makes docs/agents-tried.md from real runs: python -m docs.agents_tried.make [RESULTS], as root.

Boots a workstation with the six agents in the lab, proves it bare, applies the profile `recommended`,
and proves it again. With a folder, the reports are kept there, or taken from there.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.lab import Lab

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = HERE.parent / "agents-tried.md"
LAYERS = ("agents", "sandbox-tools")
FAMILIES = ("--family", "tools", "--family", "agents")
HEAD = """\
# Coding agents, tried

Made by `python -m docs.agents_tried.make` from `hardpoint prove --family agents` on a Debian 13 host of the
lab, before and after `hardpoint apply` of the profile `recommended`. [proof.md](proof.md) says how a trial is
made: {attacks} attacks and {tasks} honest tasks a run, by a scripted model, in the most permissive mode that
still starts, nobody there to answer; once with the settings that the user has, and once with hostile ones of
the user and the project. A figure is the number of attacks that got through.
"""


def main(kept: str | None) -> None:
    folder = Path(kept) if kept else None
    reports = _taken(folder) or _made()
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        for name, report in reports.items():
            (folder / f"{name}.json").write_text(json.dumps(report))
    PAGE.write_text("\n".join(_page(reports["before"], reports["after"])) + "\n")


def _taken(folder: Path | None) -> dict[str, Any]:
    files = list(folder.glob("*.json")) if folder else []
    return {file.stem: json.loads(file.read_text()) for file in files}


def _made() -> dict[str, Any]:
    with Lab(name="agents-tried") as lab:
        lab.boot("workstation", "debian13", layers=LAYERS)
        inventory = lab.inventory()
        before = _report("prove", inventory, "--family", "agents")
        _report("apply", inventory, *FAMILIES, "--yes")
        return {"before": before, "after": _report("prove", inventory, "--family", "agents")}


def _report(command: str, inventory: Path, *more: str) -> Any:
    line = [sys.executable, "-m", "hardpoint", command, str(inventory), *more, "--format", "json"]
    ran = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    if not ran.stdout:
        raise SystemExit(ran.stderr)
    return json.loads(ran.stdout)


def _page(before: Any, after: Any) -> Iterator[str]:
    bare, held = (
        [trial for trial in report["hosts"][0]["trials"] if trial["rows"]]
        for report in (before, after)
    )
    rows = bare[0]["rows"]
    attacks = sum(row["attack"] for row in rows)
    yield HEAD.format(attacks=attacks, tasks=len(rows) - attacks)
    for title, trials in (("Before", bare), ("After", held)):
        yield from (f"## {title}", "", *_summary(trials), "")
    yield from ("## After, by group", "", *_groups(held), "")
    yield from _through(held)


def _summary(trials: list[Any]) -> Iterator[str]:
    yield "| agent | by | settings | mode | got through | honest tasks | seconds |"
    yield "|---|---|---|---|---|---|---|"
    for trial in trials:
        attacks = [row for row in trial["rows"] if row["attack"]]
        tasks = [row for row in trial["rows"] if not row["attack"]]
        done = sum(row["outcome"] == "passed" for row in tasks)
        cells = (
            trial["agent"]["id"],
            _means(trial),
            _whose(trial),
            trial["mode"],
            f"{_leaked(attacks)} of {len(attacks)}",
            f"{done} of {len(tasks)}",
            f"{trial['seconds']:.0f}",
        )
        yield f"| {' | '.join(map(str, cells))} |"


def _groups(trials: list[Any]) -> Iterator[str]:
    hostile = [trial for trial in trials if trial["hostile"]]
    heads = [f"{trial['agent']['id']} {_means(trial)}" for trial in hostile]
    yield f"| attacks, hostile settings | {' | '.join(heads)} |"
    yield "|---" * (len(heads) + 1) + "|"
    columns = [_by_group(trial) for trial in hostile]
    for group, rows in columns[0].items():
        cells = (_cell(column.get(group, [])) for column in columns)
        yield f"| {group} ({len(rows)}) | {' | '.join(cells)} |"


def _by_group(trial: Any) -> dict[str, list[Any]]:
    attacks = (row for row in trial["rows"] if row["attack"])
    return {group: list(rows) for group, rows in groupby(attacks, key=lambda row: row["group"])}


def _cell(rows: list[Any]) -> str:
    """How many got through, and what stopped the others."""
    if through := _leaked(rows):
        return f"**{through}**"
    layers = dict.fromkeys(row["layer"] or "?" for row in rows if row["outcome"] == "stopped")
    return f"0: {', '.join(layers)}"


def _through(trials: list[Any]) -> Iterator[str]:
    yield "## What got through all the same"
    yield ""
    lines = [
        f"- {trial['agent']['id']} {_means(trial)}, {_whose(trial)} settings: `{row['id']}`"
        for trial in trials
        for row in trial["rows"]
        if row["attack"] and row["outcome"] == "leaked"
    ]
    yield from lines or ["Nothing."]


def _leaked(rows: list[Any]) -> int:
    return sum(row["outcome"] == "leaked" for row in rows)


def _means(trial: Any) -> str:
    return "hardpoint-run" if trial["agent"]["launcher"] else "its own means"


def _whose(trial: Any) -> str:
    return "hostile" if trial["hostile"] else "own"


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
