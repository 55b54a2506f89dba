"""What has changed since a review, and what it allows more, in words."""

from __future__ import annotations

import json
from typing import Any

from hardpoint.control import Scope, Subject
from hardpoint.controls.agents import review
from hardpoint.controls.agents.integrity import ReviewedConfig
from hardpoint.facts import Read
from hardpoint.operations.file import File
from hardpoint.outcome import Severity

HOME = "/home/alice"
SETTINGS = f"{HOME}/.claude/settings.json"
ALICE = Subject(Scope.USER, "alice")


def config(
    files: dict[str, str], *grants: list[str], projects: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {"files": files, "grants": list(grants), "flags": [], "projects": list(projects)}


def test_new_changed_and_gone() -> None:
    before = config({"/a": "1", "/b": "1", "/c": "1"})
    now = config({"/a": "1", "/b": "2", "/d": "1"})
    assert [(c.path, c.state) for c in review.changes(now, before)] == [
        ("/b", "changed"), ("/c", "gone"), ("/d", "new"),
    ]  # fmt: skip
    assert review.changes(now, now) == []


def test_a_project_that_is_gone_is_no_finding_and_its_refusals_neither() -> None:
    path = "/p/.claude/settings.json"
    before = config({path: "1"}, [path, "refusal", "permissions.deny: Read", "1"], projects=("/p",))
    assert review.changes(config({}), before) == []
    still = config({}, projects=("/p",))
    assert [change.state for change in review.changes(still, before)] == ["gone"]


def test_growth_in_words() -> None:
    before = config(
        {SETTINGS: "1"},
        [SETTINGS, "server", "mcpServers.x", "1"],
        [SETTINGS, "refusal", "permissions.deny: Read", "1"],
        [SETTINGS, "rule", "permissions.allow: Read", "1"],
    )
    now = config(
        {SETTINGS: "2"},
        [SETTINGS, "server", "mcpServers.x", "2"],
        [SETTINGS, "server", "mcpServers.y", "1"],
        [SETTINGS, "rule", "permissions.allow: Bash", "1"],
        [SETTINGS, "rule", "permissions.allow: Bash", "2"],
        [SETTINGS, "question", "permissions.ask: Bash", "1"],
    )
    (change,) = review.changes(now, before)
    assert tuple(growth.words for growth in change.growth) == (
        "allows more (permissions.allow: Bash, 2 times)",
        "has another one instead of (mcpServers.x)",
        "refuses less (permissions.deny: Read)",
        "starts another MCP server (mcpServers.y)",
    )
    (back,) = review.changes(before, now)
    assert review.Growth("asks less (permissions.ask: Bash)", mild=True) in back.growth


def test_what_an_agent_rewrites_counts_only_where_it_allows_more() -> None:
    state = f"{HOME}/.claude.json"
    now = config({}, [state, "server", "mcpServers.y", "1"])
    assert [c.path for c in review.changes(now, config({}))] == [state]
    assert review.changes(config({}), now) == []


class Host:
    """A host with this configuration of alice's, and this review."""

    name, judged = "ws-1", ()

    def __init__(
        self, now: dict[str, Any], reviewed: Any = None, accepted: tuple[str, ...] = ()
    ) -> None:
        self.options = {"accepted": list(accepted)}
        self.answers = {
            "agents": {"agents": [{"agent": "codex", "user": "alice"}]},
            "host": {"users": [], "kernel": "Linux"},
            "agent_config": {"configs": {"alice": now}, "reviewed": {"alice": reviewed}},
        }

    def read(self, fact: type[Read], **_: Any) -> Any:
        return self.answers[fact.what]


def told(host: Host) -> list[str]:
    control = ReviewedConfig()
    assert control.subjects(host) == [ALICE]
    return [finding.seen for finding in control.observe(host, ALICE)]


def test_a_review_is_what_is_compared_with_and_says_no_content() -> None:
    now = config({SETTINGS: "1"}, [SETTINGS, "rule", "permissions.allow: Bash", "1"])
    assert told(Host(now)) == [
        "nobody has reviewed what decides over the agents of alice (files: 1, projects: 0)"
    ]
    (file,) = ReviewedConfig().harden(Host(now), ALICE)
    assert isinstance(file, File) and file.mode == "0600"
    assert file.path == "/var/lib/hardpoint/agents/alice.json"
    assert told(Host(now, json.loads(file.content))) == []
    for odd in ({}, [], {"version": 2}, "x", {"version": 1, "files": {}}):
        assert "nobody has reviewed" in told(Host(now, odd))[0]


def test_a_new_trusted_folder_is_less_grave_than_a_looser_mode() -> None:
    trust = [SETTINGS, "trust", "projects./p.trust_level", "1"]
    mode = [SETTINGS, "mode", "approval_policy", "1"]
    reviewed = json.loads(review.text(config({})))
    for now, severity in ((config({}, trust), Severity.MEDIUM), (config({}, trust, mode), None)):
        (finding,) = ReviewedConfig().observe(Host(now, reviewed), ALICE)
        assert finding.severity is severity


def test_flags_are_told_even_of_reviewed_files_until_they_are_accepted() -> None:
    now = config({SETTINGS: "0123456789abcdef"})
    now["flags"] = [[SETTINGS, "0123456789abcdef", "hidden tag characters", 3]]
    reviewed = json.loads(review.text(now))
    assert "hidden tag characters" in told(Host(now, reviewed))[0]
    assert told(Host(now, reviewed, accepted=("0123456789abcdef",))) == []


def test_many_changes_of_one_folder_are_told_together() -> None:
    skills = {f"{HOME}/.claude/skills/a/{n}.md": "1" for n in range(9)}
    project = {f"/src/p/.claude/commands/{n}.md": "1" for n in range(7)}
    now = config({**skills, **project, SETTINGS: "2"}, projects=("/src/p",))
    assert told(Host(now, json.loads(review.text(config({SETTINGS: "1"}))))) == [
        f"{SETTINGS} was changed since the review",
        f"9 files below {HOME}/.claude/skills were added since the review",
        "7 files below /src/p were added since the review",
    ]


def test_a_user_name_that_is_none_has_no_file() -> None:
    host = Host(config({SETTINGS: "1"}))
    host.answers["agent_config"]["configs"] = {"../x": config({SETTINGS: "1"})}
    assert list(ReviewedConfig().harden(host, Subject(Scope.USER, "../x"))) == []
