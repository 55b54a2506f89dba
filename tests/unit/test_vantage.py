"""What a proof from another place concludes from what it saw."""

from __future__ import annotations

import socket

import pytest

from hardpoint.outcome import Proof
from hardpoint.proofs import probe
from hardpoint.proofs.vantage import Vantage


def vantage(answers: dict[int, str]) -> Vantage:
    return Vantage("there", lambda targets: [answers[port] for _, port in targets], 22)


@pytest.mark.parametrize(
    ("answers", "proof"),
    [
        ({11434: "reset", 22: "open"}, Proof.PASSED),
        ({11434: "open", 22: "open"}, Proof.FAILED),
        ({11434: "timeout", 22: "open"}, Proof.PASSED),
        ({11434: "timeout", 22: "reset"}, Proof.PASSED),
        ({11434: "timeout", 22: "timeout"}, Proof.INCONCLUSIVE),
        ({11434: "prohibited", 22: "timeout"}, Proof.INCONCLUSIVE),
        ({11434: "unreachable", 22: "unreachable"}, Proof.INCONCLUSIVE),
    ],
)
def test_silence_proves_nothing_unless_the_address_answers(
    answers: dict[int, str], proof: Proof
) -> None:
    assert vantage(answers).cannot_connect(["192.0.2.1"], [11434]).proof is proof


def test_one_open_port_among_silent_ones_fails() -> None:
    seen = {1: "timeout", 2: "open", 22: "timeout"}
    assert vantage(seen).cannot_connect(["192.0.2.1"], [1, 2]).proof is Proof.FAILED


def test_a_host_without_addresses_is_not_proven() -> None:
    assert vantage({}).cannot_connect([], [11434]).proof is Proof.INCONCLUSIVE


def test_the_evidence_names_place_address_and_control() -> None:
    result = vantage({11434: "timeout", 22: "open"}).cannot_connect(["2001:db8::1"], [11434])
    assert result.evidence == (
        "there: port 11434 is silent (time-out) on 2001:db8::1",
        "there, as a control: port 22 is open on 2001:db8::1",
    )


def test_a_real_connect_tells_open_from_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert probe.connect("127.0.0.1", port) == "open"
    assert probe.connect("127.0.0.1", port) == "reset"


def test_addresses_of_the_vantage_itself_are_left_out() -> None:
    place = Vantage("there", lambda targets: ["reset"] * len(targets), 22, {"198.18.0.1"})
    result = place.cannot_connect(["192.0.2.1", "198.18.0.1"], [1])
    assert result.evidence == ("there: port 1 is closed (reset) on 192.0.2.1",)
