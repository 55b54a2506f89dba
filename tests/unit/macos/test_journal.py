"""A session's variable is recorded, set and taken back, against a small model of launchctl."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

import pytest

from hardpoint.hostside.payload import darwin
from tests.unit.hostside.conftest import Host

ME = getpass.getuser()
LABEL = f"OLLAMA_HOST in the session of {ME}"
RESOURCE = {"type": "launchd", "user": ME, "name": "OLLAMA_HOST"}


class Session:
    """The one session that there is, or none (`values` is None); `calls` are its changes."""

    def __init__(self) -> None:
        self.values: dict[str, str] | None = {}
        self.calls: list[tuple[str, ...]] = []

    def __call__(self, command: list[str], **_: object) -> tuple[int, str]:
        words = command[1:]
        if words[0] == "asuser":
            words = words[3:]
        if words[0] == "print":
            return (113, "Could not find domain for") if self.values is None else (0, "")
        assert self.values is not None
        if words[0] == "getenv":
            return 0, self.values.get(words[1], "") + "\n" * (words[1] in self.values)
        self.calls.append(tuple(words))
        if words[0] == "setenv":
            self.values[words[1]] = words[2]
        else:
            self.values.pop(words[1], None)
        return 0, ""


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    model = Session()
    monkeypatch.setattr(darwin.shell, "run", model)
    return model


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def put(host: Host, value: str, control: str = "a") -> dict:
    one = {"run": host.run, "control": control, "subject": ME, "resource": RESOURCE}
    host.do("record", **one, intended={"value": value})
    return host.do("launchd", **one, value=value)


def test_a_value_comes_back(host: Host, session: Session) -> None:
    session.values = {"OLLAMA_HOST": "0.0.0.0", "OTHER": "x"}
    assert put(host, "127.0.0.1:11434")["changed"]
    assert session.values["OLLAMA_HOST"] == "127.0.0.1:11434"
    assert not put(host, "127.0.0.1:11434")["changed"]
    assert host.rollback() == {LABEL: ("restored", "")}
    assert session.values == {"OLLAMA_HOST": "0.0.0.0", "OTHER": "x"}
    assert host.results() == ["already"]


def test_what_was_not_set_is_unset(host: Host, session: Session) -> None:
    put(host, "127.0.0.1:11434")
    assert host.rollback(dry=True) == {LABEL: ("restored", "")}
    assert session.calls == [("setenv", "OLLAMA_HOST", "127.0.0.1:11434")]
    assert host.results() == ["restored"]
    assert session.values == {} and session.calls[-1] == ("unsetenv", "OLLAMA_HOST")


@pytest.mark.parametrize("values", [None, {}], ids=["logged out", "logged in again"])
def test_what_ended_with_the_session_is_not_put_back(host, session, values) -> None:
    session.values = {"OLLAMA_HOST": "0.0.0.0"}
    put(host, "127.0.0.1:11434")
    session.values = values
    assert host.rollback() == {LABEL: ("already", "it ended with the session")}
    assert session.values == values


def test_what_its_user_set_since_stays(host: Host, session: Session) -> None:
    put(host, "127.0.0.1:11434")
    assert session.values is not None
    session.values["OLLAMA_HOST"] = "10.0.0.9"
    (result, reason) = host.rollback()[LABEL]
    assert result == "refused" and "changed since" in reason
    assert session.values["OLLAMA_HOST"] == "10.0.0.9"
    assert host.results(force=True) == ["restored"] and session.values == {}


def test_nobody_is_logged_in(host: Host, session: Session) -> None:
    session.values = None
    one = {"run": host.run, "control": "a", "subject": ME, "resource": RESOURCE}
    host.do("record", **one)
    assert "not logged in" in host.refused("manager-down", "launchd", **one, value="x")


def test_nothing_is_set_that_was_not_recorded(host: Host, session: Session) -> None:
    put(host, "1")
    other = {**RESOURCE, "name": "OLLAMA_ORIGINS"}
    host.refused("not-recorded", "launchd", run=host.run, control="a", resource=other, value="x")
    assert session.values == {"OLLAMA_HOST": "1"}


@pytest.mark.parametrize(
    "changed",
    [{"name": "A=B"}, {"name": "-x"}, {"name": None}, {"user": "no/body"}, {"path": "/etc/x"}],
)
def test_resources_are_checked(host: Host, session: Session, changed: dict) -> None:
    resource = {**RESOURCE, **changed}
    host.refused("bad-request", "record", run=host.run, control="a", resource=resource)


@pytest.mark.parametrize("value", ["a\nb", "a\0b", 7, None])
def test_values_are_one_line(host: Host, session: Session, value: object) -> None:
    put(host, "1")
    one = {"run": host.run, "control": "a", "subject": ME, "resource": RESOURCE}
    host.refused("bad-request", "launchd", **one, value=value)
    assert session.values == {"OLLAMA_HOST": "1"}


def test_the_index_holds_no_value(host: Host, session: Session) -> None:
    session.values = {"OLLAMA_HOST": "planted.example"}
    put(host, "127.0.0.1:11434")
    index = next(Path(host.folder, "journal", "runs").rglob("index.jsonl")).read_text()
    assert "planted" not in index and "127.0.0.1" not in index
    assert os.stat(host.folder / "journal").st_mode & 0o077 == 0


def test_two_users_have_a_variable_each(host: Host, session: Session) -> None:
    from hardpoint.hostside.payload import resources

    assert resources.identity(RESOURCE) != resources.identity({**RESOURCE, "user": "bob"})
