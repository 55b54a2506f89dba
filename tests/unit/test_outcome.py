"""Exit codes and the worst status: what CI relies on."""

from __future__ import annotations

import pytest

from hardpoint.outcome import ExitCode, HostReport, Outcome, Report, Severity, Status, worst


def report_of(*statuses: Status, unreachable: str = "") -> Report:
    outcomes = [Outcome("h", f"c{n}", "system", s, Severity.LOW) for n, s in enumerate(statuses)]
    host = HostReport("h", outcomes=outcomes, unreachable=unreachable)
    return Report("check", "recommended", "", hosts=[host])


HELD = (Status.WAIVED, Status.SKIPPED, Status.COMPLIANT, Status.NOT_APPLICABLE)
NOT_JUDGED = (Status.ERROR, Status.BLOCKED, Status.UNKNOWN, Status.BUSY, Status.ORPHANED)


def test_all_that_holds_is_zero() -> None:
    assert report_of(*HELD).exit_code == ExitCode.COMPLIANT == 0


@pytest.mark.parametrize("status", [Status.EXPOSED, Status.DRIFT])
def test_drift_is_two_whatever_else_there_is(status: Status) -> None:
    assert report_of(status, Status.UNKNOWN, Status.COMPLIANT).exit_code == ExitCode.DRIFT == 2


@pytest.mark.parametrize("status", NOT_JUDGED)
def test_what_could_not_be_judged_is_three(status: Status) -> None:
    assert report_of(status, Status.COMPLIANT).exit_code == ExitCode.NOT_JUDGED == 3


def test_an_unreachable_host_is_never_a_pass() -> None:
    assert report_of(unreachable="asleep").exit_code == ExitCode.NOT_JUDGED


def test_every_status_has_an_exit_code_of_its_own_choice() -> None:
    assert {*HELD, *NOT_JUDGED, Status.EXPOSED, Status.DRIFT, Status.UNREACHABLE} == set(Status)


def test_the_worst_comes_first() -> None:
    assert worst(reversed(Status)) is Status.EXPOSED
    assert worst([]) is Status.NOT_APPLICABLE
    assert worst([Status.UNKNOWN, Status.ERROR]) is Status.ERROR


def test_an_unreachable_host_counts_once() -> None:
    assert report_of(unreachable="asleep").counts()[Status.UNREACHABLE] == 1
