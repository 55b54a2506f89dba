"""The agents' audit log on the disk: its chain, its state, rotation, retention, quota, a full disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.unit.agents.audit_program import DAY, Log, audit

chain = audit.audit_chain


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def test_what_was_written_verifies_and_only_root_may_read_it(log: Log) -> None:
    log.write(5)
    walk = log.walk()
    assert (walk.problems, walk.lines, len(walk.seen)) == ([], 6, 6)
    assert walk.seen[1] == b'{"seq":2,"time":"2026-11-21T12:00:00.000Z","uid":1000,"user":"alice",' \
        b'"pid":7,"kind":"tool","detail":"ls"}'  # fmt: skip
    assert [path.name for path in log.files()] == ["000000000001-2026-11-21.jsonl"]
    assert {path.stat().st_mode & 0o777 for path in [*log.files(), *log.state.iterdir()]} == {0o600}


def test_an_edit_a_gap_another_order_and_a_cut_are_told(log: Log) -> None:
    log.write(8)
    good = log.lines()
    edited = [*good]
    edited[3] = edited[3].replace(b'"ls"', b'"id"')
    for lines, problem in (
        (edited, [("edit", 4)]),
        (good[:3] + good[4:], [("gap", 4)]),
        ([*good[:3], good[4], good[3], *good[5:]], [("gap", 4), ("order", 4)]),
        (good[:5], [("cut", 6)]),
        (good[1:], [("gap", 1)]),
        ([*good[:4], b"nonsense\n", *good[5:]], [("edit", 5)]),
        ([*good, good[-1]], [("order", 9)]),
        ([], [("cut", 1)]),
    ):
        log.put(lines)
        found = log.problems()
        assert found[: len(problem)] == problem
    log.put(good)
    assert log.problems() == []


def test_a_line_sealed_with_another_key_is_told(log: Log) -> None:
    log.write(2)
    entry = chain.opened(log.lines()[-1].rstrip(b"\n"))
    forged, _ = chain.sealed(entry[1].replace(b'"seq":3', b'"seq":4'), entry[2], b"x" * 32)
    log.put([*log.lines(), forged + b"\n"])
    assert log.problems() == [("edit", 4)]


@pytest.mark.parametrize("lost", ["key", "state.json"])
def test_a_lost_key_or_state_is_told_and_writing_goes_on(log: Log, lost: str) -> None:
    log.write(3)
    (log.state / lost).unlink()
    assert log.problems()[0][0] == lost.removesuffix(".json")
    log.start().write()
    assert f'"{lost.removesuffix(".json")} lost"' in log.reasons()


def test_a_state_that_somebody_wrote_is_none(log: Log) -> None:
    log.write(3)
    path = log.state / "state.json"
    path.write_text(path.read_text().replace('"seq": 4', '"seq": 2'))
    assert ("state", 0) in log.problems()


def test_it_goes_on_after_a_restart_and_after_a_crash(log: Log) -> None:
    log.write(2)
    state = (log.state / "state.json").read_bytes()
    log.write(2)
    (log.state / "state.json").write_bytes(state)  # two lines are on the disk that no head knows
    with log.files()[0].open("ab") as file:
        file.write(b'{"seq":6,"half')
    assert log.problems() == []
    log.start().write()
    assert log.problems() == []
    assert len(log.files()) == 1 and '"unfinished bytes removed","count":14' in log.reasons()


def test_a_cut_stays_to_be_seen_after_a_restart(log: Log) -> None:
    log.write(5)
    log.put(log.lines()[:3])
    log.start().write()
    assert log.problems() == [("gap", 4)]
    log.files()[-1].unlink()
    log.start().write()
    assert log.problems()[0] == ("gap", 4)


def test_a_day_is_a_file_whatever_the_clock_does(log: Log) -> None:
    log.write()
    log.clock.go(DAY)
    log.write()
    log.clock.now -= 30 * DAY
    log.write()
    names = [path.name for path in log.files()]
    assert [name[13:23] for name in names] == ["2026-11-21", "2026-11-22", "2026-10-23"]
    assert log.problems() == [] and '"the clock jumped, seconds","count":-2592000' in log.reasons()
    log.start().write()
    assert log.problems() == [] and len(log.files()) == 3


def age(log: Log, path: Path) -> None:
    os.utime(path, (log.clock.now, log.clock.now))


def test_old_files_go_and_what_stays_still_verifies(log: Log) -> None:
    for _ in range(3):
        log.write(2)
        age(log, log.files()[-1])
        log.clock.go(40 * DAY)
    log.write()
    log.store.tidy()
    names = [path.name[13:23] for path in log.files()]
    assert names == ["2026-12-31", "2027-02-09", "2027-03-21"]  # of 120, 80, 40 and no days
    assert log.problems() == []
    log.start().write()
    assert log.problems() == []
    shutil.copy(log.files()[0], log.logs / "000000000001-2026-11-21.jsonl")
    assert log.problems() != []


def test_a_file_that_a_crash_left_behind_its_anchor_is_no_finding(log: Log) -> None:
    log.write(2)
    log.clock.go(DAY)
    log.write(2)
    first = log.files()[0]
    kept = first.read_bytes()
    log.store._remove(first.name, 3)
    first.write_bytes(kept)
    assert log.problems() == []


def test_nothing_is_removed_for_its_age_while_the_clock_is_new(log: Log) -> None:
    log.write()
    age(log, log.files()[0])
    log.clock.now += 400 * DAY  # a jump, not time that passed
    log.write()
    log.store.tidy()
    assert len(log.files()) == 2
    log.clock.go(2 * 3600)
    log.store.tidy()
    assert len(log.files()) == 1 and log.problems() == []


def test_the_quota_takes_the_oldest_and_says_so(tmp_path: Path) -> None:
    log = Log(tmp_path, quota=64 * 1024)
    log.write(400, detail="x" * 200)
    log.store.tidy()
    size = sum(path.stat().st_size for path in log.files())
    assert 32 * 1024 < size <= 66 * 1024
    assert log.problems() == [] and "removed before its time, for the quota" in log.reasons()


def test_only_the_newest_are_gone_over_where_time_is_short(log: Log) -> None:
    for _ in range(4):
        log.write(5)
        log.clock.go(DAY)
    newest = log.files()[-1].stat().st_size
    walk = log.walk(budget=newest + 10)
    assert (walk.lines, walk.problems) == (5, [])
    first, *_ = log.files()
    first.write_bytes(first.read_bytes().replace(b'"ls"', b'"id"'))
    assert log.walk(budget=newest + 10).problems == []
    assert len(log.walk().problems) == 5


def test_a_full_disk_stops_nothing_and_is_told_later(log: Log, monkeypatch: Any) -> None:
    log.write(2)
    real = os.write

    def half(descriptor: int, data: bytes) -> int:
        return real(descriptor, data[: len(data) // 2])

    def none(descriptor: int, data: bytes) -> int:
        raise OSError(28, "no space")

    for broken in (half, none):
        monkeypatch.setattr(audit.store.os, "write", broken)
        log.write(3)
        assert log.problems() == []
    monkeypatch.setattr(audit.store.os, "write", real)
    log.write()
    assert log.problems() == [] and '"lost while the disk was full","count":6' in log.reasons()
