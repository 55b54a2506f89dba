"""Where a confined agent may connect to: by name, by port, and by what the name resolves to."""

from __future__ import annotations

import pytest

LIST = [
    "api.example.com",
    "*.pkg.example",
    "db.example.com:5432",
    "127.0.0.1:11434",
    "[::1]:11434",
    "10.1.0.0/16",
]


@pytest.fixture
def rules(proxy):
    return proxy("rules").Rules(LIST)


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("api.example.com", 443),
        ("API.Example.com.", 443),
        ("api.example.com", 80),
        ("a.pkg.example", 443),
        ("a.b.pkg.example", 443),
        ("db.example.com", 5432),
        ("127.0.0.1", 11434),
        ("[::1]", 11434),
    ],
)
def test_what_is_on_the_list_may_be_reached(rules, host: str, port: int) -> None:
    assert rules.check(host, port)


@pytest.mark.parametrize(
    ("host", "port", "why"),
    [
        ("evil.example", 443, "not on the list"),
        ("example.com", 443, "not on the list"),
        ("pkg.example", 443, "not on the list"),
        ("evilpkg.example", 443, "not on the list"),
        ("api.example.com.evil.example", 443, "not on the list"),
        ("api.example.com", 22, "this port is not on the list"),
        ("db.example.com", 443, "this port is not on the list"),
        ("127.0.0.1", 443, "an address, not a name"),
        ("[::ffff:127.0.0.1]", 11434, "an address, not a name"),
        ("10.1.2.3", 443, "an address, not a name"),
        ("1.1.1.1", 443, "an address, not a name"),
        ("2130706433", 11434, "not on the list"),
        ("0x7f.1", 11434, "not on the list"),
        ("localhost", 11434, "not on the list"),
        ("", 443, "not a host's name"),
        ("api.example.com\0.pkg.example", 443, "not a host's name"),
        ("аpi.example.com", 443, "not a host's name"),
        ("[fe80::1%eth0]", 443, "not a host's name"),
    ],
)
def test_what_is_not_on_the_list_may_not(proxy, rules, host: str, port: int, why: str) -> None:
    with pytest.raises(proxy("rules").Denied, match=f"^{why}$"):
        rules.check(host, port)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "0.0.0.0",
        "10.2.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "fe80::1",
        "fd00::1",
        "224.0.0.1",
    ],
)
def test_a_name_that_leads_into_a_private_network_is_refused(proxy, rules, address: str) -> None:
    with pytest.raises(proxy("rules").Denied, match="which is not public"):
        rules.check_addresses("api.example.com", 443, ["93.184.215.14", address])


def test_a_name_may_lead_where_the_policy_says(rules) -> None:
    rules.check_addresses("api.example.com", 443, ["93.184.215.14", "2606:2800::1"])
    rules.check_addresses("api.example.com", 443, ["10.1.2.3"])
    rules.check_addresses("127.0.0.1", 11434, ["127.0.0.1"])


@pytest.mark.parametrize(
    "entry", ["*", "10.0.0.1", "a b", "*.*.example", "host:0", "host:70000", "", "x/y"]
)
def test_an_entry_that_means_nothing_starts_no_proxy(proxy, entry: str) -> None:
    with pytest.raises(ValueError):
        proxy("rules").Rules([entry])
