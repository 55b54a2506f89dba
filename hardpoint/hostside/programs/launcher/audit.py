"""What the launcher did, told to the audit log. Nothing here waits or fails."""

import json
import socket

SOCKET = "/run/hardpoint/audit.sock"


def tell(common, decision, reason, detail):
    """common: {agent, session, cwd}."""
    event = {**common, "kind": "session", "tool": "", "by": "launcher"}
    event.update(decision=decision, reason=reason, detail=detail)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        try:
            sender.sendto(json.dumps(event).encode(), SOCKET)
        except OSError:
            pass
