"""The root-owned reader answers all that a check asks, and is small enough to be sent."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from hardpoint import hostside
from hardpoint.control import HOST_SUBJECT, Control
from hardpoint.controls import registry
from hardpoint.controls.host.reader import ReaderInstalled
from hardpoint.facts import Read
from hardpoint.facts.journal import Claims
from hardpoint.facts.machine import Machine
from hardpoint.hostside.payload.reader import permitted
from hardpoint.operations.file import PART, File


class Asking:
    """A host that knows nothing, and remembers what it was asked."""

    name, judged = "host", ()

    def __init__(self, control: Control) -> None:
        self.options = {n: option.default for n, option in control.metadata.options.items()}
        self.asked: list[dict[str, Any]] = [Machine().request({}), Claims().request({})]

    def options_of(self, control: str) -> dict[str, Any]:
        about = registry()[control].metadata
        return {n: option.default for n, option in about.options.items()}

    def doubt(self, reason: str, subject: str | None = None) -> None:
        """Nothing is installed here: nobody doubts."""

    def read(self, fact: type[Read], **query: Any) -> Any:
        self.asked.append(fact().request(query))
        return fact.default()


def reader() -> ReaderInstalled:
    control = registry()["hardpoint-reader"]
    assert isinstance(control, ReaderInstalled)
    return control


@pytest.mark.parametrize("control", registry(), ids=lambda control: control.id)
def test_what_a_check_asks_is_permitted(control: Control) -> None:
    host = Asking(control)
    host.options |= {"user": "ops", "schedule": "hourly"}
    list(control.subjects(host))
    list(control.observe(host, HOST_SUBJECT))
    for desired in control.harden(host, HOST_SUBJECT):
        host.asked += [fact().request(query) for fact, query in desired.reads()]
    catalogue = reader()._catalogue
    for request in host.asked:
        assert permitted(json.loads(json.dumps(request)), catalogue), request
    assert permitted({"do": "many", "requests": host.asked}, catalogue)
    assert not permitted({"do": "many", "requests": [{"do": "many", "requests": []}]}, catalogue)


def test_a_command_line_is_looked_at_for_catalogued_programs_and_flags_alone() -> None:
    catalogue = {"variables": ["V"], "programs": ["vllm", "jupyter lab"], "flags": ["--host"]}
    asked = {"do": "read", "what": "units", "units": [], "variables": ["V"]}
    more = {"programs": ["jupyter lab"], "flags": ["--host"], "masked": ["V", "--host"]}
    assert permitted({**asked, **more}, catalogue)
    for name, value in {"programs": "ssh", "flags": "--api-key", "masked": "W"}.items():
        assert not permitted({**asked, **more, name: [value]}, catalogue)
        assert not permitted({**asked, **more, name: value}, catalogue)
        assert not permitted({**asked, **more, name: [[value]]}, catalogue)


def test_what_a_drop_in_should_be_is_told_of_our_own_drop_ins_alone() -> None:
    catalogue = {"programs": ["vllm"], "flags": ["--host"]}
    asked = {
        "do": "read", "what": "command_line", "unit": "vllm.service", "scope": "system", "add": True,
        "path": "/etc/systemd/system/vllm.service.d/zz-hardpoint-vllm-command.conf",
        "control": "vllm-command", "programs": ["vllm"], "flags": {"--host": None},
    }  # fmt: skip
    assert permitted(asked, catalogue)
    wrong = {"path": "/etc/shadow", "unit": "a b", "flags": {"--key": "x"}, "programs": ["ssh"]}
    for name, value in {**wrong, "control": "x\n[Service]", "add": "yes"}.items():
        assert not permitted({**asked, name: value}, catalogue), name


def test_a_launcher_is_looked_at_for_catalogued_programs_and_flags_alone() -> None:
    catalogue = {"variables": ["V"], "programs": ["vllm"], "flags": ["--host"], "documents": []}

    def may(*key: str) -> bool:
        resource = {"type": "setting", "path": "/etc/cron.d/x", "user": None, "format": "crontab"}
        asked = {"do": "read", "what": "setting", "resource": {**resource, "key": list(key)}}
        return permitted(asked, catalogue)

    assert may("V") and may("vllm", "--host")
    assert not may("W") and not may("vllm", "--api-key") and not may("ssh", "--host") and not may()


def test_every_part_of_the_reader_fits_into_one_command() -> None:
    host = Asking(reader())
    host.options["user"] = "ops"
    program = next(d for d in reader().harden(host, HOST_SUBJECT) if isinstance(d, File))
    assert len(program.content) > PART, "the parts are not needed any more"
    part = base64.b64encode(b"x" * PART).decode()
    hostside.command({"do": "stage", "run": "20261121T105200Z-1a2b3c4d", "content_b64": part})
