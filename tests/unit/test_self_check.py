"""The control of a workstation that checks itself: what it says, what it installs, and when not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from hardpoint.control import HOST_SUBJECT
from hardpoint.controls.host.self_check import METADATA, SelfCheck
from hardpoint.facts import Read
from hardpoint.facts.machine import Machine
from hardpoint.operations.file import File
from hardpoint.operations.started import Started, _until_started

COMMAND, POLICY = "/usr/local/bin/hardpoint", "/etc/hardpoint/policy.yaml"
GOOD = {"found": True, "weak": ""}


class Workstation:
    """A host that answers what it is told to."""

    name = "ws-1"

    def __init__(self, systemd: bool = True, schedule: str = "hourly", **paths: Any) -> None:
        self.options = {name: option.default for name, option in METADATA.options.items()}
        self.options["schedule"] = schedule
        trust = {COMMAND: paths.get("command", GOOD), POLICY: paths.get("policy", GOOD)}
        self.answers = {"host": {"systemd": systemd}, "trust": {"paths": trust}}

    def read(self, fact: type[Read], **query: Any) -> Any:
        assert fact is Machine or query == {"paths": [COMMAND, POLICY]}
        return self.answers[fact.what]


def judged(host: Workstation) -> tuple[list[str], list[object]]:
    control = SelfCheck()
    found = [finding.seen for finding in control.observe(host, HOST_SUBJECT)]
    return found, list(control.harden(host, HOST_SUBJECT))


def test_without_a_schedule_it_concerns_nobody() -> None:
    assert SelfCheck().subjects(Workstation(schedule="")) == []


def test_where_all_is_there_a_timer_is_installed_and_started() -> None:
    found, (service, timer, started) = judged(Workstation())
    assert found == []
    assert isinstance(service, File) and isinstance(timer, File) and isinstance(started, Started)
    assert f"ExecStart={COMMAND} check --policy {POLICY} --output " in service.content
    assert "ProtectSystem=strict\n" in service.content and "SuccessExit" not in service.content
    assert "OnCalendar=hourly\n" in timer.content
    assert started.files == (service.path, timer.path)


@pytest.mark.parametrize("name", ["command", "policy"])
def test_what_is_missing_is_told_and_nothing_is_installed(name: str) -> None:
    found, wanted = judged(Workstation(**{name: {"found": False, "weak": ""}}))
    assert len(found) == 1 and "is not there" in found[0] and wanted == []


@pytest.mark.parametrize("name", ["command", "policy"])
def test_what_others_can_change_is_not_run(name: str) -> None:
    found, wanted = judged(Workstation(**{name: {"found": False, "weak": "/home/alice"}}))
    assert len(found) == 1 and "is not root's alone" in found[0] and wanted == []


def test_what_could_not_be_read_is_neither_told_nor_trusted() -> None:
    host = Workstation()
    host.answers["trust"] = {"paths": {}}
    assert judged(host) == ([], [])


def test_a_host_without_systemd_is_told() -> None:
    found, _ = judged(Workstation(systemd=False))
    assert "not run by systemd" in found[0]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("schedule", "daily\nOnBootSec=1"),
        ("schedule", "%h"),
        ("command", "hardpoint"),
        ("command", "/usr/bin/env hardpoint"),
        ("command", "/opt/%n/hardpoint"),
        ("command", "/bin/sh"),
        ("policy", "/home/alice/policy.yaml"),
        ("policy", "/etc/hardpoint/../shadow"),
    ],
)
def test_an_option_can_not_become_another_line_or_program(option: str, value: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(METADATA.options[option].type).validate_python(value)


STATE = {"load": "loaded", "enabled": "enabled", "active": "active", "reload_needed": False}


@pytest.mark.parametrize(
    ("state", "changed", "actions"),
    [
        (STATE, [], []),
        (None, [], ["daemon-reload", "enable", "start"]),
        (STATE | {"enabled": "disabled"}, [], ["daemon-reload", "enable"]),
        (STATE | {"active": "inactive"}, [], ["daemon-reload", "start"]),
        (STATE | {"active": "failed"}, ["x"], ["daemon-reload", "start"]),
        (STATE, ["/etc/x.timer"], ["daemon-reload", "restart"]),
        (
            STATE | {"active": "inactive", "enabled": ""},
            ["x"],
            ["daemon-reload", "enable", "start"],
        ),
    ],
)
def test_a_unit_is_enabled_and_started_from_its_state(
    state: dict[str, Any] | None, changed: list[str], actions: list[str]
) -> None:
    assert _until_started(state, changed) == actions
