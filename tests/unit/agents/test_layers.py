"""A layer in an agent's language: what it would write, who stands above it, and what nobody holds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hardpoint.control import HOST_SUBJECT
from hardpoint.controls.agents import layers, policy, shadows
from hardpoint.controls.agents.coverage import Coverage
from hardpoint.controls.agents.intention import DEFAULTS, Intention, intended
from hardpoint.controls.agents.language import Keys, Language, OwnFile, Shadow, Unsaid, Words
from hardpoint.facts import Read

DROP_IN = "/etc/example/policy.d/reads.json"
SETTINGS = "/etc/example/settings.toml"


def reads(meant: Intention) -> Words:
    return Words(
        (
            OwnFile(DROP_IN, json.dumps(meant.home)),
            Keys(SETTINGS, "toml", {("deny", "read"): list(meant.project)}, frozenset({("deny",)})),
        ),
        (
            Unsaid("deny-sensitive-reads", "to leave hard links alone", ("secret-links",)),
            Unsaid("deny-sensitive-reads", "to forget what it read"),
        ),
    )


EXAMPLE = Language(
    "codex",
    {"deny-sensitive-reads": reads},
    trusted=("/etc/example",),
    shadows=(
        Shadow("deny-sensitive-reads", "own rules", ".ex.json", keys=(("a", "b"),)),
        Shadow("deny-sensitive-reads", "another folder", variable="EX_HOME"),
        Shadow("sandbox", "another layer's", "/etc/other.json", keys=(("x",),)),
    ),
)


class Host:
    """A host with Codex, and what stands in files and profiles there."""

    name, options = "ws-1", {}

    def __init__(self, judged: tuple[str, ...] = (), **facts: Any) -> None:
        self.judged = judged
        install = {"agent": "codex", "user": None, "version": "0.169.0", "how": "npm"}
        self.facts = {
            "agents": {"agents": [{**install, "path": "/usr/bin/codex"}]},
            "host": {"users": [{"name": "alice", "home": "/home/alice", "state": "ok"}]},
            "trust": {"paths": {"/etc/example": {"found": True, "weak": ""}}},
            "documents": {"documents": []},
            "assignments": {"assignments": []},
            **facts,
        }

    def options_of(self, control: str) -> dict[str, Any]:
        return (
            {"port": 4999}
            if control == "agent-audit-log"
            else {**DEFAULTS, "protect_homes": ["vault"]}
        )

    def read(self, fact: type[Read], **_: Any) -> Any:
        return self.facts[fact.what]

    def doubt(self, reason: str, subject: str | None = None) -> None:
        raise AssertionError(reason)


@pytest.fixture(autouse=True)
def one_language(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shadows, "languages", lambda: (EXAMPLE,))
    for cached in (shadows.documents, shadows.variables):
        cached.cache_clear()
    yield
    for cached in (shadows.documents, shadows.variables):
        cached.cache_clear()


@pytest.fixture
def layer() -> layers.AgentLayer:
    return layers.AgentLayer(EXAMPLE, "deny-sensitive-reads")


def test_what_it_writes_follows_the_policy(layer: layers.AgentLayer) -> None:
    host = Host()
    assert layer.id == "codex-deny-sensitive-reads"
    assert layer.subjects(host) == [HOST_SUBJECT]
    file, document = layer.harden(host, HOST_SUBJECT)
    assert file.path == DROP_IN and "vault" in json.loads(file.content)
    (fragment,) = document.fragments
    assert (document.path, fragment.key, fragment.control) == (
        SETTINGS,
        ("deny", "read"),
        "codex-deny-sensitive-reads",
    )
    assert list(layer.observe(host, HOST_SUBJECT)) == []


def test_others_hands_on_what_it_obeys_are_told(layer: layers.AgentLayer) -> None:
    host = Host(trust={"paths": {"/etc/example": {"found": True, "weak": "/etc/example/x"}}})
    (finding,) = layer.observe(host, HOST_SUBJECT)
    assert "/etc/example" in finding.seen and "chown root:root /etc/example/x" in finding.fix


def test_what_undoes_it_is_told_with_its_place(layer: layers.AgentLayer) -> None:
    row = {"user": "alice", "path": "/home/alice/.ex.json", "state": "present"}
    other = {**row, "path": "/etc/other.json", "values": {"x": 1}}
    login = {"name": "EX_HOME", "path": "/home/alice/.profile", "line": 3, "user": "alice"}
    host = Host(
        documents={"documents": [{**row, "values": {"a.b": True}}, other]},
        assignments={"assignments": [login]},
    )
    seen = [finding.seen for finding in layer.observe(host, HOST_SUBJECT)]
    assert seen == [
        "/home/alice/.ex.json undoes this: own rules",
        "/home/alice/.profile:3 undoes this: another folder",
    ]
    harmless = Host(documents={"documents": [{**row, "values": {"a.b": None}}]})
    assert list(layer.observe(harmless, HOST_SUBJECT)) == []


def test_what_no_layer_holds_is_a_finding() -> None:
    control = Coverage(EXAMPLE)
    alone = list(control.observe(Host(), HOST_SUBJECT))
    assert [bool(finding.fix) for finding in alone] == [True, False]
    assert "ask for secret-links" in alone[0].fix
    (left,) = control.observe(Host(judged=("secret-links",)), HOST_SUBJECT)
    assert left.seen == "Codex can't be told: to forget what it read"


def test_the_policy_of_our_programs_is_one_file() -> None:
    (file,) = policy.AgentPolicy().harden(Host(), HOST_SUBJECT)
    content = json.loads(file.content)
    assert (file.path, file.mode, content["version"]) == (policy.PATH, "0644", 1)
    assert "vault" in content["protected"]["home"]
    assert content["agents"]["claude-code"]["program"] == "claude"
    assert content["agents"]["gemini-cli"]["confined"] is True
    assert content["agents"]["codex"]["confined"] is False
    assert "127.0.0.1:4999" in content["agents"]["codex"]["provider"]  # else its telemetry is lost
    assert policy.compiled(intended(DEFAULTS)) != file.content
