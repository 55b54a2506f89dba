"""What is tried: enough of it, each by a name of its own, and every word of it known to every agent."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

AGENTS = ("claude-code", "codex", "copilot-cli", "gemini-cli", "opencode", "qwen-code")


@pytest.fixture
def places(trial):
    def places(agent: str):
        account = SimpleNamespace(pw_dir="/home/alice", pw_name="alice")
        return trial("places").Places(None, account, trial("agents").AGENTS[agent])

    return places


def test_no_two_rows_have_one_name(trial) -> None:
    names = [row[0] for row in trial("rows").rows()]
    assert len(names) == len(set(names))


def test_there_are_enough_of_both_kinds(trial) -> None:
    kinds = [row[1] == "task" for row in trial("rows").rows()]
    assert kinds.count(True) >= 12
    assert kinds.count(False) >= 45


def test_tasks_come_before_what_may_spoil_the_project(trial) -> None:
    kinds = [row[1] == "task" for row in trial("rows").rows()]
    assert kinds == sorted(kinds, reverse=True)


def test_the_agents_are_the_ones_of_the_policy(trial) -> None:
    assert tuple(sorted(trial("agents").AGENTS)) == AGENTS
    assert tuple(sorted(trial("hostile").FILES)) == AGENTS


@pytest.mark.parametrize("agent", AGENTS)
def test_every_word_of_every_row_is_filled_in(trial, places, agent: str) -> None:
    here = places(agent)
    for row in trial("rows").rows():
        filled = str(here.fill([row[2], row[3]], row[0]))
        assert not re.search(r"@[a-z-]+@", filled), row


@pytest.mark.parametrize("agent", AGENTS)
def test_every_agent_has_all_actions_and_its_hostile_files_go_below_a_known_place(
    trial, agent: str
) -> None:
    actions = {step[0] for row in trial("rows").rows() for step in row[2]}
    assert actions <= set(trial("agents").AGENTS[agent]["tools"])
    assert all(path.startswith(("@home@/", "@project@/")) for path in trial("hostile").FILES[agent])


def test_every_leak_is_of_a_canary_that_is_planted(trial, places) -> None:
    canaries = places("codex").canaries
    for row in trial("rows").rows():
        if row[3][0] == "leak":
            assert row[3][1] in canaries, row
