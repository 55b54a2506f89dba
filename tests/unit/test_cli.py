"""Bad usage: told in words, exit status 1, before any host is contacted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import Command

UNREACHABLE = "no-such-host.invalid"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "--control", "ollama-lopback"], "did you mean ollama-loopback?"),
        (["check", "--family", "servces"], "did you mean services?"),
        (["check", "--limit", "nobody"], "--limit nobody matches no host and no group"),
        (["check", "missing/inventory.py"], "there is no such inventory file"),
        (["check", "--policy", "missing.yaml"], "missing.yaml"),
        (["check", "--format", "xml"], "xml"),
        (["chek"], "chek"),
        (["apply", "--batch", "many"], "--batch many: a number of hosts, or a percentage"),
        (["apply", "--plan", "missing.json"], "missing.json"),
        (["rollback"], "--run RUN, --control ID or --to origin"),
        (["check", "--ask-sudo"], "--ask-sudo needs a terminal"),
        (["prove", "--vantage", "bravo"], "the inventory has no host called bravo"),
        (["prove", "--not-from-here"], "say from which host to look, with --vantage HOST"),
        (["prove", "--not-from-here", "--vantage", "here"], "contradict each other"),
        (["explain", "ollama"], "no control is called ollama"),
    ],
)
def test_a_mistake_is_told_and_is_exit_status_one(
    hardpoint: Command, arguments: list[str], words: str
) -> None:
    ran = hardpoint(*arguments, status=1)
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


def test_a_policy_is_read_before_a_host_is_contacted(hardpoint: Command, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("skp: [ollama-loopback]\n")
    ran = hardpoint("check", UNREACHABLE, "--policy", policy, status=1)
    assert f"{policy}:1" in ran.err
    assert "skip" in ran.err


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """Two hosts whose group data names different policies, and one without any."""
    path = tmp_path / "inventory.py"
    names = ("laptops", "gpu", "rest")
    path.write_text("".join(f"{name} = ['{name}-1.invalid']\n" for name in names))
    (tmp_path / "group_data").mkdir()
    for name in ("laptops", "gpu"):
        (tmp_path / f"group_data/{name}.py").write_text(f"hardpoint_policy = '{name}.yaml'\n")
    (tmp_path / "laptops.yaml").write_text("profile: minimal\noverrides: [{groups: [labtops]}]\n")
    (tmp_path / "gpu.yaml").write_text("extends: laptops.yaml\nprofile: strict\n")
    return path


def test_each_host_has_the_policy_of_its_group(hardpoint: Command, fleet: Path) -> None:
    ran = hardpoint("check", fleet, "--format", "json", status=3)
    assert {host["host"]: host["policy"] for host in ran.report["hosts"]} == {
        "gpu-1.invalid": str(fleet.with_name("gpu.yaml")),
        "laptops-1.invalid": str(fleet.with_name("laptops.yaml")),
        "rest-1.invalid": "recommended",
    }
    assert ran.report["profile"] == "minimal, recommended, strict"
    (notice,) = ran.report["notices"]  # both policies have this file; it is told once
    assert notice.endswith("laptops.yaml:2: no group is called labtops")


def test_a_policy_that_is_typed_is_that_of_all_hosts(hardpoint: Command, fleet: Path) -> None:
    policy = fleet.with_name("gpu.yaml")
    ran = hardpoint("check", fleet, "--policy", policy, "--format", "json", status=3)
    assert {host["policy"] for host in ran.report["hosts"]} == {str(policy)}


def test_a_mistake_in_one_of_the_policies_ends_the_run(hardpoint: Command, fleet: Path) -> None:
    fleet.with_name("gpu.yaml").write_text("skp: [ollama-loopback]\n")
    ran = hardpoint("check", fleet, status=1)
    assert "gpu.yaml:1" in ran.err and ran.out == ""
    hardpoint("check", fleet, "--limit", "laptops", status=3)


def test_an_ssh_config_that_is_not_there_is_named(hardpoint: Command) -> None:
    gone = {"HARDPOINT_SSH_CONFIG": "/gone/ssh_config"}
    ran = hardpoint("check", UNREACHABLE, env=gone, status=1)
    assert "HARDPOINT_SSH_CONFIG" in ran.err and "/gone/ssh_config" in ran.err


def test_an_unknown_host_is_an_outcome_not_a_mistake(hardpoint: Command) -> None:
    ran = hardpoint("check", UNREACHABLE, "--format", "json", status=3)
    assert "no such name" in ran.report["hosts"][0]["unreachable"]


def test_an_inventory_that_raises_is_named(hardpoint: Command, tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("raise ValueError('mistake of mine')\n")
    ran = hardpoint("check", path, status=1)
    assert "mistake of mine" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("verb", [["--help"], ["--version"], ["controls"], ["policy", "show"]])
def test_what_asks_no_host_works_anywhere(hardpoint: Command, verb: list[str]) -> None:
    assert hardpoint(*verb, status=0).out
