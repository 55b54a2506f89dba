"""A decision of the guard as a whole process, against an interpreter that does nothing, alternating.

What is measured is a copy of the guard, beside a policy of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hardpoint.operations.program import SOURCES
from tests.unit.guard.conftest import POLICY

ROUNDS = 100
PYTHON = "/usr/bin/python3"
ISOLATED = [PYTHON, "-I", "-S", "-B"]
CALLS = {
    "read": ("Read", {"file_path": "README.md"}),
    "short command": ("Bash", {"command": "git status --short && ls src | head"}),
    "long command": (
        "Bash",
        {
            "command": 'set -e; cd src && for f in *.py; do wc -l "$f"; done | sort -rn | head -5\n'
            "python3 - <<'EOF'\nimport json\nprint(json.dumps({'a': 1}))\nEOF\n"
            'git log --oneline -5 | while read -r h m; do echo "$h: $m"; done > /tmp/log.txt'
        },
    ),
}


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        guard = installed(Path(folder))
        events = {name: event(*call, folder) for name, call in CALLS.items()}
        taken: dict[str, list[float]] = {name: [] for name in ("bare", *events)}
        for _ in range(rounds):
            taken["bare"].append(milliseconds([PYTHON, "-I", "-S", "-c", "pass"], ""))
            for name, text in events.items():
                taken[name].append(milliseconds([*ISOLATED, str(guard), "claude-code"], text))
    bare = statistics.median(taken["bare"])
    for name, found in taken.items():
        p50, p95 = statistics.median(found), statistics.quantiles(found, n=20)[-1]
        print(f"{name}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, {p50 / bare:.1f} times bare Python")


def installed(folder: Path) -> Path:
    """A copy of the guard that obeys a policy beside it."""
    guard = folder / "guard"
    shutil.copytree(SOURCES / "guard", guard, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "agents.json").write_text(json.dumps(POLICY))
    module = guard / "policy.py"
    text = module.read_text().replace("/etc/hardpoint/agents.json", str(folder / "agents.json"))
    module.write_text(text.replace("return (0,) if", f"return ({os.getuid()},) if"))
    return guard


def event(tool: str, arguments: dict[str, str], folder: str) -> str:
    named = {"hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": arguments}
    return json.dumps({**named, "cwd": folder, "session_id": "bench"})


def milliseconds(command: list[str], text: str) -> float:
    began = time.monotonic()
    subprocess.run(command, input=text, text=True, capture_output=True, check=True)
    return 1000 * (time.monotonic() - began)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
