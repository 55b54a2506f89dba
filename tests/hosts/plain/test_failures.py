"""What goes wrong on one host is told there, in words, and stops neither controls nor hosts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.command import Command
from tests.hosts.plain.workstations import (
    DEPLOY,
    OURS,
    PORT,
    answers,
    changed,
    exposed,
    inventory,
    main_pid,
    planned,
    serve_by_hand,
)
from tests.hosts.upper import touched
from tests.lab import Host, Lab, Probe

pytestmark = pytest.mark.lab

BLIND_AFTER_THE_FIRST_RECORD = """#!/bin/sh
for request; do :; done
case $request in
*'"do":"read"'*) [ -e /var/lib/hardpoint ] && { echo 'the disk is gone' >&2; exit 1; } ;;
esac
exec /usr/bin/python3 "$@"
"""


@pytest.fixture
def pair(boot) -> tuple[Host, Host]:
    return exposed(boot("debian12", ("ollama",))), exposed(boot("debian13", ("ollama",)))


def test_a_host_that_cannot_be_read_fails_alone(
    pair, lab: Lab, probe: Probe, pyinfra: Command, tmp_path: Path
) -> None:
    good, bad = pair
    hosts = inventory(tmp_path / "two", lab, {"all_of_them": [good, bad]})
    bad.run("mv /usr/bin/python3 /usr/bin/python3.away")

    dry = pyinfra("--json", hosts, DEPLOY, "--dry", status=1)
    assert set(planned(dry)["ollama-loopback system unit"]) == {good.name}
    assert "python3 is missing on this host" in dry.err

    ran = pyinfra("--json", hosts, DEPLOY, "-y", status=1)
    assert json.loads(ran.out)["results"]["failed_hosts"] == [bad.name]
    assert probe.connect(good.address, PORT) == "reset"
    assert probe.connect(bad.address, PORT) == "open"


def test_a_host_that_cannot_be_read_any_more_fails_alone(
    pair, lab: Lab, probe: Probe, pyinfra: Command, tmp_path: Path
) -> None:
    good, bad = pair
    hosts = inventory(tmp_path / "two", lab, {"all_of_them": [good, bad]})
    bad.write("/usr/local/bin/python3", BLIND_AFTER_THE_FIRST_RECORD, mode="0755")

    ran = pyinfra("--json", hosts, DEPLOY, "-y", status=1)
    assert json.loads(ran.out)["results"]["failed_hosts"] == [bad.name]
    assert "the disk is gone" in ran.err
    assert changed(ran)["ollama-loopback system unit"] == {good.name}
    assert probe.connect(good.address, PORT) == "reset"
    # Its first file was in place before; of what it couldn't see any more nothing was changed.
    done = bad.run(["ls", os.path.dirname(OURS)]).stdout.split()
    assert done == ["override.conf", os.path.basename(f"{OURS}.env")]
    assert probe.connect(bad.address, PORT) == "open"

    bad.run("rm /usr/local/bin/python3")
    only = [hosts, DEPLOY, "-y", "--limit", bad.name]
    assert "is changing this host since" in pyinfra(*only, status=1).err
    bad.run("rm /run/hardpoint/lease.json")  # a minute later
    pyinfra(*only, status=0)
    assert (probe.connect(bad.address, PORT), answers(bad)) == ("reset", True)


def test_an_unreachable_host_does_not_stop_the_others(
    pair, lab: Lab, probe: Probe, pyinfra: Command, tmp_path: Path
) -> None:
    good, bad = pair
    hosts = inventory(tmp_path / "two", lab, {"all_of_them": [good, bad]})
    bad.cut_network()
    try:
        ran = pyinfra(hosts, DEPLOY, "-y", "--data", "ssh_connect_retries=0", status=1)
    finally:
        bad.restore_network()
    assert f"[{bad.name}]" in ran.err
    assert probe.connect(good.address, PORT) == "reset"


def test_a_server_that_was_started_by_hand_is_told_and_left(
    boot, lab: Lab, probe: Probe, pyinfra: Command, tmp_path: Path
) -> None:
    host = exposed(boot("debian13", ("ollama",)))
    hosts = inventory(tmp_path / "one", lab, {"all_of_them": [host]})
    pid, service, before = serve_by_hand(host, "bob", 11500), main_pid(host), host.snapshot()

    dry = pyinfra("--json", hosts, DEPLOY, "--dry", status=0)
    assert f"answers on {host.address}:11500" in dry.err
    assert (main_pid(host), probe.connect(host.address, PORT)) == (service, "open")
    assert touched(host, before) == []

    ran = pyinfra(hosts, DEPLOY, "-y", status=1)
    before_verify, after = ran.err.split("--> Starting operation: hardpoint verify")
    assert "Error" not in before_verify
    assert f"answers on {host.address}:11500" in after
    assert f"started by hand: ollama, pid {pid} of bob" in after
    again = "OLLAMA_HOST=127.0.0.1:11500 ollama serve"
    assert f"as bob: kill {pid}" in after and again in after
    assert probe.connect(host.address, PORT) == "reset"
    assert probe.connect(host.address, 11500) == "open"
    assert host.run(["pgrep", "-u", "bob", "-x", "ollama"]).stdout == f"{pid}\n"


def test_a_busy_service_is_not_restarted_and_nothing_else_waits_for_it(
    boot, lab: Lab, probe: Probe, pyinfra: Command, hardpoint: Command, tmp_path: Path
) -> None:
    host = exposed(boot("debian12", ("ollama",)))
    host.write("/home/bob/.bashrc", "export OLLAMA_HOST=0.0.0.0\n", owner="bob:bob")
    hosts = inventory(tmp_path / "one", lab, {"all_of_them": [host]})
    open_request = f"exec 3<>/dev/tcp/127.0.0.1/{PORT} >/dev/null 2>&1; exec sleep 600"
    host.run(["setsid", "-f", "bash", "-c", open_request], user="alice")
    service = main_pid(host)

    ran = pyinfra(hosts, DEPLOY, "-y", status=1)
    assert "ollama-loopback system unit failed: ollama.service is serving 127.0.0.1:" in ran.err
    assert main_pid(host) == service
    assert probe.connect(host.address, PORT) == "open"
    assert host.read("/home/bob/.bashrc") == f"export OLLAMA_HOST=127.0.0.1:{PORT}\n".encode()

    host.run("pkill -x sleep", user="alice")
    pyinfra(hosts, DEPLOY, "-y", status=0)  # at once: no lease is left behind
    assert (probe.connect(host.address, PORT), answers(host)) == ("reset", True)
    hardpoint("check", hosts, status=0)


def test_a_settings_file_that_is_in_the_way_stops_nothing_else(
    boot, lab: Lab, probe: Probe, pyinfra: Command, tmp_path: Path
) -> None:
    host = exposed(boot("debian12", ("ollama",)))
    host.run(f"ln -s /etc/shadow {OURS}.env")
    host.write("/home/bob/.bashrc", "export OLLAMA_HOST=0.0.0.0\n", owner="bob:bob")
    shadow = host.read("/etc/shadow")
    hosts = inventory(tmp_path / "one", lab, {"all_of_them": [host]})

    ran = pyinfra(hosts, DEPLOY, "-y", status=1)
    assert f"{OURS}.env is a link: move it away" in ran.err
    assert host.read("/etc/shadow") == shadow
    assert host.read("/home/bob/.bashrc") == f"export OLLAMA_HOST=127.0.0.1:{PORT}\n".encode()


def test_a_sudo_password_is_not_waited_for(
    boot, lab: Lab, probe: Probe, pyinfra: Command, tmp_path: Path
) -> None:
    one, two = (exposed(boot(distro, ("ollama",))) for distro in ("debian12", "debian13"))
    hosts = inventory(tmp_path / "two", lab, {"all_of_them": [one, two]}, users={one.name: "pat"})
    ran = pyinfra(hosts, DEPLOY, "-y", status=1, timeout=120)
    assert f"[{one.name}] sudo asks for a password" in ran.err
    assert (probe.connect(one.address, PORT), probe.connect(two.address, PORT)) == ("open", "reset")


def test_a_wrong_policy_is_told_by_file_and_line(
    boot, lab: Lab, pyinfra: Command, tmp_path: Path
) -> None:
    host = boot("debian12", ("ollama",))
    hosts = inventory(tmp_path / "one", lab, {"all_of_them": [host]}, "skip: [olama-loopback]\n")
    ran = pyinfra(hosts, DEPLOY, "--dry", status=1)
    assert "policy.yaml:1: skip.olama-loopback: no control has this name" in ran.err
    assert "Traceback" not in ran.err
