"""The agents' audit log on a real host, under systemd: who may send and read, what is found, a reboot."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from tests.hosts.agents.conftest import On
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host

pytestmark = pytest.mark.lab

CONTROL = "agent-audit-log"
ONLY = ["--control", CONTROL]
LOGS = "/var/log/hardpoint/agents"
OURS = ("/var/log/hardpoint", "/var/log/hardpoint/*", "/var/lib/hardpoint-audit",
        "/var/lib/hardpoint-audit/*")  # fmt: skip
UNIT = "hardpoint-audit.service"

SEND = """
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setblocking(False)
for event in json.loads(sys.argv[1]):
    try: s.sendto(json.dumps(event).encode(), "/run/hardpoint/audit.sock")
    except BlockingIOError: pass
"""
POST = """
import json, sys, urllib.request
attributes = [{"key": k, "value": {"stringValue": v}} for k, v in json.loads(sys.argv[1]).items()]
body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"attributes": attributes}]}]}]}
urllib.request.urlopen(urllib.request.Request("http://127.0.0.1:4378/v1/logs",
    json.dumps(body).encode(), {"Content-Type": "application/json"})).close()
"""
FORGE = """
import array, os, socket, struct
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
claim = (socket.SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack("3i", os.getpid(), 0, 0))
s.connect("/run/hardpoint/audit.sock")
s.sendmsg([b'{"kind": "tool", "tool": "forged"}'], [claim])
"""


def event(tool: str = "Bash", **more: str) -> dict[str, str]:
    return {
        "agent": "codex",
        "kind": "tool",
        "tool": tool,
        "by": "guard",
        "decision": "allow",
    } | more


def send(host: Host, user: str, *events: dict[str, str]) -> None:
    host.run(["python3", "-c", SEND, json.dumps(events)], user=user)


def lines(host: Host) -> list[dict]:
    text = host.run(f"cat {LOGS}/*.jsonl").stdout
    return [json.loads(line) for line in text.splitlines()]


def waited(host: Host, there: Callable[[list[dict]], object]) -> list[dict]:
    """The lines, as soon as they hold what is waited for."""
    for _ in range(100):
        found = lines(host)
        if there(found):
            return found
        time.sleep(0.2)
    pytest.fail(f"not in the log: {str(found[-5:])[:3000]}")


def tools(found: list[dict]) -> list[tuple[str, str]]:
    return [(line["user"], line["tool"]) for line in found if line["kind"] == "tool"]


@pytest.fixture(params=["debian12", pytest.param("debian13", marks=pytest.mark.everything)])
def host(request, boot) -> Host:
    """A host with an agent."""
    host = boot(request.param)
    folder = "/usr/local/lib/node_modules/@openai/codex"
    host.write(f"{folder}/package.json", json.dumps({"version": "0.169.0"}))
    return host


def test_it_writes_what_users_send_and_tells_what_was_changed(host: Host, on: On) -> None:
    pristine = host.snapshot()
    found = on(host, "check", *ONLY, status=2).outcome(CONTROL)
    assert [f["seen"] for f in found["findings"]] == [
        "nothing here writes down what coding agents do"
    ]
    assert touched(host, pristine) == []
    on(host, "apply", *ONLY, status=0)
    hardened = host.snapshot()
    on(host, "check", *ONLY, status=0)
    assert on(host, "apply", *ONLY, status=0).outcome(CONTROL)["fate"] == "already right"
    assert touched(host, hardened, (*JOURNAL, *OURS)) == []

    users_send_as_themselves(host)
    the_command_tells_what_they_did(host, on)
    only_root_reads(host)
    it_survives_a_restart_and_a_reboot(host, on)
    it_is_confined(host)
    it_starts_anew_with_other_files(host, on)
    an_edit_is_told(host, on)

    on(host, "rollback", "--to", "origin", status=2)
    assert touched(host, pristine, (*JOURNAL, *OURS)) == []
    assert host.run(f"ls {LOGS}").stdout.strip()
    assert "audit.sock" not in host.run("ls /run/hardpoint").stdout


def users_send_as_themselves(host: Host) -> None:
    secret = "export OPENAI_API_KEY=sk-proj-Kd83jfQpKd83jfQp # ask joe@corp.example"
    send(host, "alice", event(detail=secret, user="root", uid="0"))
    host.run(["python3", "-c", POST, json.dumps({
        "event.name": "codex.tool_decision", "tool_name": "exec_command", "decision": "denied",
    })], user="bob")  # fmt: skip
    forged = host.run(["python3", "-c", FORGE], user="alice", check=False)
    assert "PermissionError" in forged.stderr
    found = waited(host, lambda found: len(tools(found)) == 2)
    assert tools(found) == [("alice", "Bash"), ("bob", "exec_command")]
    alice, bob = (line for line in found if line["kind"] == "tool")
    assert alice["detail"] == "export OPENAI_API_KEY=[redacted] # ask [address]"
    assert (bob["decision"], bob["agent"], bob["by"]) == ("deny", "codex", "otel")
    assert alice["uid"] == int(host.run("id -u alice").stdout)


def the_command_tells_what_they_did(host: Host, on: On) -> None:
    send(host, "alice", event(kind="network", tool="", detail="api.example:443"))
    waited(host, lambda found: found[-1]["kind"] == "network")
    before = host.snapshot()
    (told,) = on(host, "audit", "--details", status=3).report[
        "hosts"
    ]  # a new log has no days before
    assert touched(host, before, OURS) == []
    assert (told["findings"], told["log"]["problems"]) == ([], [])
    assert told["unjudged"][0].startswith("new domains and rates: ")
    period = told["log"]["period"]
    assert period["calls"] == [
        ["codex", "alice", "Bash", "guard", "allow", 1],
        ["codex", "bob", "exec_command", "otel", "deny", 1],
    ]
    assert period["domains"] == [["api.example", "allow", 1]]
    assert [one["user"] for one in period["details"]] == ["bob", "alice"]
    (unseen,) = on(host, "audit", user="nosudo", status=3).report["hosts"]
    assert unseen["log"] == {} and "sudo" in unseen["unjudged"][0]


def only_root_reads(host: Host) -> None:
    assert host.run(f"ls {LOGS}; cat {LOGS}/*", user="alice", check=False).stdout == ""
    modes = host.run(f"stat -c '%a %U' {LOGS} {LOGS}/* /var/lib/hardpoint-audit/*").stdout
    assert modes.splitlines() == ["700 root", "600 root", "600 root", "600 root"]


def it_survives_a_restart_and_a_reboot(host: Host, on: On) -> None:
    host.run(f"systemctl kill -s KILL {UNIT}")
    host.run(f"until systemctl is-active --quiet {UNIT}; do sleep 0.2; done", timeout=60)
    send(host, "alice", event("after-kill"))
    waited(host, lambda found: ("alice", "after-kill") in tools(found))
    host.reboot()
    host.run(f"until systemctl is-active --quiet {UNIT}; do sleep 0.2; done", timeout=60)
    send(host, "bob", event("after-reboot"))
    waited(host, lambda found: ("bob", "after-reboot") in tools(found))
    on(host, "check", *ONLY, status=0)


def it_is_confined(host: Host) -> None:
    pid = host.run(f"systemctl show -P MainPID {UNIT}").stdout.strip()
    text = host.run(f"cat /proc/{pid}/status").stdout
    status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    assert (
        int(status["CapEff"], 16) == 0 and status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    )
    assert host.run(f"systemctl --failed --plain | grep -c {UNIT}", check=False).stdout == "0\n"
    listening = host.run("ss -tlnH").stdout
    assert "127.0.0.1:4378" in listening and "0.0.0.0:4378" not in listening


def it_starts_anew_with_other_files(host: Host, on: On) -> None:
    before = starts(lines(host))
    host.run("echo '# mine' >> /usr/local/lib/hardpoint/audit/limits.py")
    on(host, "check", *ONLY, status=2)
    on(host, "apply", *ONLY, status=0)
    waited(host, lambda found: starts(found) > before)
    send(host, "bob", event("after-it-was-replaced"))
    waited(host, lambda found: ("bob", "after-it-was-replaced") in tools(found))
    on(host, "check", *ONLY, status=0)


def starts(found: list[dict]) -> int:
    return sum(line.get("reason") == "started" for line in found)


def an_edit_is_told(host: Host, on: On) -> None:
    host.run(f"sed -i 's/after-kill/something-else/' {LOGS}/*.jsonl")
    before = host.snapshot()
    found = on(host, "check", *ONLY, status=2).outcome(CONTROL)
    assert touched(host, before, OURS) == []
    (finding,) = found["findings"]
    assert finding["severity"] == "critical" and "was changed after it" in finding["seen"]
    (told,) = on(host, "audit", status=2).report["hosts"]
    assert [one["seen"] for one in told["findings"]] == [finding["seen"]]


def test_one_user_floods_and_the_others_history_stays(host: Host, on: On, tmp_path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(f"options:\n  {CONTROL}: {{quota_mib: 16, retention_days: 30}}\n")
    on(host, "apply", *ONLY, "--policy", policy, status=0)
    send(host, "bob", event("before-the-flood"))
    waited(host, lambda found: ("bob", "before-the-flood") in tools(found))
    waits = SEND.replace("s.setblocking(False)", "").replace(
        "json.loads(sys.argv[1])", "[json.loads(sys.argv[1])] * 5000"
    )
    host.run(["python3", "-c", waits, json.dumps(event("flood", detail="x " * 900))], user="alice")
    found = waited(host, lambda found: any(line.get("about") == "alice" for line in found))
    told = [line for line in found if line.get("about") == "alice"]
    assert all(line["reason"].startswith("dropped: ") for line in told)
    assert tools(found).count(("alice", "flood")) < 600
    assert ("bob", "before-the-flood") in tools(found)
    on(host, "check", *ONLY, "--policy", policy, status=0)


@pytest.mark.everything
def test_a_full_disk_stops_nothing_and_is_told_later(host: Host, on: On) -> None:
    on(host, "apply", *ONLY, status=0)
    host.run(f"systemctl stop {UNIT} && rm -r {LOGS}/* /var/lib/hardpoint-audit/*")
    host.run(f"mount -t tmpfs -o size=128k,mode=0700 tmpfs {LOGS} && systemctl start {UNIT}")
    waits = SEND.replace("s.setblocking(False)", "").replace(
        "json.loads(sys.argv[1])", "[json.loads(sys.argv[1])] * 250"
    )
    host.run(["python3", "-c", waits, json.dumps(event("much", detail="x " * 900))], user="alice")
    time.sleep(2)
    assert host.run(f"systemctl is-active {UNIT}").stdout == "active\n"
    assert 0 < len(lines(host)) < 100
    on(host, "check", *ONLY, status=0)
    host.run(f"mount -o remount,size=8m {LOGS}")
    send(host, "bob", event("after"))
    found = waited(host, lambda found: ("bob", "after") in tools(found))
    lost = [line["count"] for line in found if line.get("reason") == "lost while the disk was full"]
    assert sum(lost) + tools(found).count(("alice", "much")) == 250
    on(host, "check", *ONLY, status=0)
