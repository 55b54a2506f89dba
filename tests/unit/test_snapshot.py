"""Jobs that ask side by side: who waits for whom, what is sent, how often."""

from __future__ import annotations

from collections.abc import Callable

import gevent
import pytest

from hardpoint.batch import Answer, Request
from hardpoint.snapshot import Snapshot


class Wire:
    """Answers each command with itself, and remembers what went out together."""

    def __init__(self) -> None:
        self.waves: list[list[str]] = []
        self.breaks = False

    def execute(self, requests: list[Request]) -> list[Answer]:
        gevent.sleep(0)
        self.waves.append([request.command for request in requests])
        if self.breaks:
            raise OSError("the cable is out")
        return [Answer(0, request.command.encode()) for request in requests]


@pytest.fixture
def wire() -> Wire:
    return Wire()


def asking(snapshot: Snapshot, *commands: str) -> Callable[[], list[bytes]]:
    return lambda: [snapshot.ask(Request(command)).stdout for command in commands]


def test_all_that_is_asked_at_once_is_one_wave_and_equal_questions_go_once(wire: Wire) -> None:
    snapshot = Snapshot(wire.execute)
    jobs = [asking(snapshot, "same") for _ in range(60)]
    jobs += [asking(snapshot, str(number)) for number in range(60)]
    results = snapshot.run(jobs)
    assert results[:60] == [[b"same"]] * 60
    assert results[60:] == [[str(number).encode()] for number in range(60)]
    assert wire.waves == [["same", *map(str, range(60))]]


def test_a_second_question_is_a_second_wave_for_all_who_have_one(wire: Wire) -> None:
    snapshot = Snapshot(wire.execute)
    snapshot.run([asking(snapshot, "a", "b"), asking(snapshot, "c"), asking(snapshot, "d", "e")])
    assert wire.waves == [["a", "c", "d"], ["b", "e"]]
    assert snapshot.waves == 2


def test_what_is_expected_goes_out_with_the_first_wave(wire: Wire) -> None:
    snapshot = Snapshot(wire.execute)
    snapshot.expect([Request("a"), Request("b"), Request("b")])
    snapshot.run([asking(snapshot, "a", "b"), asking(snapshot, "c")])
    assert wire.waves == [["a", "b", "c"]]


def test_nobody_who_asks_costs_nothing(wire: Wire) -> None:
    snapshot = Snapshot(wire.execute)
    snapshot.expect([Request("a")])
    assert snapshot.run([lambda: 1, lambda: 2]) == [1, 2]
    assert wire.waves == []


def test_a_job_that_raises_holds_nobody_up(wire: Wire) -> None:
    snapshot = Snapshot(wire.execute)
    seen: list[bytes] = []

    def broken() -> None:
        snapshot.ask(Request("a"))
        raise RuntimeError("a mistake")

    def good() -> None:
        seen.extend(asking(snapshot, "a", "b", "c")())

    with pytest.raises(RuntimeError, match="a mistake"):
        snapshot.run([broken, good, broken])
    assert seen == [b"a", b"b", b"c"]


def test_a_broken_connection_is_an_answer_to_everybody(wire: Wire) -> None:
    wire.breaks = True
    snapshot = Snapshot(wire.execute)
    results = snapshot.run(
        [lambda: snapshot.ask(Request("a")).failure, lambda: snapshot.ask(Request("b")).failure]
    )
    assert results == ["lost", "lost"]


def test_a_job_may_wait_for_something_else_in_between(wire: Wire) -> None:
    snapshot = Snapshot(wire.execute)

    def slow() -> bytes:
        gevent.sleep(0.05)
        return snapshot.ask(Request("late")).stdout

    assert snapshot.run([slow, lambda: snapshot.ask(Request("early")).stdout]) == [
        b"late",
        b"early",
    ]
    assert wire.waves == [["early", "late"]]


def test_a_new_snapshot_knows_nothing(wire: Wire) -> None:
    for _ in range(2):
        snapshot = Snapshot(wire.execute)
        snapshot.run([asking(snapshot, "a")])
    assert wire.waves == [["a"], ["a"]]
