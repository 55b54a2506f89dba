"""What was there before, and how it comes back: our side of the journal that each host keeps.

The journal lives on the host (it survives a lost controller) and is played back there, without
any control: see hardpoint/hostside/payload.
"""

from __future__ import annotations

import getpass
import secrets
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyinfra.api import StringCommand

from hardpoint import hostside


@dataclass(frozen=True)
class Claim:
    """On whose behalf a thing is changed: the run, the control and its subject, and the person."""

    run: str
    control: str
    subject: str
    who: str

    def request(self, do: str, resource: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {
            "do": do,
            "run": self.run,
            "control": self.control,
            "subject": self.subject,
            "who": self.who,
            "resource": resource,
            **more,
        }


def new_run_id() -> str:
    """Sorts by time; unique without asking anybody: 20261121T105200Z-1a2b3c4d."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def operator() -> str:
    """Who changes things, for the journal: user@machine."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def record(claim: Claim, resource: dict[str, Any], intended: dict[str, Any]) -> StringCommand:
    """The command that notes what is there now; the first one of every reversible operation."""
    return hostside.command(claim.request("record", resource, intended=intended))


def close(run: str) -> StringCommand:
    """The command that ends a run: the host's lease is free again, old runs are pruned."""
    return hostside.command({"do": "close", "run": run})
