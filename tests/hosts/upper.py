"""Which paths of a host are no longer what they were."""

from __future__ import annotations

from tests.lab import NOISE, Host
from tests.lab.snapshot import Snapshot

JOURNAL = ("/var/lib/hardpoint", "/var/lib/hardpoint/*")
"""Our own journal, which stays after a rollback: it is the record of what was done."""


def touched(host: Host, before: Snapshot, ignoring: tuple[str, ...] = ()) -> list[str]:
    """The paths that were added, removed or changed, but for login records and system logs."""
    difference = host.diff(before, (*NOISE, *ignoring))
    return sorted(path for kind in ("added", "removed", "changed") for path in difference[kind])
