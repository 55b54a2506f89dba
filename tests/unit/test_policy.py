"""What a policy asks of a host: layers, skips, waivers, origins."""

from __future__ import annotations

from datetime import date
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from hardpoint.control import Option, Registry
from hardpoint.policy import PolicyRow, load_policy, policy_table
from tests.unit.sample_controls import sample, sample_registry


@pytest.fixture
def registry() -> Registry:
    return sample_registry()


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Policies are named relative to the folder that we are in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(text: str, registry: Registry, **others: str):
    for name, content in others.items():
        Path(f"{name}.yaml").write_text(content)
    Path("policy.yaml").write_text(text)
    return load_policy("policy.yaml", registry)


def test_without_a_file_the_profile_recommended_holds(registry):
    policy = load_policy(None, registry)
    here = policy.for_host("gpu-01")
    assert (policy.name, policy.profile) == ("recommended", "recommended")
    assert here.asks("ollama-loopback")
    assert not here.asks("claude-code-sandbox")
    assert here.options("ollama-loopback") == {"port": 11434, "origins": [], "restart": None}
    assert here.origin("ollama-loopback", "port") == "default"


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "options:\nskip:\n"])
def test_an_empty_file_is_the_profile_recommended(registry, text):
    policy = load(text, registry)
    assert (policy.name, policy.profile) == ("policy.yaml", "recommended")
    assert policy.for_host("gpu-01").asks("vllm-loopback")


@pytest.mark.parametrize("profile", ["minimal", "recommended", "strict"])
def test_every_shipped_profile_loads(registry, profile):
    assert load(f"profile: {profile}\n", registry).profile == profile


def test_a_profile_selects_the_controls_that_name_it(registry):
    strict = load("profile: strict\n", registry).for_host("gpu-01")
    assert strict.asks("claude-code-sandbox")


def test_an_option_says_where_it_is_from(registry):
    here = load("options:\n  ollama-loopback:\n    port: 8080\n", registry).for_host("gpu-01")
    assert here.options("ollama-loopback")["port"] == 8080
    assert here.origin("ollama-loopback", "port") == "policy.yaml:3"


def test_of_overrides_that_match_the_last_one_wins(registry):
    policy = load(
        """\
options: {vllm-loopback: {port: 1}}
overrides:
  - {groups: [gpu], options: {vllm-loopback: {port: 2}}}
  - {hosts: [gpu-01], options: {vllm-loopback: {port: 3}}, skip: [bubblewrap]}
""",
        registry,
    )

    def port(host, groups):
        here = policy.for_host(host, groups)
        return here.options("vllm-loopback")["port"], here.origin("vllm-loopback", "port")

    assert port("laptop", []) == (1, "policy.yaml:1")
    assert port("gpu-02", ["gpu"]) == (2, "policy.yaml:3")
    assert port("gpu-01", ["gpu"]) == (3, "policy.yaml:4")
    assert policy.for_host("gpu-01").skipped("bubblewrap")
    assert not policy.for_host("gpu-02", ["gpu"]).skipped("bubblewrap")


def test_a_skipped_control_is_not_asked(registry):
    here = load("skip: [ollama-loopback]\n", registry).for_host("gpu-01")
    assert here.skipped("ollama-loopback")
    assert not here.asks("ollama-loopback")
    assert here.asks("vllm-loopback")


def test_the_file_that_extends_has_the_last_word(registry):
    base = """\
profile: strict
options: {vllm-loopback: {port: 1}, ollama-loopback: {port: 5}}
overrides: [{hosts: [gpu-01], options: {vllm-loopback: {port: 2}}}]
skip: [bubblewrap]
"""
    policy = load("extends: base.yaml\noptions: {vllm-loopback: {port: 3}}\n", registry, base=base)
    here = policy.for_host("gpu-01")
    assert policy.profile == "strict"
    assert here.options("vllm-loopback")["port"] == 3
    assert here.options("ollama-loopback")["port"] == 5
    assert here.origin("ollama-loopback", "port") == "base.yaml:2"
    assert here.skipped("bubblewrap")


def test_extends_is_relative_to_its_own_file(registry, here):
    (here / "fleet").mkdir()
    (here / "fleet" / "base.yaml").write_text("profile: minimal\n")
    (here / "fleet" / "gpu.yaml").write_text("extends: base.yaml\n")
    assert load_policy("fleet/gpu.yaml", registry).profile == "minimal"


def test_a_nearer_profile_wins(registry):
    policy = load("extends: base.yaml\nprofile: minimal\n", registry, base="profile: strict\n")
    assert policy.profile == "minimal"


def test_a_profile_may_set_options_and_is_known_by_its_name(registry, here):
    shipped = here / "shipped"
    shipped.mkdir()
    (shipped / "recommended.yaml").write_text("options:\n  vllm-loopback: {port: 9}\n")
    on_host = load_policy(None, registry, profiles=shipped).for_host("gpu-01")
    assert on_host.options("vllm-loopback")["port"] == 9
    assert on_host.origin("vllm-loopback", "port") == "recommended.yaml:2"
    (here / "own.yaml").write_text("options: {vllm-loopback: {port: 10}}\n")
    on_host = load_policy("own.yaml", registry, profiles=shipped).for_host("gpu-01")
    assert on_host.options("vllm-loopback")["port"] == 10


