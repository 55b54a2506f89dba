"""Whom an agent's controls concern, and that an untried version is never compliant."""

from __future__ import annotations

from typing import Any

import pytest

from hardpoint.control import HOST_SUBJECT, Scope, Subject
from hardpoint.controls.agents import installed, rows, versions
from hardpoint.facts import Read

ALICE, BOB = Subject(Scope.USER, "alice"), Subject(Scope.USER, "bob")


class Host:
    """A host with these installs of Codex: (user, version, how)."""

    name, options, judged = "ws-1", {}, ()

    def __init__(self, *given: tuple[str | None, str | None, str]) -> None:
        self.rows = [
            {"agent": "codex", "user": user, "path": f"/{n}", "version": version, "how": how}
            for n, (user, version, how) in enumerate(given)
        ]
        self.doubts: list[tuple[str, str | None]] = []

    def read(self, fact: type[Read], **_: Any) -> Any:
        users = [{"name": "alice", "state": "ok"}, {"name": "bob", "state": "locked"}]
        return {"agents": {"agents": self.rows}, "host": {"users": users}}[fact.what]

    def doubt(self, reason: str, subject: str | None = None) -> None:
        self.doubts.append((reason, subject))


def test_a_system_install_is_everybodys() -> None:
    assert installed.users_with(Host((None, "0.169.0", "npm")), "codex") == [ALICE]
    assert installed.users_with(Host(("bob", "0.169.0", "npm")), "codex") == [BOB]
    assert installed.users_with(Host(), "codex") == installed.on_host(Host(), "codex") == []
    assert installed.on_host(Host(("bob", "0.169.0", "npm")), "codex") == [HOST_SUBJECT]


@pytest.mark.parametrize(
    "version", ["0.168.9", "0.170.0", "0.170.0-alpha.1", "0.169.0-alpha.3", None]
)
def test_an_untried_version_raises_a_doubt_about_whom_it_concerns(version: str | None) -> None:
    host = Host((None, "0.169.0", "npm"), ("alice", version, "npm"))
    assert installed.untested(host, "codex", BOB) is None and host.doubts == []
    reason = installed.untested(host, "codex", ALICE)
    assert reason and f"{version or 'no known version'} at /1" in reason and "/0" not in reason
    assert installed.untested(host, "codex") == reason
    assert host.doubts == [(reason, "alice"), (reason, "system")]


def test_versions_that_were_tried_and_kept_ones_raise_none() -> None:
    host = Host((None, "0.169.3", "npm"), ("bob", "0.100.0", "kept"))
    assert installed.untested(host, "codex") is None


def test_semantic_versions_compare_by_number() -> None:
    assert versions.within("2.1.329", "2.1.99", "2.2")
    assert not versions.within("2.1.98", "2.1.329", "2.2")
    assert not versions.within("2.2.0", "2.1.329", "2.2") and not versions.within("x", "1.0", "2.0")
    assert versions.within("1.0.0+build.5", "1.0", "1.1") and versions.within("v1.0", "1.0", "1.1")
    assert versions.newest(["1.9.0", "1.10.0", "1.10.0-rc.1", "odd"]) == "1.10.0"


def test_every_row_has_a_way_to_find_its_agent() -> None:
    for id, row in rows.agents().items():
        assert row.programs or row.packages or row.python or row.places, id
