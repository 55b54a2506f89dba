"""How one agent says what the policy means: documents of its own, and what it has no words for.

A module in `languages/` makes one `Language`; adding an agent is such a module and its row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hardpoint.controls.agents.intention import Intention

LAYERS = (
    "managed-policy",
    "deny-sensitive-reads",
    "deny-dangerous-commands",
    "sandbox",
    "guard-hook",
    "self-protection",
    "privacy",
    "audit",
)


@dataclass(frozen=True)
class OwnFile:
    """A whole file of ours, where the vendor has a drop-in folder: nobody's edit is in it."""

    path: str
    content: str


@dataclass(frozen=True)
class Keys:
    """Keys of a system-wide settings file that a person may have written, too.

    `values`: key -> value; a list that is in `union` is added to what stands there.
    """

    path: str
    format: str
    values: Mapping[tuple[str, ...], Any]
    union: frozenset[tuple[str, ...]] = frozenset()


@dataclass(frozen=True)
class Unsaid:
    """Something the policy means that this agent has no words for.

    `covered_by`: ids of the controls that hold it all the same; empty where none does.
    """

    layer: str
    what: str
    covered_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Words:
    """A layer in an agent's language."""

    pieces: tuple[OwnFile | Keys, ...] = ()
    unsaid: tuple[Unsaid, ...] = ()


Translator = Callable[[Intention], Words]


@dataclass(frozen=True)
class Language:
    """An agent's words for each layer that it knows; a layer that is missing has none.

    `trusted`: system-wide files and folders that this agent obeys, and that must be root's alone.
    `shadows`: what can stand above or beside our documents, and undo them (see layers.py).
    `requires`: controls that have to hold before a layer is put in place, by its name.
    `sources`: the vendor's pages that say so.
    """

    agent: str
    layers: Mapping[str, Translator]
    trusted: tuple[str, ...] = ()
    shadows: tuple[Shadow, ...] = ()
    requires: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sources: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Shadow:
    """A document or a variable that undoes ours when it is there: a finding with its place.

    Either `path` (absolute, or below each home) with `key`s that must not be there, or hold one of
    `harmless`; or `variable`, a login environment's, that redirects the agent's settings.
    """

    layer: str
    says: str
    path: str = ""
    format: str = "json"
    keys: tuple[tuple[str, ...], ...] = ()
    harmless: tuple[Any, ...] = (None,)
    variable: str = ""
