"""Hosts as ~/.ssh/config describes them, and how each way of not reaching one is told."""

from __future__ import annotations

import subprocess
import time

import pytest

from tests.command import Command
from tests.hosts.reach.conftest import Home, authorize
from tests.lab import Host, Lab

pytestmark = pytest.mark.lab

JSON = ("--format", "json")


def reached(hardpoint: Command, *arguments: object, **options: object) -> dict:
    """The hosts of a check that reached all of them."""
    ran = hardpoint("check", *arguments, *JSON, status=0, **options)
    return {host["host"]: host["system"] for host in ran.report["hosts"]}


def unreachable(hardpoint: Command, *arguments: object, **options: object) -> str:
    """Why the only host could not be asked."""
    ran = hardpoint("check", *arguments, *JSON, status=3, **options)
    assert ran.err == ""
    (host,) = ran.report["hosts"]
    assert host["status"] == "unreachable" and host["outcomes"] == []
    return host["unreachable"]


def test_an_alias_with_name_user_port_and_key(boot, lab, home: Home, hardpoint: Command) -> None:
    host = boot()
    authorize(host, home.key("work").with_suffix(".pub"))
    host.write("/etc/ssh/sshd_config.d/port.conf", "Port 2222\n")
    host.run("systemctl restart ssh")
    home.config("Include more/*")
    (home.ssh / "more").mkdir()
    block = home.block("gpu-box", host, "Port 2222", key=home.ssh / "work")
    (home.ssh / "more" / "hosts").write_text(block)
    lines = lab.known_hosts.read_text().splitlines(keepends=True)
    key = next(line for line in lines if f",{host.address}," in line).split(" ", 1)[1]
    home.known_hosts.write_text(f"[{host.address}]:2222 {key}")
    assert reached(hardpoint, "gpu-box") == {"gpu-box": "Debian 12"}


def test_a_host_behind_another_one(boot, lab: Lab, home: Home, hardpoint: Command) -> None:
    jump, target = boot(), boot()
    only_from(target, jump.address)
    home.config(
        home.block("jump", jump), home.block("inner", target, "ProxyJump jump", "ConnectTimeout 3")
    )
    home.knows(lab)
    assert reached(hardpoint, "inner") == {"inner": "Debian 12"}

    lines = lab.known_hosts.read_text().splitlines(keepends=True)
    home.known_hosts.write_text("".join(line for line in lines if jump.address not in line))
    reason = unreachable(hardpoint, "inner")
    assert reason.startswith("unknown host key") and jump.address in reason
    reached(hardpoint, "inner", "--accept-new")
    assert jump.address in home.known_hosts.read_text()


def only_from(host: Host, address: str) -> None:
    """Drops SSH from everybody else."""
    host.run(
        "nft add table ip t && nft 'add chain ip t in { type filter hook input priority 0; }' && "
        f"nft add rule ip t in tcp dport 22 ip saddr != {address} drop"
    )


def test_keys_in_agents(boot, lab: Lab, home: Home, hardpoint: Command) -> None:
    """One agent in the environment; two hosts, each with an agent of its own, at the same time."""
    one, two = boot(), boot()
    keys = [home.key(name) for name in ("first", "second")]
    for host, key in zip((one, two), keys, strict=True):
        authorize(host, key.with_suffix(".pub"))
    sockets = [home.agent(f"{key.name}.agent", key) for key in keys]
    home.knows(lab)

    home.config(f"Host one\n  HostName {one.address}\n  User ops")
    assert reached(hardpoint, "one", env={"SSH_AUTH_SOCK": str(sockets[0])})
    assert unreachable(hardpoint, "one").startswith("password needed")

    home.config(
        home.block("one", one, f"IdentityAgent {sockets[0]}"),
        home.block("two", two, f"IdentityAgent {sockets[1]}"),
    )
    for _ in range(3):
        assert reached(hardpoint, "one,two") == {"one": "Debian 12", "two": "Debian 12"}


