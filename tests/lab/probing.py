"""What a probe asks from its own network namespace; a plain script that prints its answer as JSON.

`connect ADDRESS PORT TIMEOUT` tells what became of one TCP connection, `http URL` fetches a page,
`http URL JSON` posts to it.
"""

from __future__ import annotations

import errno
import json
import select
import socket
import struct
import sys
import urllib.error
import urllib.request

IP_RECVERR, IPV6_RECVERR = 11, 25
FROM_ICMP, FROM_ICMP6 = 2, 3
# What MCP's HTTP transport asks of its clients; nothing else minds.
HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream, */*"}
PROHIBITED = {FROM_ICMP: {9, 10, 13}, FROM_ICMP6: {1, 5, 6}}


def connect(address: str, port: int, timeout: float) -> str:
    """One attempt: open, reset, timeout, prohibited or unreachable."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        attempt.setblocking(False)
        if family == socket.AF_INET6:
            attempt.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
        else:
            attempt.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        code = attempt.connect_ex((address, port))
        if code == errno.EINPROGRESS:
            if not select.select([], [attempt], [], timeout)[1]:
                return "timeout"
            code = attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        return _meaning(code, attempt)


def _meaning(code: int, attempt: socket.socket) -> str:
    plain = {
        0: "open",
        errno.ECONNREFUSED: "reset",
        errno.ETIMEDOUT: "timeout",
        errno.EACCES: "prohibited",
    }
    if code in plain:
        return plain[code]
    origin, icmp_code = _icmp(attempt)
    return "prohibited" if icmp_code in PROHIBITED.get(origin, ()) else "unreachable"


def _icmp(attempt: socket.socket) -> tuple[int, int]:
    """Who reported the error, and the ICMP code, from the socket's error queue."""
    try:
        _, controls, _, _ = attempt.recvmsg(512, 512, socket.MSG_ERRQUEUE)
    except BlockingIOError:
        return 0, 0
    for _, kind, data in controls:
        if kind in (IP_RECVERR, IPV6_RECVERR):
            _, origin, _, code = struct.unpack_from("IBBB", data)
            return origin, code
    return 0, 0


def http(url: str, question: str | None = None) -> tuple[int, str]:
    """Status and body of a page, without any proxy; an error page counts as an answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, question and question.encode(), HEADERS)
    try:
        with opener.open(request, timeout=5) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode(errors="replace")


if __name__ == "__main__":
    if sys.argv[1] == "connect":
        print(json.dumps(connect(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))))
    else:
        print(json.dumps(http(*sys.argv[2:])))
