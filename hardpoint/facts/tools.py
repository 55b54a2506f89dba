"""Programs that agents' sandboxes are made of, and whether an ordinary user can use them."""

from __future__ import annotations

from typing import Any

from hardpoint.facts import Read


class Tools(Read):
    """{tools: {"bwrap": {path, works: bool | None, said}}, user, apt: bool, kernel: {setting: "1" | None},
    profiles: [paths]}.

    Each program that is there was started by `user`, and `said` is its last line where it did not
    work; path "" is one that is not there, works None one that could not be tried. `kernel` are the
    settings that may forbid user namespaces, None where this kernel has no such setting; `profiles`
    the AppArmor profiles for /usr/bin/bwrap.

    Query: {"tools": [...]}, names of the reader's own table (payload/read_tools.py). Nothing is written.
    """

    what = "tools"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"tools": {}, "user": "", "apt": False, "kernel": {}, "profiles": []}