def test_a_certificate(boot, lab: Lab, home: Home, hardpoint: Command) -> None:
    host = boot()
    authority, key = home.key("authority"), home.key("mine")
    host.write("/etc/ssh/authority.pub", authority.with_suffix(".pub").read_text())
    host.write("/etc/ssh/sshd_config.d/ca.conf", "TrustedUserCAKeys /etc/ssh/authority.pub\n")
    host.run("rm /home/ops/.ssh/authorized_keys && systemctl restart ssh")
    home.config(home.block("box", host, key=key))
    home.knows(lab)
    assert unreachable(hardpoint, "box").startswith("password needed")
    sign = ["ssh-keygen", "-q", "-s", str(authority), "-I", "me", "-n", "ops", f"{key}.pub"]
    subprocess.run(sign, check=True)
    assert reached(hardpoint, "box")


def test_host_keys(boot, lab: Lab, home: Home, hardpoint: Command) -> None:
    host = boot()
    home.config(home.block("box", host, "StrictHostKeyChecking no"))
    reason = unreachable(hardpoint, "box")
    assert reason.startswith("unknown host key") and "--accept-new" in reason
    assert not home.known_hosts.exists()

    home.known_hosts.write_text("# no newline at the end")
    reached(hardpoint, "box", "--accept-new")
    assert home.known_hosts.read_text().splitlines()[0] == "# no newline at the end"
    stored = home.known_hosts.read_bytes()
    reached(hardpoint, "box")

    other = home.key("other").with_suffix(".pub").read_text()
    for known in (f"{host.address} {other}", f"# before\n{host.address} {other}"):
        home.known_hosts.write_text(known)
        for more in ([], ["--accept-new"]):
            reason = unreachable(hardpoint, "box", *more)
            assert reason.startswith("host key changed") and "ssh-keygen -R" in reason
        assert home.known_hosts.read_text() == known
    home.known_hosts.write_bytes(stored)
    reached(hardpoint, "box")


def test_an_encrypted_key_is_never_asked_for(boot, lab, home: Home, hardpoint: Command) -> None:
    host = boot()
    key = home.key("locked", "a passphrase")
    authorize(host, key.with_suffix(".pub"))
    home.knows(lab)
    home.config(home.block("box", host, key=key))
    reason = unreachable(hardpoint, "box", timeout=30)
    assert reason.startswith("password needed") and "ssh-add" in reason
    inventory = home.path / "inventory.py"
    inventory.write_text(f"hosts = [('box', {{'ssh_key': {str(key)!r}}})]\n")
    reason = unreachable(hardpoint, inventory, timeout=30)
    assert reason.startswith("password needed") and "ssh-add" in reason


def test_hosts_that_do_not_answer_among_one_that_does(
    boot, lab: Lab, home: Home, hardpoint: Command
) -> None:
    good, deaf, cut = boot(), boot(), boot()
    home.knows(lab)
    home.config(
        home.block("good", good),
        home.block("deaf", deaf),
        home.block("cut", cut),
        home.block("nowhere", good).replace(good.address, "no-such-name.invalid"),
    )
    deaf.run("systemctl stop ssh.socket ssh 2>/dev/null; systemctl stop ssh")
    cut.cut_network()
    try:
        began = time.monotonic()
        ran = hardpoint("check", "good,deaf,cut,nowhere", *JSON, status=3)
        assert time.monotonic() - began < 25
        good.write("/etc/environment", "OLLAMA_HOST=0.0.0.0\n")
        hardpoint("check", "good,deaf", *JSON, status=2)
        text = hardpoint("check", "good,deaf,nowhere", status=2).out
    finally:
        cut.restore_network()
    hosts = {host["host"]: host for host in ran.report["hosts"]}
    assert hosts["good"]["system"] == "Debian 12" and not hosts["good"]["unreachable"]
    assert hosts["deaf"]["unreachable"].startswith("refused")
    assert hosts["cut"]["unreachable"].startswith("asleep")
    assert hosts["nowhere"]["unreachable"].startswith("no such name")
    assert ran.report["counts"]["unreachable"] == 3
    held = ("compliant", "not-applicable")
    assert all(outcome["status"] in held for outcome in hosts["good"]["outcomes"])
    assert "refused" in text and "no such name" in text
