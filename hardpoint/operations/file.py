"""A file of our own on a host: whole, root's, known by its fingerprint."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyinfra import host
from pyinfra.api import StringCommand, operation

from hardpoint import hostside, journal
from hardpoint.facts import Read
from hardpoint.facts.files import FileStates
from hardpoint.journal import Claim
from hardpoint.operations import Desired, Refused
from hardpoint.outcome import Change
from hardpoint.reading import reader_of

PART = 30 * 1024
"""Bytes of a content that go with one request."""


@operation()
def file(
    path: str, content: str, claim: Claim, mode: str = "0644", owner: str = "root:root"
) -> Iterator[StringCommand]:
    """Puts a file in place, journalled.

    + path: where; outside the homes
    + content: all of it
    + mode: four octal digits
    + owner: user:group
    """
    reader = reader_of(host)
    state = reader.read(FileStates, paths=[path])["files"].get(path, {"type": "absent"})
    digest = hashlib.sha256(content.encode()).hexdigest()
    wanted = {"type": "file", "sha256": digest, "mode": mode, "owner": owner}
    if state == wanted:
        host.noop(f"{path} is as it should be")
        return
    refuse_what_is_in_the_way(path, state)
    reader.announce(
        Change(_summary(path, state), path, before=fingerprint(state), after=digest[:12]), [path]
    )
    resource: dict[str, Any] = {"type": "file", "path": path, "user": None}
    yield journal.record(claim, resource, wanted)
    yield from _write(claim, resource, content.encode(), mode=mode, owner=owner)


def _write(
    claim: Claim, resource: dict[str, Any], content: bytes, **more: str
) -> Iterator[StringCommand]:
    """One request; for a long content its parts first, since a command's length is limited."""
    parts = [content[start : start + PART] for start in range(0, len(content), PART)]
    if len(parts) <= 1:
        yield hostside.command(claim.request("write", resource, content_b64=_text(content), **more))
        return
    for part in parts:
        yield hostside.command({"do": "stage", "run": claim.run, "content_b64": _text(part)})
    digests = [hashlib.sha256(part).hexdigest() for part in parts]
    yield hostside.command(claim.request("write", resource, parts=digests, **more))


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _summary(path: str, state: dict[str, Any]) -> str:
    return f"create {path}" if state["type"] == "absent" else f"replace {path}"


def refuse_what_is_in_the_way(path: str, state: Mapping[str, Any]) -> None:
    """Raises Refused where something stands at our file's place that we may not replace."""
    if state["type"] not in ("absent", "file"):
        raise Refused(f"{path} is a {state['type']}: move it away, it is in the way of our file")


def fingerprint(state: Mapping[str, Any]) -> str:
    """A file's state in short: a reviewed plan is compared by it."""
    if state["type"] == "absent":
        return "absent"
    return f"{state.get('sha256', '')[:12]} {state['mode']} {state['owner']}"


@dataclass(frozen=True)
class File(Desired):
    """A file with this content, mode and owner."""

    operation = file

    path: str
    content: str
    mode: str = "0644"
    owner: str = "root:root"

    def reads(self) -> list[tuple[type[Read], dict[str, Any]]]:
        return [(FileStates, {"paths": [self.path]})]
