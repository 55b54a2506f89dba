"""The environment that a unit's files give, each case as systemd itself reads it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from hardpoint.hostside.payload import unit_settings

from .units import CASES, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_a_unit_sets(case: Case, tmp_path) -> None:
    """tests/hosts/services/test_systemd.py asks a real systemd for the same."""
    for name, text in case.files.items():
        (tmp_path / name).write_text(text, newline="")
    unit = tmp_path / f"{case.name}.service"
    unit.write_text("[Service]\n" + case.unit.replace("@DIR@", str(tmp_path)))
    specifiers = {"h": "/root", "u": "root", "%": "%", "n": unit.name}
    chain, _ = unit_settings.effective([str(unit)], ["V", "W"], [], _text, specifiers)
    got = {name: entries[-1]["value"] for name, entries in chain.items() if entries}
    assert got == case.expect


def _text(path: str) -> str | None:
    return Path(path).read_bytes().decode() if Path(path).exists() else None


def test_every_value_has_its_line() -> None:
    texts = {
        "a": "[Unit]\nEnvironment=V=no\n[Service]\n# V=0\nEnvironment=V=1 \\\n  W=2\nEnvironment=V=3\n",
        "b": "[Service]\nEnvironmentFile=/f\n",
        "/f": "\n# V=9\nexport V=8\nV=4\n",
    }
    chain, read = unit_settings.effective(["a", "b"], ["V", "W"], [], texts.get, {})
    assert chain["V"] == [
        {"value": "1", "place": "a:5"},
        {"value": "3", "place": "a:7"},
        {"value": "4", "place": "/f:4"},
    ]
    assert chain["W"] == [{"value": "2", "place": "a:5"}]
    assert read == ["/f"]


def test_the_manager_gives_what_nothing_else_sets() -> None:
    base = [("V", "m", "manager")]
    chain, _ = unit_settings.effective([], ["V"], base, {}.get, {})
    assert chain["V"][-1]["value"] == "m"
    texts = {"a": "[Service]\nEnvironment=V=1\n"}
    chain, _ = unit_settings.effective(["a"], ["V"], base, texts.get, {})
    assert chain["V"][-1]["value"] == "1"


def test_a_file_from_the_future_does_not_make_a_service_old_for_ever(tmp_path) -> None:
    (tmp_path / "old").touch()
    (tmp_path / "future").touch()
    os.utime(tmp_path / "future", (time.time() + 9e6,) * 2)
    paths = [str(tmp_path / name) for name in ("old", "future", "absent")]
    assert 0 < unit_settings.newest(paths) <= time.time()
    assert unit_settings.newest([]) == 0
