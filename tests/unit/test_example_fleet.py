"""inventories/example is fit to be copied: its policies load, and mean what their comments say."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from runpy import run_path

import pytest

from hardpoint.controls import registry
from hardpoint.policy import Policy, load_policy
from tests.lab.workstations import FLEET

EXAMPLE = Path(__file__).parents[2] / "inventories/example"
GROUPS = {
    name: hosts
    for name, hosts in run_path(str(EXAMPLE / "inventory.py")).items()
    if not name.startswith("__")
}
HOSTS = {host for hosts in GROUPS.values() for host in hosts}


def policy_of(group: str) -> Policy:
    data = run_path(str(EXAMPLE / f"group_data/{group}.py"))
    (name,) = (key for key in data if not key.startswith("__"))
    assert name == "hardpoint_policy"  # all that group data may set
    return load_policy(EXAMPLE / data[name], registry())


@pytest.mark.parametrize("group", GROUPS)
def test_a_policy_names_only_what_there_is(group: str) -> None:
    policy = policy_of(group)
    assert policy.notices == ()
    assert policy.strangers(HOSTS, set(GROUPS)) == []


def test_the_groups_have_different_policies() -> None:
    assert set(GROUPS) == {"laptops", "gpu"}
    assert [policy_of(group).profile for group in ("laptops", "gpu")] == ["recommended", "strict"]


def test_the_override_is_of_one_laptop() -> None:
    policy = policy_of("laptops")
    skips = {host: policy.for_host(host, ["laptops"]).skipped("lm-studio-cors") for host in HOSTS}
    assert [host for host, skipped in skips.items() if skipped] == ["omar-laptop"]


def test_the_waiver_is_of_the_group_and_ends() -> None:
    waiver = policy_of("gpu").for_host("gpu-1", ["gpu"]).waiver("ollama-origins")
    assert waiver is not None and waiver.owner and waiver.reason
    assert not waiver.expired(waiver.expires) and waiver.expired(date.max)


def test_the_lab_boots_these_hosts() -> None:
    assert set(FLEET) == HOSTS
