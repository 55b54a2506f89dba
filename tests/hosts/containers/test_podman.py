"""Containers of podman, rootful and rootless: seen without asking podman, told, never touched."""

from __future__ import annotations

import pytest

from hardpoint import hostside
from tests.hosts.containers.conftest import Only, answers, load, run, seen, stamps
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host, Probe

pytestmark = pytest.mark.lab

COMMAND = hostside.command({"do": "read", "what": "containers"}).get_raw_value()


def with_containers(host: Host) -> Host:
    """Published everywhere and on loopback, on the host's network, and stopped; alice has her own."""
    host.run("loginctl enable-linger alice && until [ -S /run/user/1000/bus ]; do sleep 0.1; done")
    load(host, "podman")
    run(host, "podman", "open", "--publish", "11434:11434", "--publish", "127.0.0.1:8001:11434")
    run(host, "podman", "safe", "--publish", "127.0.0.1:8002:11434")
    run(host, "podman", "host", "--network", "host", "--env", "OLLAMA_HOST=0.0.0.0:11500")
    host.run("podman create --name stopped --publish 11600:11434 docker.io/ollama/ollama")
    load(host, "podman", user="alice")
    run(host, "podman", "hers", "--publish", "21434:11434", user="alice")
    answers(host, 11434, 11500, 21434)
    return host


@pytest.mark.parametrize("distro", ["debian12", "debian13"])
def test_what_podman_publishes(boot, probe: Probe, only: Only, distro: str) -> None:
    host = with_containers(boot(distro, layers=("podman",)))
    ids = host.run("podman ps --quiet --no-trunc; podman ps --quiet").stdout
    before = host.snapshot()

    found = only(host, "check", status=2)
    assert touched(host, before) == []
    system = seen(found)
    assert set(system) == {"open", "host", "stopped"}
    finding = system["open"]
    assert finding["exposed"] and f"is published on {host.address}:11434" in finding["seen"]
    assert "8001" not in finding["seen"]
    assert finding["why"].startswith("started by hand: podman run; running since 20")
    assert "-p 127.0.0.1:11434:11434" in finding["fix"]
    assert "answers on the host's network at" in system["host"]["seen"]
    assert ":11500" in system["host"]["seen"]
    assert not system["stopped"]["exposed"]
    hers = seen(found, "alice")["hers"]
    assert hers["exposed"] and f"{host.address}:21434" in hers["seen"]
    assert hers["fix"].startswith("as alice: podman stop hers; podman rename hers hers-old")

    # An apply says the same, and leaves every container as it is.
    applied = only(host, "apply", status=2)
    assert applied.outcome("container-publishes-loopback")["fate"] == "still wrong"
    assert host.run("podman ps --quiet --no-trunc; podman ps --quiet").stdout == ids
    proved = only(host, "prove", status=2)
    assert proved.outcome("container-publishes-loopback")["proof"]["result"] == "failed"
    assert {probe.connect(host.address, port) for port in (11434, 11500, 21434)} == {"open"}
    assert probe.connect(host.address, 8001) == "reset"

    # The commands that the findings give, with what a person adds to them.
    host.run("podman rm --force host stopped")
    for name, user in (("open", "root"), ("hers", "alice")):
        fix = (system | {"hers": hers})[name]["fix"].removeprefix("as alice: ")
        host.run(fix.partition(" with the other")[0], user=user, session=user != "root")
        host.run(f"podman rm {name}-old", user=user, session=user != "root")
    answers(host, 11434, 21434)
    only(host, "check", status=0)
    only(host, "prove", status=0)


def test_the_read_writes_nothing_at_all(boot) -> None:
    host = with_containers(boot("debian13", layers=("podman",)))
    before = stamps(host)
    assert any(path.endswith("db.sql") for path in before)
    for user in ("root", "alice"):
        done = host.run(COMMAND, user=user)
        assert '"hers"' in done.stdout
        assert stamps(host) == before, user
    # podman's own way would: this is why it is not asked.
    host.run("podman ps")
    assert stamps(host) != before


