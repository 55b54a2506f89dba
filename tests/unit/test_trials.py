"""What follows from trials of agents, and how it is told."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.console import Console

from hardpoint import hostside
from hardpoint.controls.agents.tried import ways
from hardpoint.facts import Read
from hardpoint.outcome import HostReport, Proof, Report
from hardpoint.proofs.trials import (
    KNOWN,
    LAUNCHER,
    SECONDS,
    Agent,
    Trial,
    Trials,
    judged,
    packed,
    trial_of,
)
from hardpoint.reports.json import render
from hardpoint.reports.trials import print_trials
from tests.unit.launcher.conftest import loader

CODEX = Agent("codex", "/usr/bin/codex", "alice", None)
CONFINED = Agent("codex", "/usr/bin/codex", "alice", LAUNCHER)


def row(id: str, outcome: str, layer: str = "", group: str = "network") -> dict[str, Any]:
    kind = "task" if group == "task" else "attack"
    about = {"id": id, "group": group, "kind": kind, "outcome": outcome, "layer": layer}
    return {**about, "evidence": "", "seconds": 0.1}


def trial(*rows: dict[str, Any], agent: Agent = CODEX, hostile: bool = False, **more: Any) -> Trial:
    answer = {"ok": True, "mode": "yolo", "alive": True, "elsewhere": [], "refused": []}
    return trial_of(agent, hostile, {**answer, "rows": rows, "seconds": 12.3, **more})


DONE = row("read", "passed", group="task")
STOPPED = row("curl", "stopped", "sandbox")


def test_it_passes_when_all_is_stopped_and_the_agent_works() -> None:
    result = judged([trial(DONE, STOPPED), trial(DONE, STOPPED, hostile=True)])
    assert result.proof is Proof.PASSED
    assert "codex as alice, hostile settings: stopped by sandbox: curl" in result.evidence


def test_one_attack_that_got_through_one_run_fails() -> None:
    result = judged(
        [trial(DONE, STOPPED), trial(DONE, STOPPED, row("udp", "leaked"), hostile=True)]
    )
    assert result.proof is Proof.FAILED
    assert result.seen == (
        "codex as alice, hostile settings, mode yolo: 1 attacks got through: udp",
    )


def test_an_attack_of_another_group_is_another_control() -> None:
    found = trial(DONE, STOPPED, row("rm", "leaked", group="deletion outside"))
    assert judged([found], ["network"]).proof is Proof.PASSED
    assert judged([found], ["deletion outside"]).proof is Proof.FAILED
    assert judged([found]).proof is Proof.FAILED


@pytest.mark.parametrize(
    "found",
    [
        trial(row("read", "failed", group="task"), STOPPED),
        trial(DONE, STOPPED, alive=False),
        trial(DONE, row("curl", "not run")),
        trial(mode=None, refused=[{"mode": "yolo", "said": "no key"}]),
        trial_of(CODEX, False, {"ok": False, "message": "no namespaces"}),
    ],
)
def test_an_agent_that_did_not_work_shows_nothing(found: Trial) -> None:
    assert judged([found]).proof is Proof.INCONCLUSIVE


def test_a_secret_that_came_by_no_attack_fails_as_well() -> None:
    assert judged([trial(DONE, STOPPED, elsewhere=["env"])]).proof is Proof.FAILED


def test_a_hard_link_stands_apart_by_the_vendors_means_and_counts_under_the_launcher() -> None:
    link = row("read-hard-link", "leaked", group="link in the project")
    result = judged([trial(DONE, STOPPED, link)])
    assert result.proof is Proof.PASSED
    assert any("see secret-links" in line for line in result.evidence)
    assert judged([trial(DONE, STOPPED, link, agent=CONFINED)]).proof is Proof.FAILED


def test_codex_may_fail_to_commit_by_its_own_means_alone() -> None:
    commit = row("commit", "failed", group="task")
    assert judged([trial(DONE, STOPPED, commit)]).proof is Proof.PASSED
    assert judged([trial(DONE, STOPPED, commit, agent=CONFINED)]).proof is Proof.INCONCLUSIVE


def test_each_way_is_tried_once_and_with_both_kinds_of_settings() -> None:
    asked: list[dict[str, Any]] = []

    def ask(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request["spec"])
        if request["spec"]["hostile"]:
            raise OSError("the connection ended")
        return {"trial": {"ok": False, "message": "no unshare"}}

    trials = Trials(ask)
    trials.of([CODEX])
    found = trials.of([CODEX])
    assert [one.problem for one in found] == ["no unshare", "the connection ended"]
    assert [(spec["user"], spec["hostile"]) for spec in asked] == [
        ("alice", False),
        ("alice", True),
    ]


def test_its_program_fits_into_one_command() -> None:
    request = {"do": "trial", "program": packed(), "spec": {"agent": "codex", "seconds": SECONDS}}
    assert hostside.command(request)


def test_the_program_knows_the_agents_that_are_asked_for_and_the_attacks_that_are_named() -> None:
    load = loader("trial")
    assert sorted(load("agents").AGENTS) == sorted(KNOWN)
    rows = {one[0]: one[1] for one in load("rows").rows()}
    assert {rows["read-hard-link"], rows["shell-hard-link"]} == {"link in the project"}
    assert rows["commit"] == "task"


# Whom


class Host:
    name, options = "ws-1", {}

    def __init__(self, launcher: bool, *installs: tuple[str, str | None, str]) -> None:
        about = {"version": "1", "how": "npm"}
        self.facts = {
            "agents": {
                "agents": [{"agent": a, "user": u, "path": p, **about} for a, u, p in installs]
            },
            "trust": {"paths": {LAUNCHER: {"found": launcher, "weak": ""}}},
            "host": {
                "users": [
                    {"name": "root", "uid": 0, "state": "ok"},
                    {"name": "bob", "uid": 1001, "state": "ok"},
                    {"name": "amy", "uid": 1002, "state": "missing"},
                ]
            },
        }

    def read(self, fact: type[Read], **_: Any) -> Any:
        return self.facts[fact.what]


def test_the_systems_install_is_tried_as_one_of_its_people() -> None:
    host = Host(False, ("codex", None, "/usr/bin/codex"), ("codex", "eve", "/home/eve/codex"))
    assert [(way.program, way.user, way.launcher) for way in ways(host, "codex")] == [
        ("/usr/bin/codex", "bob", None),
        ("/home/eve/codex", "eve", None),
    ]


def test_one_with_a_sandbox_of_its_own_is_tried_both_ways_and_others_by_the_launcher() -> None:
    host = Host(True, ("codex", None, "/usr/bin/codex"), ("qwen-code", None, "/usr/bin/qwen"))
    assert [way.launcher for way in ways(host, "codex")] == [None, LAUNCHER]
    assert [way.launcher for way in ways(host, "qwen-code")] == [LAUNCHER]
    bare = Host(False, ("qwen-code", None, "/usr/bin/qwen"))
    assert [way.launcher for way in ways(bare, "qwen-code")] == [None]


def test_an_agent_that_has_no_trial_is_none() -> None:
    assert ways(Host(True, ("cursor", None, "/usr/bin/cursor")), "cursor") == []


# Words


def report() -> HostReport:
    rows = (DONE, STOPPED, row("udp", "leaked"), row("cron", "not run"))
    nothing = trial_of(CONFINED, False, {"ok": False, "message": "no \x1b[31mnamespaces"})
    return HostReport("ws-1", trials=[trial(*rows), nothing])


@pytest.mark.parametrize("verbose", [True, False])
def test_the_table_shows_what_got_through_and_if_asked_what_stopped_the_rest(verbose: bool) -> None:
    into = io.StringIO()
    print_trials(report(), Console(file=into, width=100), verbose)
    text = into.getvalue()
    assert "1 of 3 attacks got through, all honest tasks done" in text
    assert "\x1b" not in text and "namespaces" in text
    lines = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}
    assert lines["udp"] == ["L"]
    assert lines.get("curl") == (["S"] if verbose else None)
    assert lines.get("cron") == (["–"] if verbose else None)


def test_a_host_without_trials_has_no_table() -> None:
    into = io.StringIO()
    print_trials(HostReport("ws-1"), Console(file=into), True)
    assert into.getvalue() == ""


def test_programs_get_every_row() -> None:
    made = json.loads(render(Report("prove", "recommended", "", hosts=[report()])))
    first, second = made["hosts"][0]["trials"]
    assert first["agent"]["id"] == "codex" and first["counts"] and first["undone"] == []
    assert [one["outcome"] for one in first["rows"]] == ["passed", "stopped", "leaked", "not run"]
    assert second["problem"].startswith("no ")
    plain = json.loads(render(Report("prove", "recommended", "", hosts=[HostReport("ws-1")])))
    assert "trials" not in plain["hosts"][0]
