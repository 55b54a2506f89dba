"""What a proof concludes from what was seen from other places."""

from __future__ import annotations

import socket
from typing import Any

import gevent
import pytest

from hardpoint import hostside
from hardpoint.hostside.payload import read_host, reader
from hardpoint.hostside.payload.main import answer
from hardpoint.outcome import Proof, ProofResult
from hardpoint.proofs import places
from hardpoint.proofs.identify import Identity
from hardpoint.proofs.places import Place
from hardpoint.proofs.vantage import Vantage

OLLAMA = Identity("Ollama", "/api/version", '"version"', "version")
V4, V6 = "192.0.2.1", "2001:db8::1"


def place(ends: dict[Any, str], name: str = "there", answer: str = "", is_host: bool = False):
    """A place that sees these ends, by port, or by address."""

    def ask(request: dict[str, Any]) -> dict[str, Any]:
        seen = [
            [ends[address] if address in ends else ends[port], answer if path else None]
            for address, port, path in request["targets"]
        ]
        return {"seen": seen}

    return Place(name, ask, is_host)


def look(ends: dict[Any, str], addresses=(V4,), ports=(11434,)) -> ProofResult:
    return Vantage([place(ends)]).cannot_connect(addresses, ports)


@pytest.mark.parametrize(
    ("ends", "proof"),
    [
        ({11434: "reset", 22: "timeout"}, Proof.PASSED),
        ({11434: "open", 22: "open"}, Proof.FAILED),
        ({11434: "timeout", 22: "open"}, Proof.PASSED),
        ({11434: "timeout", 22: "reset"}, Proof.PASSED),
        ({11434: "timeout", 22: "timeout"}, Proof.INCONCLUSIVE),
        ({11434: "prohibited", 22: "open"}, Proof.PASSED),
        ({11434: "prohibited", 22: "timeout"}, Proof.INCONCLUSIVE),
        ({11434: "prohibited", 22: "prohibited"}, Proof.INCONCLUSIVE),
        ({11434: "unreachable", 22: "unreachable"}, Proof.INCONCLUSIVE),
        ({11434: "no route", 22: "no route"}, Proof.INCONCLUSIVE),
        ({11434: "own", 22: "own"}, Proof.INCONCLUSIVE),
    ],
)
def test_silence_proves_nothing_unless_the_address_answers(ends, proof: Proof) -> None:
    assert look(ends).proof is proof


def test_another_port_of_the_same_address_is_a_control_too() -> None:
    seen = {1: "timeout", 2: "reset", 22: "timeout"}
    assert look(seen, ports=[1, 2]).proof is Proof.PASSED
    assert look(seen | {2: "open"}, ports=[1, 2]).proof is Proof.FAILED
    # ... and of no other address: each has to answer.
    here, there = {V6: "timeout"}, {V4: "reset"}
    assert look({**here, **there}, [V4, V6]).proof is Proof.INCONCLUSIVE


@pytest.mark.parametrize("way", ["no route", "own"])
def test_an_address_without_a_way_to_it_counts_for_neither_side(way: str) -> None:
    result = look({V4: "reset", V6: way}, [V4, V6])
    assert result.proof is Proof.PASSED
    told = {
        "no route": "2001:db8::1 is not routable from there",
        "own": "2001:db8::1 is an address of its own too",
    }
    assert f"from there: {told[way]}" in result.evidence
    assert look({V4: "open", V6: way}, [V4, V6]).proof is Proof.FAILED
    assert look({V4: "timeout", V6: way, 22: "timeout"}, [V4, V6]).proof is Proof.INCONCLUSIVE


def test_a_host_without_addresses_is_not_proven() -> None:
    assert look({}, []).proof is Proof.INCONCLUSIVE
    assert look({}, ports=[]).proof is Proof.INCONCLUSIVE


def test_the_evidence_names_place_address_and_control() -> None:
    assert look({11434: "timeout", 1234: "timeout", 22: "open"}, [V6], [1234, 11434]).evidence == (
        "from there: ports 1234, 11434 are silent (time-out) on 2001:db8::1",
        "from there: as a control, port 22 is open on 2001:db8::1",
    )


def test_addresses_that_are_there_only_while_we_look_are_left_out() -> None:
    result = Vantage([place({1: "reset"})], passing={"198.18.0.1"}).cannot_connect(
        [V4, "198.18.0.1"], [1]
    )
    assert result.evidence == (f"from there: port 1 is closed (reset) on {V4}",)


# Several places


def test_what_is_open_from_one_place_fails_and_is_told_as_seen_from_there() -> None:
    looks = [
        place({11434: "timeout", 22: "open"}, "this machine"),
        place({11434: "open"}, "charlie", '{"version": "0.17.4"}', is_host=True),
        place({11434: "open"}, "bravo", '{"version": "0.17.4"}', is_host=True),
    ]
    result = Vantage(looks).cannot_connect([V4, V6], [11434], {11434: OLLAMA})
    assert result.proof is Proof.FAILED
    assert result.seen == (
        "Ollama 0.17.4 answers on 192.0.2.1:11434, [2001:db8::1]:11434,"
        " tried from charlie and bravo",
    )
    assert result.vantages == {
        "this machine": Proof.PASSED,
        "charlie": Proof.FAILED,
        "bravo": Proof.FAILED,
    }
    assert "from charlie: port 11434 is open (Ollama 0.17.4 answers) on 192.0.2.1, 2001:db8::1" in (
        result.evidence
    )


