"""What holds outside a sandbox only is taken out of the settings that an agent sees inside."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def outside(launcher: Any, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = launcher("outside")
    monkeypatch.setattr(module, "only_roots", lambda path: None)
    return module


def test_only_what_is_ours_is_taken_out(outside: ModuleType) -> None:
    document = {
        "security": {"auth": {"enforcedType": "only-inside", "selectedType": "openai"}},
        "providers": ["only-inside", "theirs"],
        "ours": ["a"],
        "changed": "by somebody",
        "kept": {},
    }
    taken = {
        "security": {"auth": {"enforcedType": "only-inside"}},
        "providers": ["only-inside"],
        "ours": ["a"],
        "changed": "as we wrote it",
    }
    assert outside.without(document, taken) == {
        "security": {"auth": {"selectedType": "openai"}},
        "providers": ["theirs"],
        "changed": "by somebody",
        "kept": {},
    }


def test_documents_with_comments_and_folders(outside: ModuleType, tmp_path: Path) -> None:
    settings, folder = tmp_path / "settings.json", tmp_path / "hidden"
    required = tmp_path / "requirements.toml"
    required.write_text("sandbox = true\n")
    settings.write_text('// ours\n{"a": "http://x//y", /* b */ "b": ["one", "two",],\n}\n')
    folder.mkdir()
    (tmp_path / "agent.json").write_text(
        json.dumps(
            {
                str(settings): {"b": ["one"]},
                str(folder): None,
                str(required): None,
                "/nowhere": None,
                "/no.json": {},
            }
        )
    )
    documents, hidden = outside.of("agent", str(tmp_path))
    assert documents.pop(str(required)) == ""
    assert {path: json.loads(text) for path, text in documents.items()} == {
        str(settings): {"a": "http://x//y", "b": ["two"]}
    }
    assert hidden == [str(folder)]


def test_an_agent_of_which_nothing_is_said(outside: ModuleType, tmp_path: Path) -> None:
    assert outside.of("agent", str(tmp_path)) == ({}, [])


@pytest.mark.parametrize("content", ["", "{", "[]", '{"SETTINGS": {}}'])
def test_what_can_not_be_read_starts_nothing(
    outside: ModuleType, launcher: Any, tmp_path: Path, content: str
) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text("{ not json")
    (tmp_path / "agent.json").write_text(content.replace("SETTINGS", str(settings)))
    with pytest.raises(launcher("errors").Refused, match="can't be used"):
        outside.of("agent", str(tmp_path))


def test_a_file_that_others_may_write_starts_nothing(launcher: Any, tmp_path: Path) -> None:
    path = tmp_path / "agent.json"
    path.write_text("{}")
    path.chmod(0o666)
    with pytest.raises(launcher("errors").Refused):
        launcher("outside").of("agent", str(tmp_path))
