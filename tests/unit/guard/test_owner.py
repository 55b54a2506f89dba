"""Whose the policy has to be: root's, also where a sandbox shows root's files as nobody's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.launcher.conftest import loader


@pytest.mark.parametrize(
    ("mapping", "roots"),
    [
        ("         0          0 4294967295\n", (0,)),
        ("      1000       1000          1\n", (65534,)),
    ],
)
def test_root_is_whoever_root_is_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mapping: str, roots: tuple[int, ...]
) -> None:
    policy = loader("guard")("policy")
    for name, text in (("UIDS", mapping), ("UNKNOWN", "65534\n")):
        (tmp_path / name).write_text(text)
        monkeypatch.setattr(policy, name, str(tmp_path / name))
    assert policy._roots() == roots
