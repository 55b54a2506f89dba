"""`--output FILE`: each file is this run's report in the end, or it is not there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from hardpoint.output import Files, OutputError
from hardpoint.reports.forms import of_file
from tests.command import Command
from tests.unit.golden.samples import every_status


def test_the_ending_says_the_form() -> None:
    named = {name: of_file(name) for name in ("a.json", "A.SARIF", "a.sarif.json", "a.xml", "a")}
    assert list(named.values()) == ["json", "sarif", "sarif", "junit", None]


def test_every_file_is_the_report_and_nothing_else_is_left(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("report.json", "report.xml", "report.sarif")]
    mask = os.umask(0o027)
    try:
        with Files(paths) as files:
            files.write(every_status())
    finally:
        os.umask(mask)
    assert json.loads(paths[0].read_text())["schema_version"] == 1
    assert ET.parse(paths[1]).getroot().tag == "testsuites"
    assert json.loads(paths[2].read_text())["version"] == "2.1.0"
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o640}


def test_a_link_stays_and_its_file_is_written(tmp_path: Path) -> None:
    link, file = tmp_path / "last.json", tmp_path / "today.json"
    file.write_text("old")
    link.symlink_to(file)
    with Files([link]) as files:
        files.write(every_status())
    assert link.is_symlink() and json.loads(file.read_text())


def test_a_run_that_came_to_nothing_leaves_no_earlier_report(tmp_path: Path) -> None:
    path = tmp_path / "report.sarif"
    path.write_text("of yesterday")
    with pytest.raises(RuntimeError), Files([path]):
        raise RuntimeError
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("report.txt", "its ending says the form, one of .json, .xml, .sarif"),
        ("absent/report.xml", "absent: No such file or directory"),
        ("folder.xml", "this is not a file"),
    ],
)
def test_a_file_that_will_not_do_is_told_beforehand(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "folder.xml").mkdir()
    with pytest.raises(OutputError, match=said):
        Files([tmp_path / name])


def test_a_directory_that_can_not_be_written_is_told_beforehand() -> None:
    with pytest.raises(OutputError, match="/proc: "):
        Files([Path("/proc/report.xml")])


def test_the_command_refuses_before_anything_else(hardpoint: Command, tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.py"
    inventory.write_text("raise SystemExit('the inventory was read')")
    ran = hardpoint("check", inventory, "--output", "report.txt", status=1)
    assert "its ending says the form" in ran.err and "was read" not in ran.out + ran.err


def test_a_check_that_can_not_run_leaves_no_earlier_report(
    hardpoint: Command, tmp_path: Path
) -> None:
    path, policy = tmp_path / "report.xml", tmp_path / "policy.yaml"
    path.write_text("of yesterday")
    policy.write_text("profile: nonsense")
    hardpoint("check", "--policy", policy, "--output", path, status=1)
    assert not path.exists()
