"""Reads of one wave, answered by one process on the host instead of one each.

Starting Python costs a host more than most reads do, and every start would be sent the program anew.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hardpoint import hostside
from hardpoint.batch import DEFAULT_TIMEOUT, ROOT, Answer, Request
from hardpoint.connector import request_for
from hardpoint.facts import unprivileged

Execute = Callable[[list[Request]], list[Answer]]


def carrying(read: dict[str, Any], timeout: int | None) -> Request:
    """The request that stands for a read until it is sent: its command is packed only then."""
    text = json.dumps(read, sort_keys=True)
    return Request("", ROOT, int(timeout or DEFAULT_TIMEOUT), read=text)


def execute(run: Execute, requests: list[Request]) -> list[Answer]:
    """The answers to all requests, in order; as if `run` had been given each of them."""
    others = [request for request in requests if not request.read]
    joints = _joined([request for request in requests if request.read])
    said = run([*others, *(whole for whole, _ in joints)])
    answers = dict(zip(others, said, strict=False))
    for (_, members), answer in zip(joints, said[len(others) :], strict=True):
        parts = [answer] if len(members) == 1 else _parts(answer, len(members))
        # Without an answer for all, each is asked alone: one that breaks the program breaks itself only.
        parts = parts if parts is not None else run([_alone(member) for member in members])
        answers |= zip(members, parts, strict=True)
    return [answers[request] for request in requests]


def one_by_one(run: Execute) -> Callable[[Request], Answer]:
    """Each request by itself, at once: where something changes between two reads."""
    return lambda request: execute(run, [request])[0]


def _joined(reads: list[Request]) -> list[tuple[Request, list[Request]]]:
    """As few requests as fit into one argument each, with the reads that they carry."""
    if len(reads) < 2:
        return [(_alone(read), [read]) for read in reads]
    request = {"do": "many", "requests": [json.loads(read.read) for read in reads]}
    try:
        whole = _packed(request, sum(read.timeout for read in reads))
    except ValueError:  # too long: reads of one kind share their code, so they stay together
        reads = sorted(reads, key=lambda read: json.loads(read.read).get("what", ""))
        half = len(reads) // 2
        return [*_joined(reads[:half]), *_joined(reads[half:])]
    return [(whole, reads)]


def _alone(read: Request) -> Request:
    """A question that can't be put is a read that fails, not a check that does."""
    try:
        return _packed(json.loads(read.read), read.timeout)
    except ValueError as error:
        refusal = json.dumps({"ok": False, "error": "bad-request", "message": str(error)})
        return Request(f"printf '%s\\n' {shlex.quote(refusal)}; false", ROOT, read.timeout)


def _packed(request: dict[str, Any], seconds: int) -> Request:
    command = request_for(hostside.command(request), {"_sudo": True, "_timeout": seconds})
    return replace(command, unprivileged=unprivileged(request))


def _parts(joint: Answer, count: int) -> list[Answer] | None:
    """One answer a read; None when the joint one can't be split."""
    if joint.failure == "refused":
        return [joint] * count
    try:
        replies = hostside.reply(joint.stdout.decode("utf-8", "replace"))["replies"]
    except (hostside.HostsideError, KeyError):
        return None
    if joint.failure or len(replies) != count:
        return None
    return [_part(reply, joint.refusal) for reply in replies]


def _part(reply: dict, refusal: str) -> Answer:
    failure = "timeout" if reply.get("error") == "timeout" else ""
    text = json.dumps(reply).encode()
    return Answer(0 if reply.get("ok") else 1, text, b"", failure, refusal)
