"""Two controls that want different values of one key."""

from __future__ import annotations

from hardpoint.control import Registry
from hardpoint.operations.document import Document, Fragment
from tests.sample_controls import Sample

SETTINGS = "/home/alice/settings.json"


def registry() -> Registry:
    return Registry(
        Sample(name, _document(name, value), user="alice")
        for name, value in (("mode-ask", "ask"), ("mode-deny", "deny"))
    )


def _document(control: str, value: str) -> Document:
    return Document(SETTINGS, "alice", "json", (Fragment(control, "alice", ("mode",), value),))
