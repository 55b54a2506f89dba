"""A variable of a user's running session on macOS: what he opens from now on gets it.

It ends with the session; a launch agent sets it at the next login. Fixture-tested only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyinfra import host
from pyinfra.api import StringCommand, operation

from hardpoint import hostside, journal
from hardpoint.facts import Read
from hardpoint.facts.launchd import Launchd
from hardpoint.journal import Claim
from hardpoint.operations import Desired
from hardpoint.outcome import Change
from hardpoint.reading import reader_of


@operation()
def launchd_environment(
    user: str, name: str, value: str, query: dict[str, Any], claim: Claim
) -> Iterator[StringCommand]:
    """Sets a variable in the session of a user who is logged in at the screen, journalled.

    + user: whose session
    + name, value: the variable
    + query: the query that the control reads launchd with (one read serves both)
    """
    reader = reader_of(host)
    sessions = reader.read(Launchd, **query)["sessions"]
    session = next((one for one in sessions if one["user"] == user), None)
    if session is None:
        host.noop(f"{user} is not logged in: the launch agent sets {name} at the next login")
        return
    now = session["values"].get(name)
    if now == value:
        host.noop(f"{name} is {value} in the session of {user}")
        return
    summary = f"set {name} to {value} in the session of {user}"
    before = "absent" if now is None else now
    reader.announce(Change(summary, f"launchctl getenv {name}", before, value))
    resource = {"type": "launchd", "user": user, "name": name}
    yield journal.record(claim, resource, {"value": value})
    yield hostside.command(claim.request("launchd", resource, value=value))


@dataclass(frozen=True)
class LaunchdEnvironment(Desired):
    """A variable with this value in one user's session."""

    operation = launchd_environment

    user: str
    name: str
    value: str
    query: dict[str, Any]

    def reads(self) -> list[tuple[type[Read], dict[str, Any]]]:
        return [(Launchd, self.query)]
