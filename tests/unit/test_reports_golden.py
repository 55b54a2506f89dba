"""The exact words of every text report. `python -m tests.unit.golden` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.golden.samples import HERE, texts

SUFFIXES = {".txt", ".json", ".xml", ".sarif", ".md"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return dict(texts(tmp_path_factory.mktemp("policy")))


def golden_files() -> list[Path]:
    return sorted(path for path in HERE.iterdir() if path.suffix in SUFFIXES)


@pytest.mark.parametrize("path", golden_files(), ids=lambda path: path.name)
def test_the_text_is_the_golden_one(path, made):
    assert made[path.name] == path.read_text()


def test_every_text_has_its_golden_file(made):
    assert sorted(made) == [path.name for path in golden_files()]
