"""A small HTTP proxy for the hosts' apt: it talks to this machine's Debian archives, nothing else.

Started as a plain script, so it imports the standard library only. Its argument is a JSON object:
`listen` [address, port], `origins` [[host, port], ...], `upstream` [host, port] or null.
"""

from __future__ import annotations

import json
import shutil
import socket
import sys
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

PORT = 3142
HOP_BY_HOP = {"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"}


class Forwarder(BaseHTTPRequestHandler):
    """Answers one client; the class attributes are set once at the start."""

    origins: frozenset[tuple[str, int]]
    upstream: tuple[str, int] | None

    def do_GET(self) -> None:
        """Fetch what the client asked for, or refuse."""
        url = urlsplit(self.path)
        origin = (url.hostname or "", url.port or 80)
        if url.scheme != "http" or origin not in self.origins:
            self.send_error(403, "Not one of this machine's package archives")
            return
        target = self.path if self.upstream else url._replace(scheme="", netloc="").geturl()
        headers = {
            name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP
        }
        connection = HTTPConnection(*(self.upstream or origin), timeout=60)
        try:
            connection.request(self.command, target, headers=headers)
            self._pass_on(connection)
        except OSError as failure:
            self.send_error(502, str(failure))
        finally:
            connection.close()
            self.close_connection = True

    do_HEAD = do_GET

    def do_CONNECT(self) -> None:
        """Open a tunnel to an archive that speaks TLS, or refuse."""
        host, _, port = self.path.rpartition(":")
        if (host, int(port)) not in self.origins:
            self.send_error(403, "Not one of this machine's package archives")
            return
        with socket.create_connection(self.upstream or (host, int(port)), timeout=60) as far:
            if self.upstream:
                far.sendall(f"CONNECT {self.path} HTTP/1.1\r\nHost: {self.path}\r\n\r\n".encode())
            else:
                self.send_response(200)
                self.end_headers()
            other = threading.Thread(target=_pump, args=(self.connection, far), daemon=True)
            other.start()
            _pump(far, self.connection)
            other.join()
        self.close_connection = True

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing: the hosts' apt says what went wrong."""

    def _pass_on(self, connection: HTTPConnection) -> None:
        answer = connection.getresponse()
        self.send_response(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command == "GET":
            shutil.copyfileobj(answer, self.wfile)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def main() -> None:
    """Serve until killed."""
    settings = json.loads(sys.argv[1])
    Forwarder.origins = frozenset((host, port) for host, port in settings["origins"])
    Forwarder.upstream = tuple(settings["upstream"]) if settings["upstream"] else None
    ThreadingHTTPServer(tuple(settings["listen"]), Forwarder).serve_forever()


if __name__ == "__main__":
    main()
