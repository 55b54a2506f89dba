"""Facts of a Mac in, statuses, findings and commands out: one YAML file a host, the real judge.

`expect` names each subject; a text that it gives is contained in what was said, a command's fields
are contained in the command. `agent` puts our launch agent in place with that value.
"""

from __future__ import annotations

import base64
import hashlib
import plistlib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from pyinfra.context import ctx_host

from hardpoint import hostside
from hardpoint.controls import readable, registry
from hardpoint.controls.services import catalogue, macos
from hardpoint.facts import Read
from hardpoint.hostside.payload.reader import permitted
from hardpoint.journal import Claim
from hardpoint.judge import judge
from hardpoint.operations.launchd import LaunchdEnvironment
from hardpoint.outcome import Outcome
from hardpoint.reading import Reader, attach
from hardpoint.view import ControlView

HOSTS = sorted((Path(__file__).parent / "hosts").glob("*.yaml"))
MACHINE = {
    "system": "macOS 26.1",
    "kernel": "Darwin",
    "root": True,
    "hostname": "anns-mac",
    "addresses": ["192.168.1.23"],
    "users": [
        {"name": name, "uid": uid} for name, uid in (("root", 0), ("ann", 501), ("bob", 502))
    ],
}


class Recorded(Reader):
    """Answers reads from a fixture; `asked` are they."""

    def __init__(self, host: Any, fixture: dict[str, Any]) -> None:
        super().__init__(host)
        self.fixture = fixture
        self.asked: list[dict[str, Any]] = []
        self.problems: list[str] = []

    def expect(self, fact: type[Read], query: dict[str, Any]) -> None:
        pass

    def _get(self, fact: type[Read], query: dict[str, Any]) -> Any:
        self.asked.append(fact().request(query))
        if fact.what == "host":
            return {**MACHINE, "kernel": self.fixture.get("kernel", "Darwin")}
        if fact.what == "files":
            return {"files": {path: self._file(path) for path in query["paths"]}}
        return {**fact.default(), **self.fixture["reads"].get(fact.what, {})}

    def _file(self, path: str) -> dict[str, str]:
        if "agent" not in self.fixture:
            return {"type": "absent"}
        content = macos._agent(registry()[self.fixture["control"]], self.fixture["agent"]).content
        digest = hashlib.sha256(content.encode()).hexdigest()
        return {"type": "file", "sha256": digest, "mode": "0644", "owner": "root:wheel"}


class Run:
    """One fixture, judged."""

    def __init__(self, fixture: dict[str, Any]) -> None:
        self.host = SimpleNamespace(
            name="mac",
            connector_data={},
            noop=lambda text: None,
            state=SimpleNamespace(is_executing=False),
        )
        self.reader = Recorded(self.host, fixture)
        attach(self.host, self.reader)
        control = registry()[fixture["control"]]
        options = {name: option.default for name, option in control.metadata.options.items()}
        with ctx_host.use(self.host):
            view = ControlView(self.host, self.reader, lambda control: options, control.id)
            self.judgement = judge(control, view, self.reader)  # type: ignore[arg-type]
        self.outcomes = {outcome.subject: outcome for outcome in self.judgement.outcomes}

    def commands(self, subject: str) -> Iterator[dict[str, Any]]:
        claim = Claim("20261121T105200Z-1a2b3c", self.judgement.control.id, subject, "pat@laptop")
        with ctx_host.use(self.host):
            for item in self.judgement.desired.get(subject, []):
                yield from type(item).operation._inner(**item.arguments(), claim=claim)


@pytest.fixture(autouse=True)
def requests_instead_of_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostside, "command", lambda request: request)


