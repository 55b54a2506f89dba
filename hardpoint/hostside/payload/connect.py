"""TCP connects from this machine to others, many at once, and what answers a harmless GET there.

An active test: no check may ask for it, so it is no read.
"""

import errno
import ipaddress
import re
import resource
import selectors
import socket
import struct
import sys
import time

from .errors import Refusal

SECONDS = 2.0  # for a connect: its SYN is repeated once; and as long again for an answer
AT_ONCE = 1000
MOST_TARGETS = 2000
ANSWER = 2048
HEAD = 8192


def connect(request, places):
    """{"seen": [[outcome, answer], ...]}, in the order of `targets`: [[address, port, path or None], ...].

    The outcome is one of open, reset, timeout, prohibited, unreachable, "no route" (this machine knows
    no way there), own (the address is this machine's own, so that a connect would tell nothing).
    The answer is the body that a GET of the path brought, at most 2 KiB, or None.
    """
    targets = _checked(request.get("targets"))
    own = {address for address in {target[0] for target in targets} if _is_own(address)}
    attempts = [_Attempt(*target) for target in targets]
    waiting = [attempt for attempt in reversed(attempts) if not attempt.is_settled(own)]
    with selectors.DefaultSelector() as selector:
        while waiting or selector.get_map():
            while waiting and len(selector.get_map()) < _room():
                waiting.pop().begin(selector)
            live = [key.data for key in selector.get_map().values()]
            if live:
                _wait(selector, live)
    return {"seen": [[attempt.outcome, attempt.answer()] for attempt in attempts]}


def _wait(selector, live):
    until = min(attempt.deadline for attempt in live)
    for key, _ in selector.select(max(0, until - time.monotonic())):
        key.data.go_on(selector)
    now = time.monotonic()
    for attempt in live:
        if attempt.deadline <= now:
            attempt.end(selector, attempt.outcome or "timeout")


def _room():
    """Connects under way at a time: no more than this process may have files open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return AT_ONCE if soft < 0 else max(16, min(AT_ONCE, soft - 64))


def _checked(targets):
    try:
        checked = [(str(ipaddress.ip_address(a)), int(port), path) for a, port, path in targets]
    except (TypeError, ValueError):
        raise Refusal("bad-request", "targets are [address, port, path] each") from None
    if len(checked) > MOST_TARGETS or not all(_is_fit(port, path) for _, port, path in checked):
        raise Refusal("bad-request", "at most %d targets, plain paths only" % MOST_TARGETS)
    return checked


def _is_own(address):
    """Whether packets to it would stay here: the kernel takes it as their source as well; none is sent."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asked:
            asked.connect((address, 9))
            return asked.getsockname()[0] == address
    except OSError:
        return False


def _is_fit(port, path):
    """Whether a path is nothing but a path: it must not carry a header of its own."""
    plain = path is None or (isinstance(path, str) and re.fullmatch(r"/[!-~]*", path))
    return bool(plain) and 0 < port < 65536


class _Attempt:
    """One connect, and the answer that it then waits for."""

    def __init__(self, address, port, path):
        self.address, self.port, self.path = address, port, path
        self.outcome, self.data, self.deadline = "", b"", 0.0
        self._socket = None

    def is_settled(self, own):
        """Whether there is nothing to try."""
        if self.address in own:
            self.outcome = "own"
        return bool(self.outcome)

    def begin(self, selector):
        v6 = ":" in self.address
        try:
            self._socket = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET)
        except OSError as error:
            if error.errno != errno.EAFNOSUPPORT:
                raise
            self.outcome = "no route"
            return
        self._socket.setblocking(False)
        _report_icmp(self._socket, v6)
        code = self._socket.connect_ex((self.address, self.port))
        if code not in (0, errno.EINPROGRESS):
            self.outcome = _AT_FIRST.get(code, "unreachable")
            self._socket.close()
            return
        self.deadline = time.monotonic() + SECONDS
        selector.register(self._socket, selectors.EVENT_WRITE, self)

    def go_on(self, selector):
        """The connect has ended, or a piece of the answer has come."""
        if self.outcome:
            self._read(selector)
            return
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code or self.path is None:
            self.end(selector, _meaning(code, self._socket) if code else "open")
            return
        self.outcome = "open"
        self._ask(selector)

    def _ask(self, selector):
        # 1.0: the answer comes in one piece, and the connection ends with it
        host = "[%s]" % self.address if ":" in self.address else self.address
        text = "GET %s HTTP/1.0\r\nHost: %s:%d\r\n\r\n" % (self.path, host, self.port)
        try:
            self._socket.send(text.encode())
        except OSError:
            self.end(selector, "open")
            return
        self.deadline = time.monotonic() + SECONDS
        selector.modify(self._socket, selectors.EVENT_READ, self)

    def _read(self, selector):
        try:
            piece = self._socket.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        self.data += piece
        if not piece or len(self.data) > HEAD + ANSWER:
            self.end(selector, "open")

    def end(self, selector, outcome):
        selector.unregister(self._socket)
        self._socket.close()
        self.outcome = outcome

    def answer(self):
        """The body; None where no HTTP server spoke."""
        head, _, body = self.data.partition(b"\r\n\r\n")
        return body[:ANSWER].decode("utf-8", "replace") if head.startswith(b"HTTP/1.") else None


_AT_FIRST = {
    errno.ENETUNREACH: "no route",
    errno.EHOSTUNREACH: "no route",
    errno.EADDRNOTAVAIL: "no route",  # a route, but no address to start from
    errno.ECONNREFUSED: "reset",
    errno.EACCES: "prohibited",
    errno.EPERM: "prohibited",
}
_LATER = {
    errno.ECONNREFUSED: "reset",
    errno.ECONNRESET: "reset",
    errno.ETIMEDOUT: "timeout",
    errno.ENETUNREACH: "no route",
    errno.EACCES: "prohibited",
    errno.EPERM: "prohibited",
}

# <linux/in.h>, <linux/in6.h>, <linux/errqueue.h>: Python has no names for them
IP_RECVERR, IPV6_RECVERR = 11, 25
_PROHIBITED = {2: (9, 10, 13), 3: (1, 5, 6)}  # origin (ICMP, ICMPv6) -> codes


def _report_icmp(sock, v6):
    """Asks Linux to keep the ICMP message that ended a connect."""
    if sys.platform == "linux":
        level, option = (
            (socket.IPPROTO_IPV6, IPV6_RECVERR) if v6 else (socket.IPPROTO_IP, IP_RECVERR)
        )
        sock.setsockopt(level, option, 1)


def _meaning(code, sock):
    """What the error of a connect means. IPv4 has one error for "no such host" and "prohibited"."""
    origin, icmp_code = _icmp(sock)
    if icmp_code in _PROHIBITED.get(origin, ()):
        return "prohibited"
    return _LATER.get(code, "unreachable")


def _icmp(sock):
    if sys.platform != "linux":
        return 0, 0
    try:
        _, controls, _, _ = sock.recvmsg(512, 512, socket.MSG_ERRQUEUE)
    except OSError:
        return 0, 0
    for _, kind, data in controls:
        if kind in (IP_RECVERR, IPV6_RECVERR):
            _, origin, _, code = struct.unpack_from("IBBB", data)
            return origin, code
    return 0, 0
