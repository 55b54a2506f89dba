"""What values mean: every form that Ollama and LM Studio take, and what is set instead."""

from __future__ import annotations

import pytest

from hardpoint.controls.services.rules import RULES, Computed, Context, Verdict

HERE = ("192.168.1.23", "fd00::23", "laptop")
SERVICE = Context(11434, HERE)
LOGIN = Context(11434, HERE, serves=False)

# The cases of Ollama's own test (envconfig/config_test.go, TestHost, v0.17.4) and more of its forms:
# value, whether only this machine reaches it, and the port that Ollama takes from it.
OLLAMA_HOST = {
    "": (True, 11434),
    "1.2.3.4": (False, 11434),
    ":1234": (False, 1234),
    "1.2.3.4:1234": (False, 1234),
    "example.com": (False, 11434),
    "example.com:1234": (False, 1234),
    ":0": (False, 0),
    ":66000": (False, 11434),
    ":-1": (False, 11434),
    "[::1]": (True, 11434),
    "[::]": (False, 11434),
    "::1": (True, 11434),
    "[::1]:1337": (True, 1337),
    " 1.2.3.4 ": (False, 11434),
    '"1.2.3.4"': (False, 11434),
    ' " 1.2.3.4 " ': (False, 11434),
    "'1.2.3.4'": (False, 11434),
    "http://1.2.3.4": (False, 80),
    "http://1.2.3.4:4321": (False, 4321),
    "https://1.2.3.4": (False, 443),
    "https://1.2.3.4:4321": (False, 4321),
    "https://example.com/ollama": (False, 443),
    "ollama.com": (False, 11434),
    "0.0.0.0": (False, 11434),
    "0": (False, 11434),
    "*": (False, 11434),
    "::": (False, 11434),
    "[::]:8080": (False, 8080),
    "0:0:0:0:0:0:0:0": (False, 11434),
    "::ffff:0.0.0.0": (False, 11434),
    "::ffff:127.0.0.1": (True, 11434),
    "''": (True, 11434),
    '" "': (True, 11434),
    "http://": (True, 80),
    "http:///": (True, 80),
    "HTTP://0.0.0.0": (False, 11434),
    "localhost": (True, 11434),
    "LOCALHOST:1": (True, 1),
    "localhost:": (True, 11434),
    "0.0.0.0:": (False, 11434),
    "0.0.0.0:http": (False, 11434),
    "0.0.0.0:99999": (False, 11434),
    "127.0.0.1": (True, 11434),
    "127.8.9.10:1": (True, 1),
    "http://127.0.0.1:11434/": (True, 11434),
    "http://0.0.0.0:8080": (False, 8080),
    "192.168.1.23": (False, 11434),
    "[fd00::23]:9": (False, 9),
    "laptop": (False, 11434),
    "127.0.0.1.evil.example": (False, 11434),
}


@pytest.mark.parametrize("value", OLLAMA_HOST)
def test_ollama_host_of_a_service(value: str) -> None:
    holds, port = OLLAMA_HOST[value]
    verdict = RULES["bind-with-port"](value, SERVICE)
    assert verdict == Verdict(holds, f"127.0.0.1:{port}")


@pytest.mark.parametrize("value", OLLAMA_HOST)
def test_what_is_set_instead_holds(value: str) -> None:
    safe = RULES["bind-with-port"](value, SERVICE).safe
    assert RULES["bind-with-port"](safe, SERVICE) == Verdict(True, safe)


def test_an_unset_ollama_host_is_pinned_to_the_port_of_the_policy() -> None:
    verdict = RULES["bind-with-port"](None, Context(8080))
    assert verdict == Verdict(False, "127.0.0.1:8080")


@pytest.mark.parametrize(
    "value",
    [
        "http://gpu-server:11434",
        "gpu-server",
        "10.9.8.7",
        "http://[fd00::99]:11434",
        "ollama.com",
        "https://ollama.example.com/team",
        "laptop.example.com",
        "fe80::1%eth0",
        "",
    ],
)
def test_a_client_keeps_the_server_that_it_asks(value: str) -> None:
    assert RULES["bind-with-port"](value, LOGIN).holds


