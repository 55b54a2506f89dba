"""What has changed about an agent's files since a person reviewed them, and what it allows more."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VERSION = 1
PARTS = ("files", "grants", "projects")
MORE = {
    "rule": "allows more",
    "folder": "opens a folder more",
    "mode": "has a looser mode",
    "switch": "has a protection switched off",
    "server": "starts another MCP server",
    "plugin": "loads another plugin",
    "marketplace": "trusts another source of plugins",
    "command": "runs another command",
    "variable": "sets another variable",
    "domain": "opens an address more",
    "hook": "runs another hook",
    "trust": "trusts another folder",
}
REPLACED = ("server", "hook", "command", "plugin", "variable")
LESS = {"refusal": "refuses less", "question": "asks less"}
MILD = ("folder", "trust", "domain", "marketplace", "variable", "question")
"""What people do every day, such as trusting the folder of a new project."""


@dataclass(frozen=True)
class Growth:
    """Something that a file allows more, in words."""

    words: str
    mild: bool = False


@dataclass(frozen=True)
class Change:
    """A file that is new, changed or gone since the review; `growth` is what it allows more."""

    path: str
    state: str
    growth: tuple[Growth, ...] = ()


def text(config: Mapping[str, Any]) -> str:
    """What a review leaves on the host: fingerprints, kinds and names of keys."""
    kept = {"version": VERSION, **{part: config[part] for part in PARTS}}
    return json.dumps(kept, indent=1, sort_keys=True) + "\n"


def is_review(value: Any) -> bool:
    """Whether it is what `text` wrote: the file is root's, but a newer version may have written it."""
    return (
        isinstance(value, dict)
        and value.get("version") == VERSION
        and all(part in value for part in PARTS)
    )


def changes(now: Mapping[str, Any], reviewed: Mapping[str, Any]) -> list[Change]:
    """By path. A file that only an agent rewrites is among them if it allows more; those of a project
    that is gone as a whole are not: nothing obeys them."""
    before, after = reviewed["files"], now["files"]
    more = growth(now["grants"], reviewed["grants"])
    left = tuple(project + "/" for project in set(reviewed["projects"]) - set(now["projects"]))
    found = []
    for path in sorted({*before, *after, *more}):
        state = _state(before.get(path), after.get(path))
        if (state or path in more) and not (path not in after and path.startswith(left)):
            found.append(Change(path, state or "changed", tuple(more.get(path, ()))))
    return found


def _state(before: str | None, after: str | None) -> str:
    if before == after:
        return ""
    if before is None:
        return "new"
    return "gone" if after is None else "changed"


def growth(now: list[list[str]], before: list[list[str]]) -> dict[str, list[Growth]]:
    """path: what it allows more than before, in words.

    A grant is [path, kind, name, fingerprint]; the same name with another fingerprint was changed. A
    refusal that is gone loosens as much as a rule more.
    """
    present, past = Counter(map(tuple, now)), Counter(map(tuple, before))
    known = {one[:3] for one in past}
    said: Counter[tuple[str, str, str, bool]] = Counter()
    for (path, kind, name, _), count in (present - past).items():
        if kind in REPLACED and (path, kind, name) in known:
            said[path, "has another one instead of", name, False] += count
        elif kind in MORE:
            said[path, MORE[kind], name, kind in MILD] += count
    for (path, kind, name, _), count in (past - present).items():
        if kind in LESS:
            said[path, LESS[kind], name, kind in MILD] += count
    found: dict[str, list[Growth]] = {}
    for (path, words, name, mild), count in sorted(said.items()):
        times = f", {count} times" if count > 1 else ""
        found.setdefault(path, []).append(Growth(f"{words} ({name}{times})", mild))
    return found
