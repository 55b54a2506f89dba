from __future__ import annotations

import pytest

from tests.unit.launcher.conftest import Load, loader


@pytest.fixture(scope="module")
def trial() -> Load:
    return loader("trial")
