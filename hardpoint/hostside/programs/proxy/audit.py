"""What the proxy decided, told to the audit log. Nothing here waits or fails."""

import json
import socket

SOCKET = "/run/hardpoint/audit.sock"


class Audit:
    """`common`: what all events of this run have in common (agent, session, cwd)."""

    def __init__(self, common, path=SOCKET):
        self._common = {**common, "by": "proxy", "kind": "network", "tool": ""}
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def tell(self, decision, detail, reason):
        event = {**self._common, "decision": decision, "detail": detail, "reason": reason}
        try:
            self._socket.sendto(json.dumps(event).encode(), self._path)
        except OSError:
            pass
