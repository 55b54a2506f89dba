"""The one file that says what agents may do: whole and root's, or nothing is started."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

GOOD: dict[str, Any] = {
    "version": 1,
    "protected": {"home": [".ssh"], "project": [".env"], "exempt": [], "system": []},
    "environment": ["*_TOKEN"],
    "dangerous": [],
    "network": {"allow": ["github.com"]},
    "persistent": {"home": [".bashrc"], "project": [".git/hooks"]},
    "profile": "coder",
    "agents": {
        "claude-code": {"program": "claude", "provider": ["api.example"], "state": [".claude"]}
    },
}


@pytest.fixture
def load(launcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    intent = launcher("intent")
    monkeypatch.setattr(intent, "only_roots", lambda path: None)

    def load(content: str) -> Any:
        path = tmp_path / "agents.json"
        path.write_text(content)
        return intent.load(str(path))

    return load


def test_a_good_file_is_understood(load) -> None:
    intent = load(json.dumps(GOOD))
    assert intent.protected_home == (".ssh",)
    assert intent.agent("claude").id == intent.agent("claude-code").id == "claude-code"
    assert intent.agent("/home/a/.local/bin/claude").provider == ("api.example",)
    assert intent.agent("bash") is None


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"protected": None},
        {"protected": {"home": ".ssh"}},
        {"network": {"allow": [1]}},
        {"persistent": {"project": ["a\nb"]}},
        {"profile": "anything"},
        {"agents": []},
        {"agents": {"x": {"program": "../x"}}},
    ],
)
def test_a_file_of_another_form_starts_nothing(load, launcher, change: dict[str, Any]) -> None:
    with pytest.raises(launcher("errors").Refused, match="can't be used"):
        load(json.dumps({**GOOD, **change}))


def test_a_file_that_is_no_json_or_not_there_starts_nothing(load, launcher) -> None:
    refused = launcher("errors").Refused
    with pytest.raises(refused, match="can't be used"):
        load("{")
    with pytest.raises(refused, match="is missing"):
        launcher("intent").load("/nonexistent/agents.json")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make root's files")
def test_a_file_that_others_may_change_starts_nothing(launcher, tmp_path: Path) -> None:
    path = tmp_path / "agents.json"
    path.write_text(json.dumps(GOOD))
    path.chmod(0o664)
    with pytest.raises(launcher("errors").Refused, match="others than root"):
        launcher("intent").load(str(path))
    path.chmod(0o644)
    os.chown(path, 12345, 0)
    with pytest.raises(launcher("errors").Refused, match="does not belong to root"):
        launcher("intent").load(str(path))
