"""Reads of one wave, answered by one process on the host instead of one each.

Starting Python costs a host more than most reads do, and every start would be sent the program anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from hardpoint import hostside
from hardpoint.batch import Answer, Request
from hardpoint.connector import request_for
from hardpoint.facts import unprivileged

Execute = Callable[[list[Request]], list[Answer]]


def execute(run: Execute, requests: list[Request]) -> list[Answer]:
    """The answers to all requests, in order; as if `run` had been given each of them."""
    reads = [request for request in requests if request.read]
    whole = _joined(reads)
    if whole is None:
        return run(requests)
    others = [request for request in requests if not request.read]
    *rest, joint = run([*others, whole])
    answers = dict(zip(others, rest, strict=True))
    parts = _parts(joint, len(reads))
    # Without an answer for all, each is asked alone: one that breaks the program breaks itself only.
    answers |= zip(reads, parts if parts is not None else run(reads), strict=True)
    return [answers[request] for request in requests]


def _joined(reads: list[Request]) -> Request | None:
    if len(reads) < 2:
        return None
    request = {"do": "many", "requests": [json.loads(read.read) for read in reads]}
    try:
        command = request_for(hostside.command(request), {"_sudo": True})
    except ValueError:  # too long for one argument
        return None
    seconds = sum(read.timeout for read in reads)
    return replace(command, timeout=seconds, unprivileged=unprivileged(request))


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
