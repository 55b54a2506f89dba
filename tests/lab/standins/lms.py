#!/usr/bin/python3
"""Stands in for LM Studio's `lms server`: same configuration file and precedence, no models.

The server is a process named lm-studio that outlives the command, as LM Studio's does.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import signal
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PR_SET_NAME = 15
DEFAULTS = {"networkInterface": "127.0.0.1", "port": 1234, "cors": False}
MODELS = {
    "object": "list",
    "data": [{"id": "qwen2.5-0.5b-instruct", "object": "model", "owned_by": "organization_owner"}],
}


def internal() -> Path:
    """LM Studio's own folder: today's place, or the older one where only that exists."""
    today, older = Path.home() / ".lmstudio", Path.home() / ".cache/lm-studio"
    return (older if older.is_dir() and not today.is_dir() else today) / ".internal"


def settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """What the server obeys: command line before environment before file before defaults."""
    try:
        found: dict[str, Any] = DEFAULTS | json.loads(
            (internal() / "http-server-config.json").read_text()
        )
    except FileNotFoundError:
        found = dict(DEFAULTS)
    host = arguments.bind or os.environ.get("LMS_SERVER_HOST")
    found["networkInterface"] = host or found["networkInterface"]
    found["port"] = arguments.port or found["port"]
    found["cors"] = arguments.cors or found["cors"]
    return found


class Api(BaseHTTPRequestHandler):
    """The part of LM Studio's HTTP interface that needs no model."""

    cors = False

    def do_GET(self) -> None:
        """Answer the list of models; anything else is an error with status 200, as in LM Studio."""
        known = self.path in ("/v1/models", "/v1/models/")
        body = MODELS if known else {"error": f"Unexpected endpoint or method. (GET {self.path})"}
        data = json.dumps(body, indent=2).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        if self.cors:
            self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep no log."""


def listen(wanted: dict[str, Any]) -> ThreadingHTTPServer:
    """The listening server."""
    host, port = wanted["networkInterface"], wanted["port"]
    ThreadingHTTPServer.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
    Api.cors = bool(wanted["cors"])
    return ThreadingHTTPServer((host, port), Api)


def pid_file() -> Path:
    """Where the running server says who it is."""
    return internal() / "server.pid"


def running() -> int | None:
    """The running server's process, if any."""
    try:
        pid = int(pid_file().read_text())
        return pid if Path(f"/proc/{pid}/comm").read_text() == "lm-studio\n" else None
    except (FileNotFoundError, ValueError):
        return None


def start(arguments: argparse.Namespace) -> int:
    """Start the server in the background, listening before the command returns."""
    if running():
        print("The server is already running.", file=sys.stderr)
        return 0
    wanted = settings(arguments)
    try:
        server = listen(wanted)
    except OSError as refusal:
        print(f"Failed to start the server: {refusal}", file=sys.stderr)
        return 1
    pid_file().parent.mkdir(parents=True, exist_ok=True)
    if os.fork() == 0:
        serve(server)
    while running() is None:
        time.sleep(0.01)
    print(f"Success! Server is now running on port {wanted['port']}", file=sys.stderr)
    return 0


def serve(server: ThreadingHTTPServer) -> None:
    """Become the server process; never returns."""
    os.setsid()
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(quiet, stream)
    ctypes.CDLL(None).prctl(PR_SET_NAME, b"lm-studio", 0, 0, 0)
    pid_file().write_text(str(os.getpid()))
    server.serve_forever()


def stop(arguments: argparse.Namespace) -> int:
    """Stop the server."""
    pid = running()
    if pid is None:
        print("The server is not running.", file=sys.stderr)
        return 1
    os.kill(pid, signal.SIGTERM)
    while running():
        time.sleep(0.01)
    pid_file().unlink()
    print("Stopped the server.", file=sys.stderr)
    return 0


def status(arguments: argparse.Namespace) -> int:
    """Say whether the server runs."""
    print("The server is running." if running() else "The server is not running.", file=sys.stderr)
    return 0


def main() -> int:
    """`lms server start|stop|status`."""
    parser = argparse.ArgumentParser(prog="lms")
    server = parser.add_subparsers(required=True).add_parser("server").add_subparsers(required=True)
    starting = server.add_parser("start")
    starting.add_argument("--port", type=int)
    starting.add_argument("--bind")
    starting.add_argument("--cors", action="store_true")
    starting.set_defaults(action=start)
    server.add_parser("stop").set_defaults(action=stop)
    server.add_parser("status").set_defaults(action=status)
    arguments = parser.parse_args()
    return int(arguments.action(arguments))


if __name__ == "__main__":
    raise SystemExit(main())
