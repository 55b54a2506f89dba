"""Many commands in one exec: the framed script that is sent, and the reading of what comes back.

A script is POSIX sh on stdin (an exec argument is limited to 128 KiB). After each command it
prints a frame: a fresh nonce with the command's name and exit status on stdout, with the name on
stderr. The bytes between two frames are that command's own. Root is entered once, other users
once each, from root; a frame at each entry keeps what a login or sudo itself prints apart.
"""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

DEFAULT_TIMEOUT = 20
"""Seconds that one read may take, where the fact names no other limit."""

GRACE = 2
"""Seconds between SIGTERM and SIGKILL for a command that hangs."""

SLACK = 20
"""Seconds of silence that a login, sudo or a slow name server may cost besides."""

_TIMED_OUT = {124, 137}
ROOT = "root"


@dataclass(frozen=True)
class Request:
    """One shell command in one privilege context.

    `user` is None for the user who logged in, otherwise root or whoever the command is for.
    `unprivileged` is what runs instead, as the user who logged in, where root can't be had.
    `read` is the request to our program on the host that the command carries, if it does.
    """

    command: str
    user: str | None = None
    timeout: int = DEFAULT_TIMEOUT
    unprivileged: str = ""
    read: str = ""


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

    lines = [_prelude(nonce, "start")]
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
# tool is missing (macOS, whose sh is bash) a shell watchdog takes its place. 124 and 137 may be the
# command's own (it killed its shell, say): the seconds that it took tell.
_PRELUDE = """\
hp_now() {{ hp_n=; read -r hp_n hp_x </proc/uptime; hp_n=${{hp_n%.*}}; }} 2>/dev/null
if command -v timeout >/dev/null 2>&1; then
hp_limit() {{ hp_now; hp_b=$hp_n; hp_t=$1; shift; timeout -k {grace} "$hp_t" "$@"; }}
else
set -m 2>/dev/null
hp_limit() {{ hp_now; hp_b=$hp_n; hp_t=$1; shift
"$@" & hp_p=$!; (sleep "$hp_t"; kill -9 -$hp_p || kill -9 $hp_p) >/dev/null 2>&1 &
hp_w=$!; wait $hp_p; hp_s=$?; {{ kill -9 -$hp_w || kill -9 $hp_w; wait $hp_w; }} >/dev/null 2>&1
return $hp_s; }}
fi
hp_frame() {{ hp_s=$?; hp_e=
case $hp_s in 124|137) hp_now; [ "$hp_b" ] && [ "$hp_n" ] && hp_e=$((hp_n - hp_b)) ;; esac
printf '\\n{nonce} %s %s %s\\n' "$1" "$hp_s" "$hp_e"
printf '\\n{nonce} %s\\n' "$1" >&2; return 0; }}
hp_b=; hp_frame {start}
"""


def _prelude(nonce: str, start: str) -> str:
    return _PRELUDE.format(nonce=nonce, grace=GRACE, start=shlex.quote(start))


def _run(index: int, request: Request) -> str:
    return _limited(str(index), request.timeout, request.command)


def _limited(name: str, timeout: int, command: str) -> str:
    return f"hp_limit {timeout} {command} </dev/null; hp_frame {name}\n"


def _instead_of_root(requests: Sequence[Request], indices: list[int]) -> str:
    """What is still asked when root said no: after `hp_frame root`, hp_s is how that went."""
    lines = [
        _limited(f"own:{index}", requests[index].timeout, requests[index].unprivileged)
        for index in indices
        if requests[index].unprivileged
    ]
    return 'if [ "$hp_s" != 0 ]; then :\n' + "".join(lines) + "fi\n"


def _root_script(nonce: str, requests: Sequence[Request], groups: dict[str, list[int]]) -> str:
    lines = [_prelude(nonce, _start(ROOT))]
    for user, indices in groups.items():
        body = "".join(_run(index, requests[index]) for index in indices)
        lines.append(body if user == ROOT else _enter_user(user, body, nonce))
    return "".join(lines)


def _start(context: str) -> str:
    return f"start:{context}"


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
    prelude = _prelude(nonce, _start(_context(user)))
    return (
        f"if command -v sudo >/dev/null 2>&1; then hp_as() {{ sudo -H -n -u {name} sh; }}\n"
        f"else hp_as() {{ su {name} -s /bin/sh; }}; fi\n"
        f"hp_as <<'{marker}'\n{prelude}{body}{marker}\n"
        f"hp_frame {shlex.quote(_context(user))}\n"
    )


def _context(user: str) -> str:
    return user if user == ROOT else f"user:{user}"


@dataclass(frozen=True)
class _Frame:
    """What stood before one frame, on both streams."""

    stdout: bytes
    stderr: bytes
    status: int
    seconds: int | None


def read(script: Script, stdout: bytes, stderr: bytes) -> list[Answer]:
    """One answer per request, in order. Missing frames become `refused` or `lost`."""
    frames = _frames(script.nonce, stdout, stderr)
    context_of = {i: user for user, indices in script.groups.items() for i in indices}
    return [
        _answer(str(index), request, context_of.get(index), frames)
        for index, request in enumerate(script.requests)
    ]


def _answer(index: str, request: Request, user: str | None, frames: dict[str, _Frame]) -> Answer:
    if index in frames:
        return _said(frames[index], request)
    for context in (ROOT, _context(user)) if user else ():
        if _start(context) not in frames and context in frames:
            refusal = frames[context]
            if f"own:{index}" in frames:
                words = refusal.stderr.decode("utf-8", "replace").strip()
                return replace(_said(frames[f"own:{index}"], request), refusal=words or "no root")
            return Answer(refusal.status or 1, b"", refusal.stderr, "refused")
    return Answer(1, b"", b"", "lost")


def _said(frame: _Frame, request: Request) -> Answer:
    late = frame.seconds is None or frame.seconds >= request.timeout
    failure = "timeout" if frame.status in _TIMED_OUT and late else ""
    return Answer(frame.status, frame.stdout, frame.stderr, failure)


def _frames(nonce: str, stdout: bytes, stderr: bytes) -> dict[str, _Frame]:
    errors = {words[0]: content for words, content in _pieces(nonce, stderr)}
    frames: dict[str, _Frame] = {}
    for words, content in _pieces(nonce, stdout):
        status, seconds = (*map(int, words[1:3]), None, None)[:2]
        frame = _Frame(content, errors.get(words[0], b""), status or 0, seconds)
        frames.setdefault(words[0], frame)
    return frames


def _pieces(nonce: str, stream: bytes) -> Iterator[tuple[list[str], bytes]]:
    """The words of each frame, and the bytes before it."""
    content, *rest = stream.split(f"\n{nonce} ".encode())
    for piece in rest:
        header, _, following = piece.partition(b"\n")
        words = header.decode("ascii", "replace").split()
        if words:
            yield words, content
        content = following


def total_timeout(requests: Iterable[Request]) -> int:
    """Seconds after which a batch is given up, however many of its commands hang."""
    return sum(request.timeout + GRACE for request in requests) + SLACK


def longest_silence(requests: Iterable[Request]) -> int:
    """Seconds without a byte after which nobody is there any more: every command ends in a frame."""
    return max(request.timeout for request in requests) + GRACE + SLACK
