"""Homes and disks that are hostile, broken or full: told apart, never followed, never harmed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.command import Command, Ran
from tests.hosts.upper import JOURNAL, touched
from tests.hosts.withstand.conftest import JSON, SETTINGS, STUDIO
from tests.lab import Host

pytestmark = pytest.mark.lab

ALICE = f"/home/alice/{STUDIO}"
TOKEN = "sk-canary-3141592653589793"


def fates(ran: Ran, subject: str) -> dict[str, str]:
    """control -> fate, of one subject."""
    outcomes = ran.report["hosts"][0]["outcomes"]
    return {one["control"]: one["fate"] for one in outcomes if one["subject"] == subject}


def test_malformed_settings_are_unknown_and_stay(exposed: Host, target, hardpoint: Command) -> None:
    malformed = {
        "alice": b'{"networkInterface": "0.0.0.0", "apiKey": "' + TOKEN.encode() + b'",\n',
        "bob": b"\xff\xfe{\x00}",
    }
    for user, content in malformed.items():
        exposed.write(f"/home/{user}/{STUDIO}", content, f"{user}:{user}", "0600")
    found = hardpoint("check", *target, *JSON, status=2)
    applied = hardpoint("apply", *target, "--yes", *JSON)
    for user, content in malformed.items():
        outcome = found.outcome("lm-studio-loopback", user)
        assert outcome["status"] == "unknown" and STUDIO in outcome["reason"]
        assert exposed.read(f"/home/{user}/{STUDIO}") == content
    assert applied.status == 3
    assert applied.outcome("ollama-loopback")["fate"] == "fixed"
    assert TOKEN not in found.out + applied.out


def test_links_planted_in_a_home_are_not_followed(
    exposed: Host, target, hardpoint: Command
) -> None:
    secret = exposed.run("cat /etc/shadow").stdout
    shadow = secret.splitlines()[0].split(":")[0] + ":" + secret.splitlines()[0].split(":")[1]
    stolen = {"networkInterface": "0.0.0.0", "stolen": TOKEN}
    exposed.write("/root/.lmstudio/.internal/http-server-config.json", json.dumps(stolen))
    exposed.write("/etc/root-only", f"export OLLAMA_HOST=0.0.0.0\n# {TOKEN}\n", mode="0600")
    exposed.run(f"rm {ALICE} && ln -s /etc/shadow {ALICE}", user="alice")
    exposed.run("rm ~/.bashrc && ln -s /etc/root-only ~/.bashrc", user="alice")
    exposed.run("rm -r ~/.lmstudio && ln -s /root/.lmstudio ~/.lmstudio", user="bob")
    exposed.run("rm ~/.bashrc && ln -s /etc/shadow ~/.bashrc", user="bob")
    exposed.run("mkdir -p ~/.config && ln -s /etc ~/.config/environment.d", user="bob")
    before = exposed.run("sha256sum /etc/shadow /etc/root-only /root/.lmstudio/.internal/*").stdout
    everything = ""
    for command in (["check", "-v"], ["check", *JSON], ["apply", "--yes", "-v"], ["check"]):
        ran = hardpoint(command[0], *target, *command[1:])
        assert "Traceback" not in ran.err and ran.status in (2, 3)
        everything += ran.out + ran.err
    assert TOKEN not in everything and shadow not in everything
    for path in (ALICE, "/home/bob/.lmstudio", "/home/bob/.bashrc", "/home/alice/.bashrc"):
        exposed.run(["test", "-L", path])
    after = exposed.run("sha256sum /etc/shadow /etc/root-only /root/.lmstudio/.internal/*").stdout
    assert after.splitlines()[:2] == before.splitlines()[:2]
    index = exposed.run("cat /var/lib/hardpoint/runs/*/index.jsonl").stdout
    assert "/etc/root-only" not in index and "/etc/shadow" not in index


ESCAPES = "\x1b]0;owned\x07\x1b[31m\u202e\u2066\x9b2J"


def test_a_host_has_no_power_over_the_terminal(exposed: Host, target, hardpoint: Command) -> None:
    exposed.write("/etc/environment", f"OLLAMA_HOST='0.0.0.0{ESCAPES}'\n")
    evil = json.dumps({"networkInterface": f"0.0.0.0{ESCAPES}"}, ensure_ascii=True)
    exposed.write(ALICE, evil, "alice:alice")
    home = f"/home/bob{ESCAPES}"
    exposed.run(["mv", "/home/bob", home])
    exposed.run(["sed", "-i", f"s|:/home/bob:|:{home}:|", "/etc/passwd"])
    exposed.run(["sed", "-i", f"s|^alice:\\(.*\\),,,:|alice:\\1{ESCAPES},,,:|", "/etc/passwd"])
    exposed.run(["sed", "-i", f's|^NAME=.*|NAME="Evil{ESCAPES}"|', "/etc/os-release"])
    folder = "/etc/systemd/system/ollama.service.d"
    exposed.write("/etc/systemd/system/ollama.service", "[Service]\nExecStart=/bin/sleep 99\n")
    exposed.write(
        f"{folder}/a{ESCAPES}.conf", f"[Service]\nEnvironment=OLLAMA_HOST=0.0.0.0{ESCAPES}\n"
    )
    exposed.run("systemctl daemon-reload")
    python = exposed.run("readlink -f /usr/bin/python3").stdout.strip()
    exposed.run(["cp", python, "/usr/local/bin/ollama"])
    serve = "setsid /usr/local/bin/ollama -m http.server 11434 >/dev/null 2>&1 & sleep 0.5"
    exposed.run(serve, user="alice")
    for command in (
        ["check"],
        ["check", "-v"],
        ["apply", "--yes", "-v"],
        ["runs"],
        ["prove", "-v"],
        ["rollback", "--to", "origin", "--yes", "-v"],
    ):
        ran = hardpoint(command[0], *target, *command[1:])
        assert ran.status in (0, 2, 3) and "Traceback" not in ran.err, (command, ran.err)
        assert not re.search(
            r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", ran.out + ran.err
        ), command
        assert command[0] == "runs" or "Evil" in ran.out, command
    out = hardpoint("check", *target, *JSON).out
    assert out.isascii() and "\x1b" not in out


def test_a_home_that_cannot_be_written(exposed: Host, target, hardpoint: Command) -> None:
    exposed.run("mount --bind /home/bob /home/bob && mount -o remount,bind,ro /home/bob")
    pristine = exposed.snapshot()
    applied = hardpoint("apply", *target, "--yes", *JSON, status=2)
    assert set(fates(applied, "alice").values()) == {"fixed"}
    assert "failed" in fates(applied, "bob").values()
    assert "read-only" in applied.outcome("lm-studio-loopback", "bob")["reason"]
    exposed.run("umount /home/bob")
    hardpoint("apply", *target, "--yes", status=0)
    hardpoint("rollback", *target, "--to", "origin", "--yes", status=2)
    assert touched(exposed, pristine, JOURNAL) == []


def test_a_full_disk_below_the_journal_changes_nothing(
    exposed: Host, target, hardpoint: Command
) -> None:
    exposed.run(
        "mkdir -m 0700 /var/lib/hardpoint && mount -t tmpfs -o size=1m,mode=0700 none "
        "/var/lib/hardpoint && dd if=/dev/zero of=/var/lib/hardpoint/fill bs=1k count=900 2>&1"
    )
    pristine = exposed.snapshot()
    applied = hardpoint("apply", *target, "--yes", *JSON, status=2)
    assert "no space" in applied.outcome("ollama-loopback")["reason"]
    assert "fixed" not in {one["fate"] for one in applied.report["hosts"][0]["outcomes"]}
    assert touched(exposed, pristine) == []
    exposed.run("umount /var/lib/hardpoint")
    hardpoint("apply", *target, "--yes", status=0)


def test_a_full_home(exposed: Host, target, hardpoint: Command) -> None:
    exposed.run(
        "cp -a /home/alice /tmp/alice && mount -t tmpfs -o size=200k,mode=0700 none /home/alice && "
        "cp -a /tmp/alice/. /home/alice/ && { cat /dev/zero > /home/alice/fill || true; } 2>&1"
    )
    listing = "cd /home/alice && find . ! -name fill -type f -exec sha256sum {} + | sort"
    before = exposed.run(listing).stdout
    applied = hardpoint("apply", *target, "--yes", *JSON, status=2)
    assert "failed" in fates(applied, "alice").values()
    assert "space" in applied.outcome("lm-studio-loopback", "alice")["reason"]
    assert set(fates(applied, "bob").values()) == {"fixed"}
    assert exposed.run(listing).stdout == before, "nothing cut off, nothing left behind"
    exposed.run("rm /home/alice/fill")
    hardpoint("apply", *target, "--yes", status=0)
    hardpoint("rollback", *target, "--to", "origin", "--yes", status=2)
    assert exposed.run(listing).stdout == before


NO_SYSTEMD = "[Service]\nType=exec\nTemporaryFileSystem=/run/systemd\nPrivateMounts=yes\n"


def test_a_host_without_systemd(exposed: Host, target, hardpoint: Command) -> None:
    """SSH sessions see neither the manager nor its tool."""
    exposed.write("/etc/systemd/system/ssh.service.d/away.conf", NO_SYSTEMD)
    exposed.write("/etc/systemd/system/ollama.service", "[Service]\nExecStart=/bin/sleep 99\n")
    exposed.run("systemctl daemon-reload && systemctl restart ssh")
    exposed.run("mv /usr/bin/systemctl /usr/bin/systemctl.away")
    assert exposed.login("ls -d /run/systemd/system", user="ops").returncode
    pristine = exposed.snapshot()
    found = hardpoint("check", *target, *JSON, status=2)
    assert found.outcome("ollama-loopback")["status"] == "drift"
    assert found.outcome("lm-studio-loopback", "alice")["status"] == "drift"
    assert "error" not in found.statuses().values()
    applied = hardpoint("apply", *target, "--yes", *JSON)
    assert "Traceback" not in applied.err
    assert fates(applied, "alice")["lm-studio-loopback"] == "fixed"
    assert fates(applied, "system")["ollama-loopback"] == "fixed"
    hardpoint("rollback", *target, "--to", "origin", "--yes", status=2)
    assert touched(exposed, pristine, JOURNAL) == []


def test_no_secret_gets_anywhere(exposed: Host, target, hardpoint: Command, tmp_path: Path) -> None:
    for user in ("alice", "bob"):
        exposed.run(f"echo 'export OPENAI_API_KEY={TOKEN}' >> ~/.bashrc", user=user)
        settings = json.loads(SETTINGS) | {"apiKey": TOKEN}
        exposed.write(f"/home/{user}/{STUDIO}", json.dumps(settings), f"{user}:{user}", "0600")
    exposed.run(f"echo 'echo \"unclosed {TOKEN}' >> ~/.profile", user="bob")
    exposed.run(f"echo 'OPENAI_API_KEY={TOKEN}' >> /etc/environment")
    exposed.run(f"OPENAI_API_KEY={TOKEN} setsid sleep 999 >/dev/null 2>&1 &", user="alice")
    exposed.run(f"setsid sh -c 'sleep 999; : {TOKEN}' >/dev/null 2>&1 &", user="bob")
    unit = f"[Service]\nExecStart=/bin/sleep 99\nEnvironment=KEY={TOKEN} OLLAMA_HOST=0.0.0.0\n"
    exposed.write("/etc/systemd/system/ollama.service", unit)
    exposed.run("systemctl daemon-reload && systemctl start ollama")
    plan = tmp_path / "plan.json"
    said = ""
    for words in (
        ["check", "-v"],
        ["check", *JSON],
        ["apply", "--plan-out", plan],
        ["apply", "--yes", "-v"],
        ["check", "-v"],
        ["prove", "-v"],
        ["prove", *JSON],
        ["runs"],
        ["rollback", "--to", "origin", "--yes", "-v"],
        ["apply", "--yes", *JSON],
        ["rollback", "--to", "origin", "--yes", *JSON],
    ):
        ran = hardpoint(words[0], *target, *words[1:])
        assert ran.status in (0, 2, 3) and "Traceback" not in ran.err
        said += ran.out + ran.err
    assert TOKEN not in said + plan.read_text()
    journal = "/var/lib/hardpoint"
    index = f"find {journal} -type f ! -path '*/blobs/*' -exec cat {{}} +"
    assert TOKEN not in exposed.run(index).stdout
    assert exposed.run(f"find {journal} -perm /077").stdout == ""
    log = exposed.run("journalctl --no-pager -o verbose | grep -v _CMDLINE", check=False).stdout
    assert TOKEN not in log
