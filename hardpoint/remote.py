"""One request to our program on a host, outside of any operation."""

from __future__ import annotations

from typing import Any

from pyinfra.api.host import Host

from hardpoint import hostside
from hardpoint.connector import request_for
from hardpoint.transport import sudo_refusal

SECONDS = 300


def ask(
    host: Host, request: dict[str, Any], root: bool = True, seconds: int = SECONDS
) -> dict[str, Any]:
    """The reply, as root or as whoever logged in.

    Raises HostsideError for a refusal of the host, OSError where it can't be asked.
    """
    command = request_for(hostside.command(request), {"_sudo": root, "_timeout": seconds})
    answer = host.connector.execute([command])[0]
    if answer.failure == "refused":
        raise OSError(sudo_refusal(answer.stderr.decode("utf-8", "replace")))
    if answer.failure == "lost":
        raise OSError("the connection ended before the host answered")
    if answer.failure == "timeout":
        raise OSError(f"the host did not answer within {seconds} s")
    if not answer.stdout.strip():
        raise OSError(answer.stderr.decode("utf-8", "replace").strip() or "the host said nothing")
    return hostside.reply(answer.stdout.decode("utf-8", "replace"))
