"""The two ways in: datagrams on a unix socket, OTLP over HTTP on loopback. The kernel says who sends."""

import http.server
import os
import socket
import struct
import threading
import zlib

import events
import otlp
import peers

DATAGRAM = 32 * 1024
BODY = 4 * 1024 * 1024
SECONDS = 10
CONNECTIONS, OF_ONE = 32, 4


def bound(path):
    """A datagram socket that everybody may send to; the kernel adds who it was."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    receiver.bind(path)
    os.chmod(path, 0o666)
    return receiver


def datagrams(receiver, writer):
    """Takes datagrams for ever, and does nothing else: few of them wait in the kernel, and then senders lose.

    Whoever sends too many is only counted.
    """
    room = socket.CMSG_SPACE(struct.calcsize("3i"))
    while True:
        data, ancillary, flags, _ = receiver.recvmsg(DATAGRAM, room)
        pid, uid = _sender(ancillary)
        if not writer.limits.allow(uid):
            continue
        if flags & socket.MSG_TRUNC:
            writer.limits.drop(uid, "too long")
        else:
            writer.take(uid, pid, data)


def _sender(ancillary):
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            pid, uid, _ = struct.unpack("3i", data[: struct.calcsize("3i")])
            return pid, uid
    return None, None


class Server(http.server.ThreadingHTTPServer):
    """A thread a connection, and at most OF_ONE of them for one user."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address, writer):
        super().__init__(address, _Handler)
        self.writer = writer
        self.parsing = threading.Lock()  # one at a time: JSON grows when it is read
        self._lock = threading.Lock()
        self._open = {}

    def process_request(self, request, client_address):
        uid = peers.uid_of(client_address, request.getsockname())
        with self._lock:
            full = sum(self._open.values()) >= CONNECTIONS or self._open.get(uid, 0) >= OF_ONE
            if not full:
                self._open[uid] = self._open.get(uid, 0) + 1
        if full:
            self.writer.limits.drop(uid, "too many connections")
            self.shutdown_request(request)
            return
        request.uid = uid
        super().process_request(request, client_address)

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open[request.uid] -= 1
                if not self._open[request.uid]:
                    del self._open[request.uid]

    def get_request(self):
        plain, address = super().get_request()
        return _Connection(plain.family, plain.type, plain.proto, plain.detach()), address

    def handle_error(self, request, client_address):
        """A connection that breaks is its sender's."""


class _Connection(socket.socket):
    """A socket that knows whose the other end is."""

    uid = None


class _Handler(http.server.BaseHTTPRequestHandler):
    timeout = SECONDS

    def do_POST(self):
        if self.path not in ("/v1/logs", "/v1/metrics", "/v1/traces"):
            return self._answer(404)
        # a web page can't send this type without asking first, and nobody answers that
        if self.headers.get_content_type() != "application/json":
            return self._answer(415)
        body = self._body()
        if body is None:
            return self._answer(413)
        if self.path == "/v1/logs":
            try:
                with self.server.parsing:
                    self._take(otlp.events(body))
            except (ValueError, RecursionError, AttributeError, TypeError):
                self.server.writer.limits.drop(self.request.uid, "not readable")
                return self._answer(400)
        return self._answer(200)

    def _take(self, found):
        writer, uid = self.server.writer, self.request.uid
        for event in found:
            if writer.limits.allow(uid):
                writer.take(uid, None, events.cleaned(event))

    def _body(self):
        """What was sent, unpacked; None where it is too long."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = self._chunks()
        else:
            length = _number(self.headers.get("Content-Length", ""), 10)
            body = None if length is None else self.rfile.read(length)
        if body and self.headers.get("Content-Encoding", "") == "gzip":
            unpack = zlib.decompressobj(31)
            try:
                body = unpack.decompress(body, BODY)
            except zlib.error:
                return b""
            return None if unpack.unconsumed_tail else body
        return body

    def _chunks(self):
        """RFC 9112, 7.1; None where it is too long or not that."""
        parts, left = [], BODY
        while True:
            length = _number(self.rfile.readline(32).split(b";")[0].decode("latin-1"), 16)
            if length is None or length > left:
                return None
            if length == 0:
                return b"".join(parts)
            parts.append(self.rfile.read(length))
            self.rfile.readline(3)
            left -= length

    def _answer(self, status):
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format, *arguments):
        """What goes wrong is in the log of the agents, by number."""


def _number(text, base):
    """A length that is accepted; None for any other."""
    try:
        length = int(text.strip(), base)
    except ValueError:
        return None
    return length if 0 <= length <= BODY else None
