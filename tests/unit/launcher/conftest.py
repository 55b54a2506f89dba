"""Programs for hosts are folders whose parts import each other plainly: here several are loaded."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from hardpoint.operations.program import SOURCES

Load = Callable[[str], ModuleType]


def loader(program: str) -> Load:
    """load(name): a module of the program, with siblings of its own, whatever others are called."""
    folder = SOURCES / program
    names = {one.stem for one in folder.glob("*.py")}
    own: dict[str, ModuleType] = {}

    def load(name: str) -> ModuleType:
        elsewhere = {one: sys.modules.pop(one) for one in names if one in sys.modules}
        sys.modules.update(own)
        sys.path.insert(0, str(folder))
        try:
            return importlib.import_module(name)
        finally:
            sys.path.remove(str(folder))
            own.update({one: sys.modules.pop(one) for one in names if one in sys.modules})
            sys.modules.update(elsewhere)

    return load


@pytest.fixture(scope="module")
def launcher() -> Load:
    return loader("launcher")


@pytest.fixture(scope="module")
def proxy() -> Load:
    return loader("proxy")