def test_without_root_the_others_are_unknown(boot, only: Only) -> None:
    host = with_containers(boot("debian13", layers=("podman",)))
    alice = host.run(COMMAND, user="alice").stdout
    assert '"hers"' in alice and '"open"' not in alice
    assert "needs root to see the system's podman containers" in alice


QUADLET = """\
# models for everybody
[Unit]
Description=Ollama

[Container]
Image=docker.io/ollama/ollama:latest
PublishPort=11434:11434   
# only here
PublishPort=127.0.0.1:8001:11434

[Install]
WantedBy=multi-user.target default.target
"""
PLACE = "/etc/containers/systemd/models.container"
HOME = "/home/alice/.config/containers/systemd/models.container"
EDITED = QUADLET.replace("PublishPort=11434:11434", "PublishPort=127.0.0.1:11434:11434")


def test_quadlets(boot, probe: Probe, only: Only) -> None:
    host = boot("debian13", layers=("podman",))
    host.run("loginctl enable-linger alice && until [ -S /run/user/1000/bus ]; do sleep 0.1; done")
    load(host, "podman")
    load(host, "podman", user="alice")
    host.write(PLACE, QUADLET)
    hers = QUADLET.replace("11434:", "21434:").replace("8001", "8002")
    host.write(HOME, hers, "alice:alice")
    for user, manager in (("root", "systemctl"), ("alice", "systemctl --user")):
        command = f"{manager} daemon-reload && {manager} start models.service"
        host.run(command, user=user, session=user != "root")
    answers(host, 11434, 21434)
    before = host.snapshot()

    found = only(host, "check", status=2)
    assert touched(host, before) == []
    (system,) = seen(found).values()
    assert system["exposed"] and f"is published on {host.address}:11434" in system["seen"]
    assert system["why"].startswith(f"{PLACE}:7 has PublishPort=11434:11434")
    restart = "systemctl daemon-reload && systemctl restart models.service"
    edit = f"in {PLACE}:7 write PublishPort=127.0.0.1:11434:11434"
    assert system["fix"].startswith(f"{edit}; {restart}; until")
    (mine,) = seen(found, "alice").values()
    assert mine["why"].startswith(f"{HOME}:7 has PublishPort=21434:11434")
    assert mine["fix"].startswith(f"as alice: in {HOME}:7 ")

    # Without the policy's word nothing is edited; with it the lines, and they alone.
    only(host, "apply", status=2)
    assert (host.read(PLACE).decode(), host.read(HOME).decode()) == (QUADLET, hers)
    applied = only(host, "apply", {"edit_files": True}, status=2)
    assert host.read(PLACE).decode() == EDITED
    assert touched(host, before, JOURNAL) == [PLACE, HOME]
    (still,) = seen(applied).values()
    assert still["why"].startswith(f"{PLACE} was changed since it was made")
    assert still["fix"].startswith(restart)
    assert probe.connect(host.address, 11434) == "open"

    host.run(restart)
    host.run(restart.replace("systemctl", "systemctl --user"), user="alice", session=True)
    answers(host, 11434, 21434)
    only(host, "check", status=0)
    only(host, "prove", status=0)

    only(host, "rollback", status=None)
    assert (host.read(PLACE).decode(), host.read(HOME).decode()) == (QUADLET, hers)


def test_systemd_run_and_a_shared_network(boot, only: Only) -> None:
    host = boot("debian13", layers=("podman",))
    load(host, "podman")
    publish = "podman run --rm --publish"
    host.run(f"systemd-run --unit=box {publish} 11434:11434 --name box docker.io/ollama/ollama")
    ports = ("--publish", "11700:11434", "--publish", "5432:5432")
    run(host, "podman", "front", *ports, "--env", "OLLAMA_HOST=127.0.0.1:1")
    run(host, "podman", "inside", "--network", "container:front")
    answers(host, 11434, 11700)
    system = seen(only(host, "check", status=2))
    assert system["box"]["why"].startswith("box.service runs it")
    assert system["box"]["fix"].startswith("systemctl stop box.service, then systemd-run it again")
    assert system["inside"]["why"].startswith("front publishes for it, whose network it shares")
    assert f"{host.address}:11700" in system["inside"]["seen"]
    assert "5432" not in system["inside"]["seen"]