@pytest.mark.parametrize(
    "value",
    ["0.0.0.0", " 0.0.0.0", '" 0.0.0.0"', ":11434", "[::]", "0:0::0", "::ffff:0.0.0.0",
     "192.168.1.23", "http://[fd00::23]:1", "laptop", "Laptop.local:11434"],
)  # fmt: skip
def test_a_login_environment_that_names_this_machine_is_found(value: str) -> None:
    assert not RULES["bind-with-port"](value, LOGIN).holds


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("$(hostname -I | awk '{print $1}')", "127.0.0.1:11434"),
        ("$(hostname -I | cut -d' ' -f1):8080", "127.0.0.1:8080"),
        ('"${BIND:-0.0.0.0}:9000"', "127.0.0.1:9000"),
        ("`ip -4 addr show eth0 | grep inet`", "127.0.0.1:11434"),
        ("http://$HOSTNAME:11434", "127.0.0.1:11434"),
    ],
)
def test_a_computed_value_that_asks_for_this_machine(raw: str, safe: str) -> None:
    assert RULES["bind-with-port"](Computed(raw), LOGIN) == Verdict(False, safe)


@pytest.mark.parametrize("raw", ["$GPU", "http://$GPU:11434", "$(cat ~/.gpu)", '"$GPU_HOST"'])
def test_a_computed_value_that_may_be_anything_is_left_alone(raw: str) -> None:
    assert RULES["bind-with-port"](Computed(raw), LOGIN).holds


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ("127.0.0.1", True), ("localhost", True), ("::1", True), ("[::1]", True),
        ("0.0.0.0", False), ("::", False), ("192.168.1.23", False), ("", False), (None, False),
        (True, False), (["127.0.0.1"], False), ("10.0.0.7", False),
    ],
)  # fmt: skip
def test_an_address_alone(value: object, holds: bool) -> None:
    assert RULES["bind-address"](value, Context(1234, HERE)) == Verdict(holds, "127.0.0.1")


EXTENSION = "chrome-extension://kjeghcllfecehndceplomkocgfbklffd"

# Ollama takes one star an entry, anywhere (gin-contrib/cors, AllowWildcard)
ORIGINS = {
    "*": "",
    " * ": "",
    "http://*": "",
    "HTTPS://*": "",
    "http://*,https://*": "",
    f"*,{EXTENSION}": EXTENSION,
    f"http://*, {EXTENSION} ,https://*": EXTENSION,
    "http*": "",
    "h*": "",
    "https:*": "",
    "https://*:8080": "",
    "*:443": "",
    "https://*.com": "",
    "https://*com": "",
    "*.org,https://good.example": "https://good.example",
    "http://192.168.1.*": "",
    "https://app.*": "",
    "*://*": "",
    "https://*.example.com": None,
    "*.example.com": None,
    "https://*.example.com:8443": None,
    "http://localhost:*": None,
    "http://192.168.1.1:*,https://example.com": None,
    "chrome-extension://*,moz-extension://*,safari-web-extension://*": None,
    "app://*": None,
    "tauri://*": None,
    f"https://good.example,{EXTENSION}": None,
    "": None,
    " , ": None,
}


@pytest.mark.parametrize("value", ORIGINS)
def test_origins(value: str) -> None:
    kept = ORIGINS[value]
    verdict = RULES["origin-list"](value, SERVICE)
    assert verdict.holds is (kept is None)
    if kept is not None:
        assert verdict.safe == kept
        assert RULES["origin-list"](verdict.safe, SERVICE).holds


def test_a_switch_that_is_off() -> None:
    assert RULES["disabled"](False, SERVICE) == Verdict(True, False)
    for value in (True, "false", 0, None, "no"):
        assert RULES["disabled"](value, SERVICE) == Verdict(False, False)
