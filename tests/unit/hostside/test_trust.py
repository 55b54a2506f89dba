"""What only root can change, whatever links lead to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hardpoint.hostside.payload import read_trust
from tests.unit.hostside.conftest import needs_root

pytestmark = needs_root


@pytest.fixture
def root(monkeypatch, tmp_path: Path) -> Path:
    """A folder on a way that is root's alone; what leads to it is left out."""
    tmp_path.chmod(0o755)
    above = [_inode(os.lstat(folder)) for folder in tmp_path.parents]
    weak = read_trust._weak
    monkeypatch.setattr(read_trust, "_weak", lambda info: _inode(info) not in above and weak(info))
    return tmp_path


def _inode(info: os.stat_result) -> tuple[int, int]:
    return info.st_dev, info.st_ino


def look(path: Path) -> tuple[bool, str]:
    found = read_trust.read({"paths": [str(path)]})["paths"][str(path)]
    return found["found"], found["weak"]


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    path.chmod(0o755)
    return path


def test_a_program_of_root_is_found_through_links(root: Path) -> None:
    real = program(root / "opt/hardpoint/bin/hardpoint")
    (root / "bin").mkdir()
    (root / "bin/absolute").symlink_to(real)
    (root / "bin/relative").symlink_to("../opt/./hardpoint/bin/../bin/hardpoint")
    assert look(real) == (True, "")
    assert look(root / "bin/absolute") == (True, "")
    assert look(root / "bin/relative") == (True, "")


def test_what_is_not_there_is_not_found(root: Path) -> None:
    (root / "dangling").symlink_to("nowhere")
    (root / "loop").symlink_to("loop")
    assert look(root / "absent") == (False, "")
    assert look(root / "absent/hardpoint") == (False, "")
    assert look(root / "dangling") == (False, "")
    assert look(root) == (False, "")
    assert look(root / "loop") == (False, str(root / "loop"))


@pytest.mark.parametrize("part", ["home", "home/bin", "home/bin/hardpoint"])
def test_a_part_that_somebody_owns_is_weak(root: Path, part: str) -> None:
    path = program(root / "home/bin/hardpoint")
    link = root / "link"
    link.symlink_to(path)
    os.chown(root / part, 1000, 0)
    assert look(path) == look(link) == (False, str(root / part))


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777])
def test_a_folder_that_others_write_is_weak(root: Path, mode: int) -> None:
    path = program(root / "bin/hardpoint")
    (root / "bin").chmod(mode)
    assert look(path) == (False, str(root / "bin"))


def test_a_link_of_somebody_is_weak(root: Path) -> None:
    path = program(root / "bin/hardpoint")
    (root / "link").symlink_to(path)
    os.lchown(root / "link", 1000, 0)
    assert look(root / "link") == (False, str(root / "link"))
