"""Many commands in one exec: the framed script that is sent, and the reading of what comes back.

A script is POSIX sh on stdin (an exec argument is limited to 128 KiB). After each command it
prints a fresh nonce with the command's index and exit status on stdout, and with the index on
stderr; the bytes between two frames are that command's own. Root is entered once, other users
once each, from root.
"""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

DEFAULT_TIMEOUT = 20
"""Seconds that one read may take, where the fact names no other limit."""

GRACE = 2
"""Seconds between SIGTERM and SIGKILL for a command that hangs."""

_TIMED_OUT = {124, 137}
ROOT = "root"


@dataclass(frozen=True)
class Request:
    """One shell command in one privilege context.

    `user` is None for the user who logged in, otherwise root or whoever the command is for.
    `unprivileged` is what runs instead, as the user who logged in, where root can't be had.
    """

    command: str
    user: str | None = None
    timeout: int = DEFAULT_TIMEOUT
    unprivileged: str = ""


@dataclass(frozen=True)
class Answer:
    """What one command said: raw bytes and its exit status, or why there is none.

    `failure` is one of: "" (it ran), "timeout", "lost" (the connection ended before its frame),
    "refused" (its privilege context could not be entered; stderr says why). `refusal` is what
    sudo said when the unprivileged command ran instead.
    """

    status: int = 0
    stdout: bytes = b""
    stderr: bytes = b""
    failure: str = ""
    refusal: str = ""


@dataclass(frozen=True)
class Script:
    """A batch ready to be sent, and all that is needed to read its output."""

    text: str
    nonce: str
    requests: tuple[Request, ...]
    groups: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def last_frame(self) -> bytes:
        return f"\n{self.nonce} end".encode()


def build(requests: Sequence[Request], elevate: str = "sudo -n") -> Script:
    """The script that runs the requests, one context after the other.

    `elevate` is the command that starts a root shell, "" where the script already runs as root.
    """
    nonce = secrets.token_hex(16)
    groups: dict[str, list[int]] = {}
    own: list[int] = []
    for index, request in enumerate(requests):
        (own if request.user is None else groups.setdefault(request.user, [])).append(index)

    lines = [_PRELUDE.format(nonce=nonce, grace=GRACE)]
    lines += [_run(index, requests[index]) for index in own]
    if groups:
        lines.append(_enter_root(_root_script(nonce, requests, groups), nonce, elevate))
        lines.append(_instead_of_root(requests, groups.get(ROOT, [])))
    lines.append(f"printf '\\n{nonce} end\\n'; printf '\\n{nonce} end\\n' >&2\n")
    return Script(
        "".join(lines),
        nonce,
        tuple(requests),
        {user: tuple(indices) for user, indices in groups.items()},
    )


# `timeout` runs inside the context: an unprivileged one may not kill root's process. Where the
# tool is missing (macOS) a shell watchdog takes its place.
_PRELUDE = """\
if command -v timeout >/dev/null 2>&1; then
hp_limit() {{ hp_t=$1; shift; timeout -k {grace} "$hp_t" "$@"; }}
else
hp_limit() {{ hp_t=$1; shift; "$@" & hp_p=$!; (sleep "$hp_t"; kill -9 $hp_p) >/dev/null 2>&1 &
hp_w=$!; wait $hp_p; hp_s=$?; kill $hp_w >/dev/null 2>&1; return $hp_s; }}
fi
hp_frame() {{ hp_s=$?; printf '\\n{nonce} %s %s\\n' "$1" "$hp_s"
printf '\\n{nonce} %s\\n' "$1" >&2; return 0; }}
"""


def _run(index: int, request: Request) -> str:
    return _limited(index, request.timeout, request.command)


def _limited(index: int, timeout: int, command: str) -> str:
    return f"hp_limit {timeout} {command} </dev/null; hp_frame {index}\n"


