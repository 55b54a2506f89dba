"""What can be read from a host. One file a subject; every fact is a question and its answer's shape.

A fact's arguments come from the policy or the catalogue, never from another fact: enumeration
(users, units) happens on the host, so that a check stays one or two round trips.
"""

from __future__ import annotations

import json
from typing import Any

from pyinfra.api import FactBase, QuoteString, StringCommand
from pyinfra.api.exceptions import FactProcessError
from pyinfra.connectors.util import make_unix_command

from hardpoint import hostside

READER = "/usr/local/sbin/hardpoint-read"
"""The root-owned program that answers reads for a user who may not become root."""


def unprivileged(request: dict[str, Any]) -> str:
    """The shell command that reads where root can't be had: through the reader if that is allowed,
    else as much as this user can see."""
    command = StringCommand(
        f"if sudo -n -l {READER} >/dev/null 2>&1; then sudo -n {READER}",
        QuoteString(json.dumps(request, sort_keys=True)),
        "; else",
        hostside.command(request),
        "; fi",
    )
    return make_unix_command(command).get_raw_value()


class HostsideCommand(StringCommand):
    """The command that carries a request to our program; packed only when somebody wants its text."""

    def __init__(self, request: dict[str, Any]) -> None:
        super().__init__()
        self._request = request

    def get_raw_value(self) -> str:
        return hostside.command(self._request).get_raw_value()

    def get_masked_value(self) -> str:
        return self.get_raw_value()


class Read(FactBase[Any]):
    """A read that our program on the host performs: `do` and `what` name it, `query` its arguments.

    The reply may hold `limits`: [{subject, reason}], what it could not see, for one user or
    (subject None) for all.
    """

    what: str

    def request(self, query: dict[str, Any]) -> dict[str, Any]:
        return {"do": "read", "what": self.what, **query}

    def command(self, query: dict[str, Any] | None = None) -> StringCommand:
        return HostsideCommand(self.request(query or {}))

    def process(self, output: list[str]) -> Any:
        try:
            return hostside.reply("\n".join(output))
        except hostside.HostsideError as error:
            raise FactProcessError(str(error)) from error

    @staticmethod
    def default() -> Any:
        """What nothing looks like; a control that got it because a read failed is never compliant."""
        return {}
