"""The proxy as it runs: it gets listening sockets, speaks HTTP, refuses in words, and ends."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from hardpoint.operations.program import SOURCES


def _server(answer: bytes) -> tuple[int, list[bytes]]:
    listener, heard = socket.create_server(("127.0.0.1", 0)), []

    def serve() -> None:
        while True:
            client = listener.accept()[0]
            heard.append(client.recv(65536))
            client.sendall(answer)
            client.close()

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1], heard


class Way:
    """A running proxy whose list has one port of this machine's loopback, and that port forwarded."""

    def __init__(self) -> None:
        self.port, self.heard = _server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        ours, theirs = socket.socketpair()
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", str(SOURCES / "proxy"), str(theirs.fileno())],
            stdin=subprocess.PIPE,
            pass_fds=[theirs.fileno()],
        )
        allow = [f"127.0.0.1:{self.port}"]
        given = {"allow": allow, "event": {"agent": "x", "session": "1", "cwd": "/"}}
        assert self.process.stdin
        self.process.stdin.write(json.dumps(given).encode() + b"\n")
        self.process.stdin.flush()
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        names = json.dumps([None, allow[0]]).encode()
        socket.send_fds(ours, [names], [one.fileno() for one in sockets])
        self.proxy, self.forward = [one.getsockname() for one in sockets]
        for one in (*sockets, ours, theirs):
            one.close()

    def says(self, request: bytes, to: tuple[str, int] | None = None) -> bytes:
        with socket.create_connection(to or self.proxy, timeout=10) as client:
            client.sendall(request)
            answer = b""
            while chunk := client.recv(65536):
                answer += chunk
        return answer


@pytest.fixture(scope="module")
def way() -> Iterator[Way]:
    way = Way()
    yield way
    way.process.stdin.close()
    assert way.process.wait(timeout=10) == 0  # ends with what started it


def test_a_tunnel_leads_where_the_list_says(way: Way) -> None:
    place = f"127.0.0.1:{way.port}".encode()
    answer = way.says(b"CONNECT " + place + b" HTTP/1.1\r\nHost: x\r\n\r\nhello")
    assert answer.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK")
    assert way.heard[-1] == b"hello"


def test_a_plain_request_is_rewritten_and_says_nothing_of_the_proxy(way: Way) -> None:
    place = f"127.0.0.1:{way.port}".encode()
    head = b"\r\nHost: elsewhere.example\r\nProxy-Authorization: x\r\nAccept: */*\r\n\r\nbody"
    assert way.says(b"POST http://" + place + b"/a?b=c HTTP/1.1" + head).endswith(b"ok")
    expected = b"POST /a?b=c HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nAccept: */*\r\n\r\nbody"
    assert way.heard[-1] == expected % place


def test_a_listed_port_of_the_hosts_loopback_is_there_under_its_own_number(way: Way) -> None:
    assert way.says(b"GET / HTTP/1.0\r\n\r\n", to=way.forward).endswith(b"ok")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"CONNECT evil.example:443 HTTP/1.1\r\n\r\n", b"403"),
        (b"CONNECT 127.0.0.1:22 HTTP/1.1\r\n\r\n", b"403"),
        (b"GET http://169.254.169.254/latest HTTP/1.1\r\n\r\n", b"403"),
        (b"CONNECT evil.example HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n", b"400"),
        (b"GET https://api.example.com/ HTTP/1.1\r\n\r\n", b"400"),
        (b"GET http://user@127.0.0.1/ HTTP/1.1\r\n\r\n", b"400"),
        (b"\x05\x01\x00\r\n\r\n", b"400"),
    ],
)
def test_all_else_is_refused_in_words(way: Way, request_: bytes, status: bytes) -> None:
    answer = way.says(request_)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"\r\n\r\nhardpoint: " in answer