def _instead_of_root(requests: Sequence[Request], indices: list[int]) -> str:
    """What is still asked when root said no: after `hp_frame root`, hp_s is how that went."""
    lines = [
        _limited(index, requests[index].timeout, requests[index].unprivileged)
        for index in indices
        if requests[index].unprivileged
    ]
    return 'if [ "$hp_s" != 0 ]; then :\n' + "".join(lines) + "fi\n"


def _root_script(nonce: str, requests: Sequence[Request], groups: dict[str, list[int]]) -> str:
    lines = [_PRELUDE.format(nonce=nonce, grace=GRACE)]
    for user, indices in groups.items():
        body = "".join(_run(index, requests[index]) for index in indices)
        lines.append(body if user == ROOT else _enter_user(user, body, nonce))
    return "".join(lines)


def _enter_root(script: str, nonce: str, elevate: str) -> str:
    marker = f"{nonce}-root"
    if not elevate:
        return f"sh <<'{marker}'\n{script}{marker}\nhp_frame {ROOT}\n"
    return (
        f'if [ "$(id -u)" = 0 ]; then hp_root=sh; else hp_root="{elevate} sh"; fi\n'
        f"$hp_root <<'{marker}'\n{script}{marker}\nhp_frame {ROOT}\n"
    )


def _enter_user(user: str, body: str, nonce: str) -> str:
    marker = f"{nonce}-{secrets.token_hex(4)}"
    name = shlex.quote(user)
    prelude = _PRELUDE.format(nonce=nonce, grace=GRACE)
    return (
        f"if command -v sudo >/dev/null 2>&1; then hp_as() {{ sudo -H -n -u {name} sh; }}\n"
        f"else hp_as() {{ su {name} -s /bin/sh; }}; fi\n"
        f"hp_as <<'{marker}'\n{prelude}{body}{marker}\n"
        f"hp_frame {shlex.quote('user:' + user)}\n"
    )


def read(script: Script, stdout: bytes, stderr: bytes) -> list[Answer]:
    """One answer per request, in order. Missing frames become `refused` or `lost`."""
    outputs = _frames(script.nonce, stdout)
    errors = _frames(script.nonce, stderr)
    context_of = {i: user for user, indices in script.groups.items() for i in indices}
    return [
        _answer(index, context_of.get(index), outputs, errors)
        for index in range(len(script.requests))
    ]


def _answer(
    index: int,
    user: str | None,
    outputs: dict[str, tuple[bytes, int]],
    errors: dict[str, tuple[bytes, int]],
) -> Answer:
    if str(index) in outputs:
        stdout, status = outputs[str(index)]
        stderr = errors.get(str(index), (b"", 0))[0]
        failure = "timeout" if status in _TIMED_OUT else ""
        return Answer(status, stdout, stderr, failure, _refusal(user, outputs, errors))
    for context in (f"user:{user}", ROOT) if user else ():
        if context in outputs and outputs[context][1] != 0:
            return Answer(outputs[context][1], b"", errors.get(context, (b"", 0))[0], "refused")
    return Answer(1, b"", b"", "lost")


def _refusal(
    user: str | None, outputs: dict[str, tuple[bytes, int]], errors: dict[str, tuple[bytes, int]]
) -> str:
    if user != ROOT or outputs.get(ROOT, (b"", 0))[1] == 0:
        return ""
    return errors.get(ROOT, (b"", 0))[0].decode("utf-8", "replace").strip() or "no root here"


def _frames(nonce: str, stream: bytes) -> dict[str, tuple[bytes, int]]:
    """index -> (the bytes before its frame, exit status; 0 on stderr)."""
    frames: dict[str, tuple[bytes, int]] = {}
    separator = f"\n{nonce} ".encode()
    pieces = stream.split(separator)
    content = pieces[0]
    for piece in pieces[1:]:
        header, _, rest = piece.partition(b"\n")
        words = header.decode("ascii", "replace").split()
        if words:
            frames[words[0]] = (content, int(words[1]) if len(words) > 1 else 0)
        content = rest
    return frames


def total_timeout(requests: Iterable[Request]) -> int:
    """Seconds after which a batch is given up, however many of its commands hang."""
    return sum(request.timeout + GRACE for request in requests) + 10
