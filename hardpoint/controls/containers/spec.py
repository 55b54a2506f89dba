"""Published ports in short syntax, as compose, docker and podman take them: made to be loopback's."""

from __future__ import annotations

import re

LOOPBACK, LOOPBACK6 = "127.0.0.1", "[::1]"
_PART = re.compile(r"(?:\$\{(?:[^{}]|\{[^{}]*\})*\}|\[[^\]]*\]|[^:$\[]|\$)*")


def on_loopback(spec: str) -> str | None:
    """The text with loopback as its address, all else as it stands; None where that can't be told:
    a variable that is the whole text, or the address."""
    parts = _parts(spec)
    if len(parts) == 1:
        return None if "$" in spec or "%" in spec else f"{LOOPBACK}::{spec}"
    address = ":".join(parts[:-2])
    if "$" in address or "%" in address:
        return None
    own = LOOPBACK6 if ":" in address else LOOPBACK
    return ":".join([own, *parts[-2:]])


def _parts(spec: str) -> list[str]:
    """Split at colons, but for those in ${A:-1} and [::1]."""
    parts, place = [], 0
    while True:
        match = _PART.match(spec, place)
        assert match is not None  # it may be empty
        parts.append(match.group())
        place = match.end()
        if place >= len(spec):
            return parts
        if spec[place] != ":":  # a bracket that nothing closes
            return [spec]
        place += 1
