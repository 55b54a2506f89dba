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
    others = [request for request in requests if not request.read]
    groups = _groups([request for request in requests if request.read])
    sent = [*others, *(group[0] if whole is None else whole for group, whole in groups)]
    replies = run(sent)
    answers = dict(zip(others, replies, strict=False))
    for (group, whole), joint in zip(groups, replies[len(others) :], strict=True):
        parts = [joint] if whole is None else _parts(joint, len(group))
        # Without an answer for all, each is asked alone: one that breaks the program breaks itself only.
        answers |= zip(group, parts if parts is not None else run(group), strict=True)
    return [answers[request] for request in requests]


def _groups(reads: list[Request]) -> list[tuple[list[Request], Request | None]]:
    """The reads in as few requests as fit into one argument each; None for a read that is alone."""
    whole = _joined(reads)
    if whole is not None or len(reads) < 2:
        return [(reads, whole)] if reads else []
    middle = len(reads) // 2
    return _groups(reads[:middle]) + _groups(reads[middle:])


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
