"""Ports as people write them: what they publish, and how they are made loopback's."""

from __future__ import annotations

import pytest

from hardpoint.controls.containers import spec
from hardpoint.hostside.payload import published

SHORT = [
    # as written, [(address, port of the host, port of the container, protocol)], on loopback
    ("8080:80", [("0.0.0.0", 8080, 80, "tcp")], "127.0.0.1:8080:80"),
    ("127.0.0.1:8080:80", [("127.0.0.1", 8080, 80, "tcp")], "127.0.0.1:8080:80"),
    ("0.0.0.0:8080:80", [("0.0.0.0", 8080, 80, "tcp")], "127.0.0.1:8080:80"),
    ("192.168.1.5:8080:80/udp", [("192.168.1.5", 8080, 80, "udp")], "127.0.0.1:8080:80/udp"),
    ("[::1]:8080:80", [("::1", 8080, 80, "tcp")], "[::1]:8080:80"),
    ("[::]:8080:80", [("::", 8080, 80, "tcp")], "[::1]:8080:80"),
    ("::1:8080:80", [("::1", 8080, 80, "tcp")], "[::1]:8080:80"),
    ("3000", [("0.0.0.0", 0, 3000, "tcp")], "127.0.0.1::3000"),
    ("3000/UDP", [("0.0.0.0", 0, 3000, "udp")], "127.0.0.1::3000/UDP"),
    ("127.0.0.1::80", [("127.0.0.1", 0, 80, "tcp")], "127.0.0.1::80"),
    (
        "3000-3001",
        [("0.0.0.0", 0, 3000, "tcp"), ("0.0.0.0", 0, 3001, "tcp")],
        "127.0.0.1::3000-3001",
    ),
    (
        "90-91:80-81",
        [("0.0.0.0", 90, 80, "tcp"), ("0.0.0.0", 91, 81, "tcp")],
        "127.0.0.1:90-91:80-81",
    ),
    ("3000-3005:80", [("0.0.0.0", 3000, 80, "tcp")], "127.0.0.1:3000-3005:80"),
    (
        "${PORT:-11434}:11434",
        [("0.0.0.0", 11434, 11434, "tcp")],
        "127.0.0.1:${PORT:-11434}:11434",
    ),
    ("${SET}:80", [("0.0.0.0", 7000, 80, "tcp")], "127.0.0.1:${SET}:80"),
    ("$SET:80", [("0.0.0.0", 7000, 80, "tcp")], "127.0.0.1:$SET:80"),
    ("${NONE}:80:80", [("0.0.0.0", 80, 80, "tcp")], None),
    ("${HOME_ONLY:-127.0.0.1}:80:80", [("127.0.0.1", 80, 80, "tcp")], None),
    ("${WHOLE}", [("0.0.0.0", 1, 2, "tcp")], None),
    ("${A:-${SET:-5}}:80", [("0.0.0.0", 7000, 80, "tcp")], "127.0.0.1:${A:-${SET:-5}}:80"),
    ("${SET:+6}:80", [("0.0.0.0", 6, 80, "tcp")], "127.0.0.1:${SET:+6}:80"),
    ("%i:80:80", [("%i", 80, 80, "tcp")], None),
]
VARIABLES = {"SET": "7000", "WHOLE": "1:2", "EMPTY": ""}


@pytest.mark.parametrize(("said", "ports", "loopback"), SHORT, ids=[row[0] for row in SHORT])
def test_short_syntax(said: str, ports: list[tuple], loopback: str | None) -> None:
    found = published.ports(published.interpolated(said, VARIABLES))
    assert [tuple(port.values()) for port in found] == ports
    assert spec.on_loopback(said) == loopback


@pytest.mark.parametrize("said", ["", "x", "80:y", "1:2:3:x", "99999", "٣:٣"])
def test_what_publishes_nothing_is_no_port(said: str) -> None:
    assert published.ports(said) == []


@pytest.mark.parametrize("said", ["90-80:1", "%i:1", "x:1", "[::1:1"])
def test_a_port_of_the_host_that_cannot_be_read_is_told_still(said: str) -> None:
    (port,) = published.ports(said)
    assert port["container_port"] == 1 and port["host_ip"] not in ("127.0.0.1", "::1")


@pytest.mark.parametrize("said", ["[::1:80:80", "${A:80", "a[b]c:80", "$", "${}"])
def test_odd_texts_are_read_to_their_end(said: str) -> None:
    spec.on_loopback(said)
    published.interpolated(said, {})


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("$$SET", "$SET"),
        ("${EMPTY-1}", ""),
        ("${EMPTY:-1}", "1"),
        ("${NONE-1}", "1"),
        ("${SET?needed}", "7000"),
        ("${NONE:?needed}", ""),
        ("${EMPTY+1}", "1"),
        ("${EMPTY:+1}", ""),
        ("a${SET}b", "a7000b"),
    ],
)
def test_variables(said: str, value: str) -> None:
    assert published.interpolated(said, VARIABLES) == value


def test_a_bomb_of_defaults_ends() -> None:
    assert len(published.interpolated("${A:-" * 2000 + "}" * 2000, {})) < 20000


def test_environment_files() -> None:
    text = "# a\nA=1\nexport B = 'two # not a comment'\nC=3 # three\nD=\"4\" # x\nno line\n=5\nE=\n"
    found = published.environment_file(text)
    assert found == {"A": "1", "B": "two # not a comment", "C": "3", "D": "4", "E": ""}
