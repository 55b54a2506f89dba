"""The modules of the audit log's program, loaded as it loads them: siblings, by their plain names."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

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