@pytest.mark.parametrize("path", HOSTS, ids=lambda path: path.stem)
def test_a_mac(path: Path) -> None:
    fixture = yaml.safe_load(path.read_text())
    run = Run(fixture)
    assert set(run.outcomes) == set(fixture["expect"]), run.outcomes
    for subject, expected in fixture["expect"].items():
        _compare(run.outcomes[subject], expected)
        commands = list(run.commands(subject))
        if "commands" in expected:
            assert len(commands) == len(expected["commands"]), commands
            for one, part in zip(commands, expected["commands"], strict=True):
                assert _within(part, one), one
        else:
            assert bool(commands) is bool(expected.get("changes"))
        if "agent" in expected:
            _is_agent(commands[-1], expected["agent"])


def _compare(outcome: Outcome, expected: dict[str, Any]) -> None:
    assert outcome.status == expected["status"], outcome
    assert [change.summary for change in outcome.changes] == expected.get("changes", [])
    assert expected.get("reason", "") in outcome.reason
    assert outcome.severity == expected.get("severity", outcome.severity)
    said = {part for part in ("seen", "why", "fix") if part in expected}
    assert bool(outcome.findings) is bool(said), outcome.findings
    for part in said:
        assert expected[part] in getattr(outcome.findings[0], part)


def _within(part: Any, whole: Any) -> bool:
    if isinstance(part, dict):
        return all(name in whole and _within(value, whole[name]) for name, value in part.items())
    return part == whole


def _is_agent(command: dict[str, Any], value: str) -> None:
    plist = plistlib.loads(base64.b64decode(command["content_b64"]))
    assert plist == {
        "Label": "hardpoint.ollama-loopback",
        "ProgramArguments": ["/bin/launchctl", "setenv", "OLLAMA_HOST", value],
        "RunAtLoad": True,
    }


@pytest.mark.parametrize("path", HOSTS, ids=lambda path: path.stem)
def test_the_root_owned_reader_allows_what_a_check_asks(path: Path) -> None:
    run = Run(yaml.safe_load(path.read_text()))
    allowed = readable(catalogue.load())
    assert [one for one in run.reader.asked if not permitted(one, allowed)] == []


def test_only_a_mac_is_asked_about_launchd() -> None:
    def asked(name: str) -> set[str]:
        fixture = yaml.safe_load((HOSTS[0].parent / f"{name}.yaml").read_text())
        return {one["what"] for one in Run(fixture).reader.asked}

    assert "launchd" in asked("compliant")
    assert "launchd" not in asked("linux-is-not-asked")


def test_the_root_owned_reader_reads_no_other_database() -> None:
    allowed = readable(catalogue.load())
    switch = {**allowed["switches"][0]}
    query = {
        "do": "read",
        "what": "launchd",
        "variables": ["OLLAMA_HOST"],
        "apps": [],
        "switches": [switch],
    }
    assert permitted(query, allowed)
    for changed in ({"table": "chats"}, {"column": "device_id"}, {"path": "Library/Keychains/x"}):
        assert not permitted({**query, "switches": [{**switch, **changed}]}, allowed)
    assert not permitted({**query, "variables": ["HOME"]}, allowed)
    assert not permitted({**query, "apps": ["../../etc"]}, allowed)
    assert not permitted({**query, "more": 1}, allowed)


def test_a_value_that_is_markup_stays_a_value() -> None:
    content = macos._agent(registry()["ollama-loopback"], "<a>&amp;]]>").content
    assert plistlib.loads(content.encode())["ProgramArguments"][3] == "<a>&amp;]]>"


@pytest.mark.parametrize(
    ("user", "value", "count"), [("ann", "new", 2), ("ann", "old", 0), ("bob", "new", 0)]
)
def test_a_session_is_changed_where_it_is_there_and_differs(
    user: str, value: str, count: int
) -> None:
    sessions = {"sessions": [{"user": "ann", "values": {"V": "old"}}]}
    run = Run({"control": "ollama-loopback", "reads": {"launchd": sessions}})
    query = {"variables": ["V"], "apps": [], "switches": []}
    run.judgement.desired = {user: [LaunchdEnvironment(user, "V", value, query)]}
    assert len(list(run.commands(user))) == count
