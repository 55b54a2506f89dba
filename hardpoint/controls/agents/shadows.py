"""What stands above or beside our documents, and undoes them: found, and told with its place."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from hardpoint.control import HostView
from hardpoint.controls.agents.language import Shadow
from hardpoint.controls.agents.languages import languages
from hardpoint.facts.settings import Assignments, Documents
from hardpoint.outcome import Finding


@cache
def documents() -> tuple[dict[str, Any], ...]:
    """The documents that shadows of any agent stand in, as `Documents` is asked for them."""
    return tuple(
        {
            "path": shadow.path,
            "keys": [list(key) for key in shadow.keys],
            "format": shadow.format,
        }
        for language in languages()
        for shadow in language.shadows
        if shadow.path
    )


@cache
def variables() -> tuple[str, ...]:
    """The variables that redirect any agent's settings."""
    found = (shadow.variable for language in languages() for shadow in language.shadows)
    return tuple(dict.fromkeys(one for one in found if one))


def shadowed(host: HostView, shadows: tuple[Shadow, ...]) -> Iterator[Finding]:
    """A finding for each shadow that is there."""
    for shadow in shadows:
        found = _in_document(host, shadow) if shadow.path else _in_login(host, shadow)
        for place, value in found:
            yield Finding(
                seen=f"{place} undoes this: {shadow.says}",
                who="whoever can write there decides what the agent may do",
                why=f"{place} sets {value}",
                fix=f"take {value} out of {place}",
            )


def _in_document(host: HostView, shadow: Shadow) -> Iterator[tuple[str, str]]:
    rows = host.read(Documents, documents=list(documents()))["documents"]
    for row in rows:
        ours = row["path"] == shadow.path or (
            not shadow.path.startswith("/") and row["path"].endswith("/" + shadow.path)
        )
        for key in map(".".join, shadow.keys) if ours and row["state"] == "present" else ():
            if key in row["values"] and row["values"][key] not in shadow.harmless:
                yield row["path"], key


def _in_login(host: HostView, shadow: Shadow) -> Iterator[tuple[str, str]]:
    question = {"variables": list(variables()), "masked": [], "commands": []}
    for row in host.read(Assignments, **question)["assignments"]:
        if row["name"] == shadow.variable:
            yield f"{row['path']}:{row['line']}", shadow.variable
