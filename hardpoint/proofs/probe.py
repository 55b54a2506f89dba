"""What a TCP connect from another place says: open, reset, timeout, prohibited, unreachable.

Runs by itself as well (`python -m hardpoint.proofs.probe`), so that it can be put into another
network namespace.
"""

from __future__ import annotations

import errno
import json
import socket
import sys

SECONDS = 2.0


def connect(address: str, port: int, seconds: float = SECONDS) -> str:
    """The outcome of one connect; nothing is sent."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(seconds)
        try:
            sock.connect((address, port))
        except TimeoutError:
            return "timeout"
        except OSError as error:
            return _WORDS.get(error.errno or 0, "unreachable")
        return "open"


_WORDS = {
    errno.ECONNREFUSED: "reset",
    errno.ECONNRESET: "reset",
    errno.ETIMEDOUT: "timeout",
    errno.EACCES: "prohibited",
    errno.EPERM: "prohibited",
    errno.EHOSTUNREACH: "unreachable",
}


def main() -> None:
    """Reads [[address, port], ...] from the first argument, prints the outcomes as JSON."""
    print(json.dumps([connect(address, port) for address, port in json.loads(sys.argv[1])]))


if __name__ == "__main__":
    main()
