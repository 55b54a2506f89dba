"""The modules of the audit log's program, loaded as it loads them: siblings, by their plain names."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hardpoint.operations.program import SOURCES

FOLDER = Path(SOURCES) / "audit"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "__main__")


def load() -> SimpleNamespace:
    """All of them; no other program's module of the same name is in the way, or gets in its way."""
    sys.path.insert(0, str(FOLDER))
    before = {name: sys.modules.pop(name) for name in NAMES if name in sys.modules}
    try:
        return SimpleNamespace(**{name: importlib.import_module(name) for name in NAMES})
    finally:
        sys.path.remove(str(FOLDER))
        for name in NAMES:
            sys.modules.pop(name, None)
        sys.modules.update(before)


audit = load()
ALICE = {"uid": 1000, "user": "alice", "pid": 7}
DAY = 86400
NOON = 1795262400.0  # 2026-11-21T12:00:00Z


class Clock:
    """The time of day, and the seconds that go on steadily."""

    def __init__(self) -> None:
        self.now, self.steady = NOON, 100.0

    def __call__(self) -> tuple[float, float]:
        return self.now, self.steady

    def go(self, seconds: float) -> None:
        self.now += seconds
        self.steady += seconds


class Log:
    """A log in a folder of its own."""

    def __init__(self, folder: Path, quota: int = 1 << 20) -> None:
        self.logs, self.state = folder / "logs", folder / "state"
        self.logs.mkdir()
        self.state.mkdir()
        self.clock, self.quota = Clock(), quota
        self.start()

    def start(self) -> Any:
        self.store = audit.store.Store(self.logs, self.state, self.quota, 90, self.clock)
        self.store.open()
        self.store.sync()
        return self

    def write(self, count: int = 1, detail: str = "ls") -> None:
        for _ in range(count):
            self.tell({"kind": "tool", "detail": detail})
        self.store.sync()

    def tell(self, event: dict[str, Any], user: str = "alice") -> None:
        self.store.append([({**ALICE, "user": user}, event)])

    def files(self) -> list[Path]:
        return sorted(self.logs.iterdir())

    def lines(self) -> list[bytes]:
        return [line for path in self.files() for line in path.read_bytes().splitlines(True)]

    def put(self, lines: list[bytes]) -> None:
        (only,) = self.files()
        only.write_bytes(b"".join(lines))

    def walk(self, budget: int | None = None) -> Any:
        walk = audit.audit_chain.Walk(self.logs, self.state, budget)
        walk.seen = list(walk.bodies())
        return walk

    def problems(self) -> list[tuple[str, int]]:
        return [(one["what"], one["seq"]) for one in self.walk().problems]

    def reasons(self) -> str:
        return b"".join(self.lines()).decode()
