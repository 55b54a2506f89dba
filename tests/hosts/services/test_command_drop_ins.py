"""A unit gets another command by a drop-in that repeats its own: every other argument survives."""

from __future__ import annotations

import json
import re

import pytest

from tests.command import Command
from tests.hosts.services.command_controls import drop_in
from tests.hosts.services.test_command_lines import SERVER, VLLM
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host, Lab, Probe

pytestmark = pytest.mark.lab

CONTROLS = "tests.hosts.services.command_controls"
UNITS = "/etc/systemd/system"
OURS = drop_in("vllm-command", "vllm.service")


@pytest.fixture
def host(boot) -> Host:
    host = boot("debian12")
    host.write(VLLM, SERVER, mode="0755")
    return host


@pytest.fixture
def run(custom: Command, host: Host, lab: Lab):
    """run("apply", "vllm-command", status=0): on this host, as JSON."""

    def run(verb: str, control: str, status: int | None = None, user: str = "root"):
        only = ["--limit", host.name, "--control", control, "--format", "json"]
        yes = ["--yes"] if verb in ("apply", "rollback") else []
        ran = custom(CONTROLS, verb, lab.inventory(user), *only, *yes, status=status)
        assert "sk-secret" not in ran.out + ran.err
        return ran

    return run


def argv(host: Host, unit: str) -> list[list[str]]:
    """What systemd itself will run, as words."""
    shown = host.run(
        f"busctl get-property --json=short org.freedesktop.systemd1 "
        f"$(busctl call --json=short org.freedesktop.systemd1 /org/freedesktop/systemd1 "
        f"org.freedesktop.systemd1.Manager LoadUnit s {unit} | sed 's/.*\\[\"\\(.*\\)\"\\].*/\\1/') "
        "org.freedesktop.systemd1.Service ExecStart"
    ).stdout
    return [row[1] for row in json.loads(shown)["data"]]


def answering(host: Host, port: int) -> None:
    host.run(f"until curl -so /dev/null http://127.0.0.1:{port}/; do sleep 0.1; done")


UNIT = f"""[Service]
ExecStart=-@{VLLM} "called so" serve 'a b' "it's" \\
  --port 8001 %% %n ${{WHERE}} $$x \\x41\\tb \\
# a comment between
  --api-key=sk-secret --host=0.0.0.0 tail
Environment=WHERE=there
"""


def test_a_service_is_closed_followed_and_taken_back(host: Host, run, probe: Probe) -> None:
    host.write(f"{UNITS}/vllm.service", UNIT, mode="0640")
    host.run("systemctl daemon-reload; systemctl start vllm")
    answering(host, 8001)
    pristine, before = host.snapshot(), argv(host, "vllm.service")
    assert probe.connect(host.address, 8001) == "open"

    found = run("check", "vllm-command", status=2)
    assert touched(host, pristine) == []
    planned = [change["summary"] for change in found.outcome("vllm-command")["changes"]]
    assert planned == [
        f"run vllm.service with --host 127.0.0.1: {OURS}",
        f"restart vllm.service: {OURS} will change",
    ]
    run("apply", "vllm-command", status=0)
    answering(host, 8001)
    assert probe.connect(host.address, 8001) == "reset"
    after = argv(host, "vllm.service")
    assert after == [[w.replace("=0.0.0.0", "=127.0.0.1") for w in words] for words in before]
    assert after != before
    assert host.run(f"stat -c %U:%G:%a {OURS}").stdout.strip() == "root:root:640"
    run("check", "vllm-command", status=0)

    # He edits his unit: our drop-in follows.
    host.write(f"{UNITS}/vllm.service", UNIT.replace("tail", "--new 'x y'"), mode="0640")
    run("check", "vllm-command", status=2)
    run("apply", "vllm-command", status=0)
    assert argv(host, "vllm.service")[0][-2:] == ["--new", "x y"]
    assert "--host=127.0.0.1" in argv(host, "vllm.service")[0]

    # A process that was started with something else is restarted, with nothing to write.
    host.run(f"mv {OURS} /root/kept; systemctl daemon-reload; systemctl restart vllm")
    host.run(
        f"cp -p --preserve=all /root/kept {OURS}; touch -d '-1 hour' {OURS} {UNITS}/vllm.service"
    )
    host.run("rm /root/kept; systemctl daemon-reload")
    found = run("check", "vllm-command", status=2).outcome("vllm-command")
    assert [c["summary"] for c in found["changes"]] == [
        "restart vllm.service: it runs with another --host"
    ]
    run("apply", "vllm-command", status=0)
    answering(host, 8001)
    assert probe.connect(host.address, 8001) == "reset"

    # He closes it himself: nothing of ours is needed any more.
    host.write(f"{UNITS}/vllm.service", UNIT.replace("0.0.0.0", "127.0.0.1"), mode="0640")
    run("apply", "vllm-command", status=0)
    assert host.run(f"ls {OURS}", check=False).returncode != 0
    host.write(f"{UNITS}/vllm.service", UNIT, mode="0640")
    run("apply", "vllm-command", status=0)
    run("rollback", "vllm-command")
    assert touched(host, pristine, JOURNAL) == []
    answering(host, 8001)
    assert argv(host, "vllm.service") == before
    assert probe.connect(host.address, 8001) == "open"


