"""Controls with requirements, shared documents, packages, failures and mistakes."""

from __future__ import annotations

from hardpoint.control import Registry
from hardpoint.operations.document import Document, Fragment
from hardpoint.operations.file import File
from hardpoint.operations.package import Package
from tests.sample_controls import Broken, Sample

SETTINGS = "/home/alice/settings.json"


def _fragment(control: str, key: str, value: object, **rule: object) -> Document:
    fragment = Fragment(control, "alice", (key,), value, **rule)  # type: ignore[arg-type]
    return Document(SETTINGS, "alice", "json", (fragment,))


def registry() -> Registry:
    """After the order of requirements: base before needs-base, whatever the order here."""
    union = {"merge": "union"}
    return Registry(
        [
            Sample("needs-base", File("/etc/sample/second", "2\n"), requires=("the-base",)),
            Sample("the-base", File("/etc/sample/first", "1\n")),
            Sample("needs-failing", File("/etc/sample/third", "3\n"), requires=("always-fails",)),
            Sample("always-fails", File("/etc/hostname/impossible", "x\n")),
            Broken("has-mistake"),
            Sample("has-package", Package("tree")),
            Sample("deny-one", _fragment("deny-one", "deny", ["one"], **union), user="alice"),
            Sample("deny-two", _fragment("deny-two", "deny", ["two"], **union), user="alice"),
            Sample("telemetry-off", _fragment("telemetry-off", "telemetry", False), user="alice"),
        ]
    )
