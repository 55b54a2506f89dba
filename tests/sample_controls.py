"""Small controls for tests of the engine; each asks for what its arguments say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hardpoint.control import HOST_SUBJECT, Control, HostView, Metadata, Reference, Scope, Subject
from hardpoint.operations import Desired
from hardpoint.outcome import Finding, Severity


def metadata(id: str, **more: Any) -> Metadata:
    return Metadata(
        **{
            "id": id,
            "family": "samples",
            "title": f"{id} is as it should be",
            "severity": Severity.HIGH,
            "risk": "anyone can do anything",
            "changes": "something",
            "undo": f"hardpoint rollback --control {id}",
            "profiles": ("minimal", "recommended", "strict"),
            "mappings": (Reference("CIS Controls", "4.1@v8.1"),),
            **more,
        }
    )


class Sample(Control):
    """Wants `desired` of each subject; `findings` is called with the view."""

    def __init__(
        self,
        id: str,
        *desired: Desired,
        user: str | None = None,
        findings: Callable[[HostView], Sequence[Finding]] = lambda host: (),
        **more: Any,
    ) -> None:
        super().__init__(metadata(id, **more))
        self._desired = desired
        self._findings = findings
        self._subject = Subject(Scope.USER, user) if user else HOST_SUBJECT

    def subjects(self, host: HostView) -> list[Subject]:
        return [self._subject]

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        yield from self._desired

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        yield from self._findings(host)


class Broken(Sample):
    """A control with a mistake in it."""

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        raise RuntimeError("a mistake")
        yield
