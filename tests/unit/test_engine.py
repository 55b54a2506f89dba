"""Batches, stops and fates: pure parts of the engine."""

from __future__ import annotations

import pytest

from hardpoint.apply import HostApply, TakenBack
from hardpoint.check import HostCheck
from hardpoint.engine import Rollout, judge_fates
from hardpoint.outcome import Fate, HostReport, Outcome, Severity, Status


@pytest.mark.parametrize(
    ("rollout", "sizes"),
    [
        (Rollout(), [10]),
        (Rollout(canary=1), [1, 9]),
        (Rollout(batch="3"), [3, 3, 3, 1]),
        (Rollout(batch="10%"), [1] * 10),
        (Rollout(canary=2, batch="50%"), [2, 5, 3]),
        (Rollout(batch="1%"), [1] * 10),
    ],
)
def test_batches(rollout: Rollout, sizes: list[int]) -> None:
    hosts = [f"h{n}" for n in range(10)]
    batches = list(rollout.batches(hosts))  # type: ignore[arg-type]
    assert [len(batch) for batch in batches] == sizes
    assert [host for batch in batches for host in batch] == hosts


KEY = ("c", "system")
BACK = {"c": TakenBack("it did not start")}
STUCK = {"c": TakenBack("it did not start", "disk full")}
OUTAGE = HostApply(run="RUN", failed={KEY: "it ended"}, down={KEY: "x.service"})


def check(status: Status, unreachable: str = "", waiver: str = "") -> HostCheck:
    outcome = Outcome("h", *KEY, status, Severity.LOW, waiver=waiver)
    return HostCheck(HostReport("h", outcomes=[outcome], unreachable=unreachable))


@pytest.mark.parametrize(
    ("before", "after", "result", "fate"),
    [
        (Status.EXPOSED, Status.COMPLIANT, HostApply(), Fate.FIXED),
        (Status.COMPLIANT, Status.COMPLIANT, HostApply(), Fate.ALREADY_RIGHT),
        (Status.DRIFT, Status.DRIFT, HostApply(), Fate.STILL_WRONG),
        (Status.COMPLIANT, Status.EXPOSED, HostApply(), Fate.STILL_WRONG),
        (Status.DRIFT, Status.DRIFT, HostApply(failed={KEY: "no"}), Fate.FAILED),
        (Status.EXPOSED, Status.EXPOSED, HostApply(busy={KEY: "wait"}), Fate.BUSY),
        (Status.DRIFT, Status.DRIFT, HostApply(blocked={KEY: "by x"}), Fate.LEFT_ALONE),
        (Status.UNKNOWN, Status.UNKNOWN, HostApply(), Fate.LEFT_ALONE),
        (Status.DRIFT, Status.DRIFT, HostApply(taken_back=BACK), Fate.ROLLED_BACK),
        (Status.DRIFT, Status.DRIFT, HostApply(taken_back=STUCK), Fate.FAILED),
        (Status.COMPLIANT, Status.COMPLIANT, HostApply(taken_back=BACK), Fate.ALREADY_RIGHT),
        (Status.EXPOSED, Status.COMPLIANT, OUTAGE, Fate.STILL_WRONG),
        (Status.WAIVED, Status.WAIVED, HostApply(), Fate.LEFT_ALONE),
    ],
)
def test_fates(before: Status, after: Status, result: HostApply, fate: Fate) -> None:
    now = check(after)
    judge_fates(check(before), now, result)
    assert now.report.outcomes[0].fate is fate


def test_a_reason_of_the_apply_is_kept() -> None:
    now = check(Status.DRIFT)
    judge_fates(check(Status.DRIFT), now, HostApply(failed={KEY: "disk full"}))
    assert now.report.outcomes[0].reason == "disk full"


def test_a_service_that_we_stopped_is_never_a_pass() -> None:
    now = check(Status.COMPLIANT)
    judge_fates(check(Status.EXPOSED), now, OUTAGE)
    (outcome,) = now.report.outcomes
    assert (outcome.status, outcome.down) == (Status.DRIFT, "x.service")
    assert outcome.findings[0].fix == "hardpoint rollback --run RUN --control c"


def test_a_rollback_that_failed_is_told_with_its_cause() -> None:
    now = check(Status.DRIFT)
    judge_fates(check(Status.DRIFT), now, HostApply(failed={KEY: "no"}, taken_back=STUCK))
    assert now.report.outcomes[0].reason == "no; it could not be taken back: disk full"


def test_a_blocked_control_says_so() -> None:
    now = check(Status.DRIFT)
    judge_fates(check(Status.DRIFT), now, HostApply(blocked={KEY: "blocked by x"}))
    assert now.report.outcomes[0].status is Status.BLOCKED


def test_a_host_that_went_away_is_judged_by_what_was_known() -> None:
    now = HostCheck(HostReport("h", unreachable="asleep"))
    judge_fates(check(Status.DRIFT), now, HostApply(failed={KEY: "the connection ended"}))
    (outcome,) = now.report.outcomes
    assert (outcome.status, outcome.fate) == (Status.UNREACHABLE, Fate.FAILED)
