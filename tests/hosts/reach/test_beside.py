"""This machine itself, looked at from a throw-away network namespace beside it."""

from __future__ import annotations

import http.server
import os
import threading
from collections.abc import Iterator

import pytest

from hardpoint.hostside.payload.read_host import addresses
from hardpoint.outcome import Proof
from hardpoint.proofs import places
from hardpoint.proofs.identify import Identity
from hardpoint.proofs.vantage import Vantage

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a network namespace"),
]

OLLAMA = Identity("Ollama", "/api/version", '"version"', "version")


class Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"version": "0.17.4"}' if self.path == OLLAMA.path else b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served(request) -> Iterator[int]:
    """The port of something that looks like Ollama, at the address that the test names."""
    server = http.server.ThreadingHTTPServer((request.param, 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def _look(port: int):
    with places.beside_this_machine() as beside:
        vantage = Vantage([beside.place], [beside.listener], beside.own)
        result = vantage.cannot_connect(addresses(), [port], {port: OLLAMA})
    assert not any(address in line for line in result.evidence for address in beside.own)
    return result


@pytest.mark.parametrize("served", ["0.0.0.0"], indirect=True)
def test_what_every_neighbour_could_use_is_named(served: int) -> None:
    result = _look(served)
    assert result.proof is Proof.FAILED
    assert result.seen[0].startswith("Ollama 0.17.4 answers on ")
    assert result.seen[0].endswith(", tried from a network namespace beside it")


@pytest.mark.parametrize("served", ["127.0.0.1"], indirect=True)
def test_what_keeps_to_loopback_is_not_there(served: int) -> None:
    assert _look(served).proof is Proof.PASSED


def test_nothing_is_left_of_it() -> None:
    with places.beside_this_machine() as beside:
        assert beside.own & set(addresses())
    assert not beside.own & set(addresses())
