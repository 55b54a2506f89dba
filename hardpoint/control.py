"""What a control is, and the registry of all of them.

A subclass of `Control` is a *kind* (how a thing is bound to loopback); an instance is a *control*
(`ollama-loopback`). An instance is a row of data: see controls/services/rows/.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from hardpoint.outcome import Finding, ProofResult, Severity

if TYPE_CHECKING:
    from hardpoint.facts import Read
    from hardpoint.operations import Desired
    from hardpoint.proofs.identify import Identity
    from hardpoint.proofs.trials import Agent


class Scope(StrEnum):
    """What a subject is."""

    HOST = "host"
    USER = "user"
    REPO = "repo"
    BROWSER = "browser"
    CLIENT = "client"


@dataclass(frozen=True)
class Subject:
    """What a control is judged on: the host itself, or one of its users."""

    scope: Scope
    name: str

    def __str__(self) -> str:
        return self.name


HOST_SUBJECT = Subject(Scope.HOST, "system")


def subjects_of(owners: Collection[str]) -> list[Subject]:
    """The host itself first, where it is among the owners ("system"), then its users by name."""
    users = sorted(set(owners) - {HOST_SUBJECT.name})
    system = [HOST_SUBJECT] if HOST_SUBJECT.name in owners else []
    return system + [Subject(Scope.USER, name) for name in users]


@dataclass(frozen=True)
class Option:
    """An option of a control: `type` is any annotation that pydantic understands."""

    type: Any
    default: Any
    help: str


@dataclass(frozen=True)
class Reference:
    """An id of a framework with its edition, such as `LLM06:2026` or `AML.T0132@2026.09`."""

    framework: str
    id: str

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True)
class Metadata:
    """All that is said about a control; frozen, and what documents and findings are made of.

    `title` states the good state ("Ollama listens on loopback only"); `risk` says who can do what
    when it does not hold; `changes` what apply does; `undo` how it is taken back. `by_name`: apply does
    it only where a person names the control, since it means that they have looked.
    """

    id: str
    family: str
    title: str
    severity: Severity
    risk: str
    changes: str
    undo: str
    profiles: tuple[str, ...]
    mappings: tuple[Reference, ...]
    sources: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)
    by_name: bool = False


class HostView(Protocol):
    """What a control sees of a host: facts, and the options that the policy gives it there.

    `judged`: ids of all controls that judge this host in this run.
    """

    name: str
    options: Mapping[str, Any]
    judged: Collection[str]

    def options_of(self, control: str) -> Mapping[str, Any]:
        """The options of another control, for what several have in common."""

    def read(self, fact: type[Read], **arguments: Any) -> Any:
        """The fact's value. What could not be read is noted: the control is never compliant then."""

    def doubt(self, reason: str, subject: str | None = None) -> None:
        """Notes why what was read may mean something else, for one user or (None) for all: neither
        compliant nor not applicable then."""


class Vantage(Protocol):
    """The places from which a proof looks at a host (other machines' network stacks)."""

    def cannot_connect(
        self,
        addresses: Iterable[str],
        ports: Sequence[int],
        known: Mapping[int, Identity] | None = None,
    ) -> ProofResult:
        """Passed when none of the ports is open on any of the addresses, seen from there.

        `known` says how to tell what answers on a port.
        """

    def tried(self, agents: Sequence[Agent], groups: Collection[str] = ()) -> ProofResult | None:
        """Passed when no attack of these groups (none named: any) got through the agents, run for
        real against a scripted model; None where no trials are wanted."""


class Control:
    """A kind of control. Everything but `subjects` and `harden` has a harmless default."""

    def __init__(self, metadata: Metadata) -> None:
        self.metadata = metadata

    @property
    def id(self) -> str:
        return self.metadata.id

    def subjects(self, host: HostView) -> Iterable[Subject]:
        """Whom this control concerns on the host. None of them: not applicable.

        Asks for what is protected, never for the means.
        """
        raise NotImplementedError

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        """The desired state, as reversible things that the engine compares and makes true."""
        raise NotImplementedError

    def observe(self, host: HostView, subject: Subject) -> Iterator[Finding]:
        """Effects that contradict the goal, whatever the files say."""
        yield from ()

    def prove(self, vantage: Vantage, host: HostView, subject: Subject) -> ProofResult | None:
        """An active test of the effect, with canaries only; None where there is none."""
        return None


class DuplicateControl(Exception):
    """Two controls have the same id or alias."""


class Registry:
    """All controls, in the order in which requirements allow them to be applied."""

    def __init__(self, controls: Iterable[Control] = ()) -> None:
        self._controls: dict[str, Control] = {}
        self._aliases: dict[str, str] = {}
        for control in controls:
            self.add(control)

    def add(self, control: Control) -> None:
        for name in (control.id, *control.metadata.aliases):
            if name in self._controls or name in self._aliases:
                raise DuplicateControl(f"two controls are called {name!r}")
        self._controls[control.id] = control
        self._aliases.update(dict.fromkeys(control.metadata.aliases, control.id))

    def __iter__(self) -> Iterator[Control]:
        """Controls with everything that one requires before it."""
        done: set[str] = set()

        def visit(control: Control, path: tuple[str, ...]) -> Iterator[Control]:
            if control.id in path:
                raise ValueError("controls require each other: " + " -> ".join((*path, control.id)))
            if control.id in done:
                return
            for required in control.metadata.requires:
                yield from visit(self[required], (*path, control.id))
            done.add(control.id)
            yield control

        for control in self._controls.values():
            yield from visit(control, ())

    def __len__(self) -> int:
        return len(self._controls)

    def __contains__(self, name: str) -> bool:
        return name in self._controls or name in self._aliases

    def __getitem__(self, name: str) -> Control:
        return self._controls[self._aliases.get(name, name)]

    def resolve(self, name: str) -> str:
        """The present id of a control, given its id or an alias of it."""
        return self[name].id

    def names(self) -> list[str]:
        """All ids and aliases, for a spelling hint."""
        return [*self._controls, *self._aliases]
