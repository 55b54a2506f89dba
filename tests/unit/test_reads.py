"""Reads of one wave share a process, and as many processes as the length of a command asks for."""

from __future__ import annotations

import json
import subprocess

import pytest

from hardpoint import hostside, reads
from hardpoint.batch import Answer, Request

READS = [{"do": "read", "what": what} for what in ("host", "containers", "listeners", "files")]


def answer(request: Request) -> Answer:
    """What a host says: of each read its name."""
    names = [one["what"] for one in READS if f'"what":"{one["what"]}"' in request.command]
    many = '"do":"many"' in request.command
    reply = {"replies": [{"ok": True, "is": name} for name in names]} if many else {"is": names[0]}
    return Answer(0, json.dumps({"ok": True, **reply}).encode())


@pytest.mark.parametrize(("limit", "execs"), [(120 * 1024, 1), (40 * 1024, 2)])
def test_what_does_not_fit_into_one_command_goes_in_few(
    monkeypatch: pytest.MonkeyPatch, limit: int, execs: int
) -> None:
    requests = [reads.carrying(read, None) for read in READS]
    monkeypatch.setattr(hostside, "LIMIT", limit)
    sent: list[int] = []

    def run(group: list[Request]) -> list[Answer]:
        sent.append(len(group))
        return [answer(request) for request in group]

    answers = reads.execute(run, requests)
    assert [json.loads(one.stdout)["is"] for one in answers] == [one["what"] for one in READS]
    assert sent == [execs]


def test_a_question_that_cannot_be_put_fails_alone(tmp_path) -> None:
    def run(group: list[Request]) -> list[Answer]:
        told = [
            subprocess.run(["sh", "-c", one.command], stdout=-1) for one in group if one.command
        ]
        return [Answer(done.returncode, done.stdout) for done in told]

    wanted = [reads.carrying({"do": "read", "what": what}, None) for what in ("files", "Nonsense!")]
    fine, refused = reads.execute(run, wanted)
    assert json.loads(refused.stdout)["error"] == "bad-request" and refused.status == 1
    assert json.loads(fine.stdout)
