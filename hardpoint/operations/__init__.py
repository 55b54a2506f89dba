"""The reversible vocabulary: what a control may ask for, and the operations that make it true.

A control yields `Desired` values. Each knows its pyinfra operation, which compares what is with
what should be, and yields the journal's record first, then the change.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

from pyinfra.api.exceptions import OperationError

if TYPE_CHECKING:
    from pyinfra.api.arguments_typed import PyinfraOperation

    from hardpoint.facts import Read
    from hardpoint.journal import Claim


class Busy(OperationError):
    """Somebody is being served; a restart would cut him off."""


class Refused(OperationError):
    """The thing is not what we may change: a link, a directory, a malformed file."""


@dataclass(frozen=True)
class Desired:
    """Something that should be true on a host."""

    operation: ClassVar[PyinfraOperation]
    after_files: ClassVar[bool] = False
    """Whether it has to wait until all files of all controls are in place (units do)."""

    def arguments(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def reads(self) -> list[tuple[type[Read], dict[str, Any]]]:
        """The facts that the operation compares with, as far as they are known beforehand."""
        return []

    def plan(self, claim: Claim) -> None:
        """Compares on the host in context; what would change is announced, nothing is done."""
        for _ in type(self).operation._inner(**self.arguments(), claim=claim):
            pass

    def execute(self, claim: Claim, **global_arguments: Any) -> Any:
        """Adds (or, while executing, runs) the operation on the host in context."""
        kind = type(self).__name__.lower()
        name = f"{claim.control} {claim.subject} {kind}"
        return type(self).operation(**self.arguments(), claim=claim, name=name, **global_arguments)