def test_a_drop_in_that_is_read_later_and_a_shell_that_computes_are_told(host: Host, run) -> None:
    host.write(f"{UNITS}/vllm.service", UNIT)
    later = f"{UNITS}/vllm.service.d/zzz-mine.conf"
    host.write(later, f"[Service]\nExecStart=\nExecStart={VLLM} --host 0.0.0.0\n")
    pristine = host.snapshot()
    found = run("check", "vllm-command", status=2).outcome("vllm-command")
    assert later in found["findings"][0]["seen"]
    run("apply", "vllm-command", status=2)
    assert touched(host, pristine, JOURNAL) == []

    host.run(f"rm -r {UNITS}/vllm.service.d")
    odd = f"[Service]\nExecStart=/bin/sh -c '{VLLM} --host 0.0\".0.0\"'\n"
    host.write(f"{UNITS}/vllm.service", odd)
    found = run("check", "vllm-command", status=2).outcome("vllm-command")
    assert "vllm.service has a command line whose --host can't" in found["findings"][0]["seen"]


def test_every_command_of_a_unit_is_repeated(host: Host, run) -> None:
    text = f"""[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/echo "50%% of 'it'" \\"q\\"
ExecStart=-/usr/bin/timeout 1 {VLLM} --port 8002
ExecStart=/bin/sh -c 'exec timeout 1 {VLLM} --port=8003 --host "0.0.0.0" >/tmp/x 2>&1; true'
ExecStart=+/bin/true ; /bin/echo two
"""
    host.write(f"{UNITS}/many.service", text)
    host.run("systemctl daemon-reload")
    before = argv(host, "many.service")
    run("apply", "many-commands", status=0)
    host.run("systemctl daemon-reload")
    after = argv(host, "many.service")
    assert len(before) == 5
    assert after == [
        before[0],
        [*before[1], "--host", "127.0.0.1"],
        [*before[2][:2], before[2][2].replace('"0.0.0.0"', '"127.0.0.1"')],
        *before[3:],
    ]
    run("rollback", "many-commands")
    host.run("systemctl daemon-reload")
    assert argv(host, "many.service") == before


def test_a_bare_listen_is_taken_away(host: Host, run) -> None:
    host.write("/srv/comfy/main.py", SERVER)
    text = "[Service]\nWorkingDirectory=/srv/comfy\nExecStart=/usr/bin/python3 main.py --listen --port 8004\n"
    host.write(f"{UNITS}/comfy.service", text)
    host.run("systemctl daemon-reload; systemctl start comfy")
    run("apply", "comfy-command", status=0)
    assert argv(host, "comfy.service") == [["/usr/bin/python3", "main.py", "--port", "8004"]]
    run("check", "comfy-command", status=0)


GPU = "[Service]\nExecStart={vllm} --host 0.0.0.0 --port {port}\n"
SHARED = drop_in("gpu-command", "gpu.service", "user")


def gpu(host: Host, user: str, port: str, mode: str = "0644") -> None:
    text = GPU.format(vllm=VLLM, port=port)
    path = f"/home/{user}/.config/systemd/user/gpu.service"
    host.write(path, text, f"{user}:{user}", mode)


def test_one_drop_in_serves_the_managers_of_all_users(host: Host, run, probe: Probe) -> None:
    gpu(host, "alice", "%U0")
    host.run("chmod 700 /home/alice")
    with host.user_session("alice"):
        uid = host.run("id -u alice").stdout.strip()
        port = int(f"{uid}0")
        host.run("systemctl --user start gpu", user="alice", session=True)
        answering(host, port)
        pristine = host.snapshot()
        run("apply", "gpu-command")
        assert host.run(f"stat -c %U:%G:%a {SHARED}").stdout.strip() == "root:alice:640"
        answering(host, port)
        assert probe.connect(host.address, port) == "reset"

        gpu(host, "bob", "%U0")
        assert run("check", "gpu-command").outcome("gpu-command", "bob")["status"] == "drift"
        run("apply", "gpu-command", status=0)
        assert host.run(f"stat -c %U:%G:%a {SHARED}").stdout.strip() == "root:root:644"

        gpu(host, "bob", "9000")
        found = run("check", "gpu-command", status=2).outcome("gpu-command", "alice")
        assert re.search("alice, bob run different commands", found["findings"][0]["seen"])
        host.run("rm /home/bob/.config/systemd/user/gpu.service")
        run("rollback", "gpu-command")
        answering(host, port)
        assert probe.connect(host.address, port) == "open"
        assert touched(host, pristine, (*JOURNAL, "/home/bob/.config*")) == []
