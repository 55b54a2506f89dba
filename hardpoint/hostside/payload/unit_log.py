"""The end of a unit's journal: what a service said before it died."""

import pwd

from . import shell
from .errors import Refusal
from .redact import redacted

LINES, WIDTH = 15, 300


def last_lines(unit, manager, since):
    """At most LINES lines since that second, oldest first: bounded, printable, without secrets."""
    try:
        shell.run(["journalctl", "--sync"], timeout=10)  # what was just said may be under way
        text = shell.run(
            ["journalctl", "--no-pager", "--quiet", "-o", "cat", "-n", str(LINES)]
            + ["--since", "@%d" % since, *_matches(unit, manager)],
            timeout=15,
        )[1]
    except Refusal:
        return []
    return [shell.plain(redacted(line))[:WIDTH] for line in text.splitlines()[-LINES:] if line]


def _matches(unit, manager):
    """Fields of systemd.journal-fields(7). Not --user-unit: it means a unit of whoever asks."""
    if manager == "system":
        return ["-u", unit]
    user = "_UID=%d" % pwd.getpwnam(manager).pw_uid
    return [user, "_SYSTEMD_USER_UNIT=" + unit, "+", user, "USER_UNIT=" + unit]