def test_an_older_name_is_accepted_everywhere_with_a_notice(registry):
    policy = load(
        """\
options: {ollama-bind: {port: 1}}
skip: [ollama-bind]
waivers: [{control: ollama-bind, hosts: [a], owner: me, reason: x, expires: 2027-01-31}]
""",
        registry,
    )
    here = policy.for_host("a")
    assert here.options("ollama-loopback")["port"] == 1
    assert here.options("ollama-bind")["port"] == 1
    assert here.skipped("ollama-loopback")
    assert here.skipped("ollama-bind")
    assert here.waiver("ollama-loopback")
    assert policy.notices == tuple(
        f"policy.yaml:{line}: ollama-bind is now called ollama-loopback" for line in (1, 2, 3)
    )


def test_a_waiver_holds_through_its_last_day(registry):
    policy = load(
        """\
waivers:
  - {control: vllm-loopback, groups: [gpu], owner: mlops, reason: shared, expires: 2027-01-31}
""",
        registry,
    )
    waiver = policy.for_host("gpu-01", ["gpu"]).waiver("vllm-loopback")
    assert (waiver.owner, waiver.reason, waiver.expires) == ("mlops", "shared", date(2027, 1, 31))
    assert str(waiver.place) == "policy.yaml:2"
    assert not waiver.expired(date(2027, 1, 31))
    assert waiver.expired(date(2027, 2, 1))
    assert policy.for_host("gpu-01").waiver("vllm-loopback") is None
    assert policy.for_host("gpu-01", ["gpu"]).waiver("ollama-loopback") is None


def test_of_several_waivers_the_one_that_ends_last_holds(registry):
    entry = "{control: bubblewrap, hosts: [a], owner: %s, reason: x, expires: %s}"
    lines = [entry % ("old", "2026-01-31"), entry % ("new", "2027-01-31")]
    policy = load(f"waivers: [{', '.join(lines)}]\n", registry)
    assert policy.for_host("a").waiver("bubblewrap").owner == "new"


def test_values_get_the_type_of_the_option(registry):
    networks = Option(tuple[IPv4Network, ...], (), "Networks that are trusted.")
    registry.add(sample("firewall", options={"trusted": networks}))
    here = load("options: {firewall: {trusted: [10.0.0.0/8]}}\n", registry).for_host("a")
    assert here.options("firewall") == {"trusted": (IPv4Network("10.0.0.0/8"),)}


def test_options_are_a_copy(registry):
    policy = load_policy(None, registry)
    policy.for_host("a").options("ollama-loopback")["origins"].append("https://evil.example")
    assert policy.for_host("b").options("ollama-loopback")["origins"] == []


def test_a_list_of_an_override_replaces_the_list(registry):
    policy = load(
        """\
options: {ollama-loopback: {origins: [a]}}
overrides: [{hosts: [gpu-01], options: {ollama-loopback: {origins: [b]}}}]
""",
        registry,
    )
    assert policy.for_host("gpu-01").options("ollama-loopback")["origins"] == ["b"]


def test_the_table_has_every_control_with_its_origin(registry):
    policy = load(
        """\
skip: [bubblewrap]
options: {vllm-loopback: {port: 1}}
waivers:
  - {control: vllm-loopback, hosts: [a], owner: me, reason: x, expires: 2027-01-31}
  - {control: ollama-loopback, hosts: [a], owner: me, reason: x, expires: 2026-01-31}
""",
        registry,
    )
    rows = policy_table(policy, registry, "a", today=date(2026, 11, 2))
    expired = ("ollama-loopback", "waiver expired", "policy.yaml:5")
    assert rows == [
        PolicyRow(*expired, "port", 11434, "default"),
        PolicyRow(*expired, "origins", [], "default"),
        PolicyRow(*expired, "restart", None, "default"),
        PolicyRow("vllm-loopback", "waived", "policy.yaml:4", "port", 1, "policy.yaml:2"),
        PolicyRow("bubblewrap", "skipped", "policy.yaml:1"),
        PolicyRow("claude-code-sandbox", "not in profile", "profile recommended"),
    ]


def test_a_control_that_there_is_not_is_an_error_of_the_caller(registry):
    with pytest.raises(KeyError):
        load_policy(None, registry).for_host("a").asks("no-such-control")


def test_hosts_and_groups_that_no_inventory_knows_are_named(
    tmp_path: Path, registry: Registry
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(
        "overrides:\n  - {groups: [gpus], options: {}}\n"
        "waivers:\n  - {control: ollama-loopback, hosts: [gpu-1], owner: a, reason: b,"
        " expires: 2030-01-01}\n"
    )
    policy = load_policy(path, registry)
    assert policy.strangers({"gpu-01"}, {"gpu"}) == [
        f"{path}:4: no host is called gpu-1",
        f"{path}:2: no group is called gpus",
    ]
    assert policy.strangers({"gpu-1"}, {"gpus"}) == []