def test_what_nobody_recognises_is_not_called_the_service() -> None:
    looks = [place({11434: "open"}, "charlie", "<html>")]
    result = Vantage(looks).cannot_connect([V4], [11434], {11434: OLLAMA})
    assert "Ollama" not in "".join(result.seen)
    assert result.seen[0] == "something answers on 192.0.2.1:11434, tried from charlie"


def test_a_place_that_cannot_be_had_is_never_a_pass() -> None:
    gone = places.nowhere("charlie", "asleep: no answer", is_host=True)
    result = Vantage([place({11434: "reset"}), gone]).cannot_connect([V4], [11434])
    assert result.proof is Proof.INCONCLUSIVE
    assert "from charlie: no look from there: asleep: no answer" in result.evidence
    open_here = Vantage([place({11434: "open"}), gone]).cannot_connect([V4], [11434])
    assert open_here.proof is Proof.FAILED


def test_a_host_is_never_proven_from_itself() -> None:
    itself = place({11434: "own"}, "charlie", is_host=True)
    fine = place({11434: "reset"}, "this machine")
    result = Vantage([fine, itself]).cannot_connect([V4], [11434])
    assert result.proof is Proof.INCONCLUSIVE
    assert "from charlie: it is this host itself, where a connect proves nothing" in (
        result.evidence
    )
    # Where another host looks as well, it looks for this one.
    other = place({11434: "reset"}, "bravo", is_host=True)
    assert Vantage([fine, itself, other]).cannot_connect([V4], [11434]).proof is Proof.PASSED


# Asking


def test_what_is_asked_at_the_same_time_goes_out_together_and_once() -> None:
    requests = []

    def ask(request: dict[str, Any]) -> dict[str, Any]:
        requests.append(request["targets"])
        return {"seen": [["reset", None]] * len(request["targets"])}

    there = Place("there", ask)
    vantages = [Vantage([there]) for _ in range(20)]
    jobs = [
        gevent.spawn(vantage.cannot_connect, [f"192.0.2.{number % 10}"], [1, 2])
        for number, vantage in enumerate(vantages)
    ]
    gevent.joinall(jobs, raise_error=True)
    assert [len(targets) for targets in requests] == [20]


@pytest.mark.parametrize("reply", [{}, {"seen": []}, {"seen": [["fine", None]]}, {"seen": 1}])
def test_a_place_that_talks_nonsense_proves_nothing(reply: dict[str, Any]) -> None:
    result = Vantage([Place("there", lambda request: reply)]).cannot_connect([V4], [1])
    assert result.proof is Proof.INCONCLUSIVE


# Connecting


def connect(*targets: Any) -> list[Any]:
    reply = answer({"do": "connect", "targets": list(targets)})
    assert reply["ok"], reply
    return reply["seen"]


def test_no_connect_is_made_to_an_address_of_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        here = ["127.0.0.1", *read_host.addresses()]
        seen = connect(*([address, port, None] for address in here))
        assert seen == [["own", None]] * len(here)


@pytest.mark.parametrize(
    "target",
    [
        ["localhost", 80, None],
        ["192.0.2.1", 0, None],
        ["192.0.2.1", 80, "/a\r\nCookie: x"],
        ["192.0.2.1", 80, "/a b"],
        ["192.0.2.1", 80, "http://example.org/"],
        ["192.0.2.1", 80, 7],
        ["192.0.2.1"],
    ],
)
def test_only_addresses_ports_and_plain_paths_are_taken(target: Any) -> None:
    assert answer({"do": "connect", "targets": [target]})["error"] == "bad-request"


def test_a_check_cannot_send_it() -> None:
    request = {"do": "connect", "targets": [["192.0.2.1", 80, None]]}
    catalogue = {"variables": [], "identify": [], "documents": [], "files": []}
    assert not reader.permitted(request, catalogue)
    assert not reader.permitted({"do": "many", "requests": [request]}, catalogue)
    assert "hostside.connect" not in hostside.reader_program(catalogue)


# Naming what answers


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ('{"version": "0.17.4"}', "Ollama 0.17.4"),
        ('{"version": 3}', "Ollama"),
        ('{"version": "' + "9" * 100 + '"}', "Ollama"),
        ('{"other": "0.17.4", "version": [', "Ollama"),
        ("", ""),
        (None, ""),
        ("[]", ""),
        ("7", ""),
        ('{"detail": "Not Found"}', ""),
        ("<html>version</html>", ""),
    ],
)
def test_an_answer_tells_whose_it_is(said: str | None, name: str) -> None:
    assert OLLAMA.named(said) == name
