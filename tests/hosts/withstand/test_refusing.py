"""A service that does not start with what we changed: told first, with its log, and taken back."""

from __future__ import annotations

import json

import pytest

from tests.command import Command, Ran
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host, Lab, Probe

pytestmark = pytest.mark.lab

FOLDER = "/etc/systemd/system/ollama.service.d"
SECRET = "hunter2-Xy9"
ON_LOOPBACK = 'case "$OLLAMA_HOST" in 127.*)'
REFUSES = rf"""[Service]
ExecStartPre=/bin/sh -c '{ON_LOOPBACK} \
  printf "no \\033[31mloopback\\033[0m for me, API_KEY={SECRET}\\n"; exit 1;; esac'
"""
DIES = rf"""[Service]
Restart=no
ExecStart=
ExecStart=/bin/sh -c '{ON_LOOPBACK} sleep 1.5; echo "I give up"; exit %d;; esac; \
  exec /usr/local/bin/ollama serve'
"""
BLAMES_ORIGINS = r"""[Service]
Restart=no
Environment=OLLAMA_ORIGINS=*
ExecStartPre=/bin/sh -c '[ "$OLLAMA_ORIGINS" = "*" ]'
"""
DOWN = "ollama.service ran before this apply and does not run now"


@pytest.fixture
def host(boot) -> Host:
    return boot("debian12", layers=("ollama",))


@pytest.fixture
def on(lab: Lab, hardpoint: Command):
    """on(host, "apply", ...): the command on that host alone."""

    def run(host: Host, command: str, *more: object, **given: object) -> Ran:
        words = [lab.inventory(), "--limit", host.name, *more]
        return hardpoint(command, *words, *(["--yes"] if command != "check" else []), **given)

    return run


JSON = ("--format", "json")
LOOPBACK = ("--control", "ollama-loopback")


def expose(host: Host, drop_in: str) -> None:
    host.write(f"{FOLDER}/why.conf", drop_in)
    host.write(f"{FOLDER}/override.conf", "[Service]\nEnvironment=OLLAMA_HOST=0.0.0.0\n")
    host.run("systemctl daemon-reload && systemctl restart ollama")
    host.run("until curl -sf http://127.0.0.1:11434/api/version; do sleep 0.1; done")


def active(host: Host) -> str:
    return host.run("systemctl is-active ollama", check=False).stdout.strip()


def test_the_outage_is_the_first_line(host: Host, lab: Lab, probe: Probe, on) -> None:
    expose(host, REFUSES)
    pristine = host.snapshot()
    applied = on(host, "apply", *JSON, status=2)
    outcome = applied.outcome("ollama-loopback")
    assert (outcome["fate"], outcome["status"]) == ("still wrong", "drift")
    assert outcome["down"] == "ollama.service"
    first = outcome["findings"][0]
    assert (first["seen"], first["severity"]) == (DOWN, "critical")
    assert outcome["reason"].startswith("restart ollama.service failed: it does not stay up")
    assert any("no ?[31mloopback?[0m for me, API_KEY=[redacted]" in one for one in outcome["log"])
    assert len(outcome["log"]) <= 15 and SECRET not in applied.out
    run = applied.report["run"]

    on(host, "rollback", "--run", run, *JSON, status=2)
    assert touched(host, pristine, JOURNAL) == []
    host.run("until curl -sf http://127.0.0.1:11434/api/version; do sleep 0.1; done")
    assert probe.connect(host.address, 11434) == "open"

    said = on(host, "apply", status=2).out
    entries = said[said.index("still wrong") :]
    assert entries.splitlines()[0].endswith(DOWN)
    assert "API_KEY=[redacted]" in said and SECRET not in said and "\033[31mloop" not in said
    assert f"hardpoint rollback {lab.inventory()} --limit {host.name} --run 2" in said
    back = on(host, "rollback", *LOOPBACK, *JSON, status=2).report["rolled_back"][host.name]
    assert [one["result"] for one in back] == ["restored"] * 3  # the service too, not left to retry
    assert active(host) == "active"


@pytest.mark.parametrize("code", [0, 1])
def test_a_service_that_dies_a_moment_later(host: Host, probe: Probe, on, code: int) -> None:
    expose(host, DIES % code)
    pristine = host.snapshot()
    applied = on(host, "apply", *JSON, status=2)
    outcome = applied.outcome("ollama-loopback")
    assert (outcome["fate"], outcome["down"]) == ("still wrong", "ollama.service")
    assert "I give up" in outcome["log"]

    on(host, "rollback", "--run", applied.report["run"], *JSON, status=2)
    assert probe.connect(host.address, 11434) == "open"
    assert touched(host, pristine, JOURNAL) == []

    back = on(host, "apply", "--rollback-on-failure", *JSON, status=2)
    outcome = back.outcome("ollama-loopback")
    assert (outcome["fate"], outcome["status"]) == ("rolled back", "exposed")
    assert probe.connect(host.address, 11434) == "open"
    assert touched(host, pristine, JOURNAL) == []


def test_what_failed_is_taken_back_and_nothing_else(
    host: Host, probe: Probe, on, lab: Lab, hardpoint: Command
) -> None:
    expose(host, REFUSES + "Environment=OLLAMA_ORIGINS=*\n")
    pristine = host.snapshot()
    applied = on(host, "apply", "--rollback-on-failure", *JSON, status=2)
    outcome = applied.outcome("ollama-loopback")
    assert (outcome["fate"], outcome["status"]) == ("rolled back", "exposed")
    assert outcome["reason"].startswith("rolled back: restart ollama.service failed: it does not")
    assert outcome["down"] is None and outcome["log"]
    assert applied.outcome("ollama-origins")["fate"] == "fixed"
    assert probe.connect(host.address, 11434) == "open"
    left = touched(host, pristine, JOURNAL)
    assert left and all("ollama-origins" in path for path in left), left
    said = hardpoint("runs", lab.inventory(), "--limit", host.name).out
    assert applied.report["run"] in said and "partly rolled back" in said

    again = on(host, "apply", "--rollback-on-failure", status=2).out
    assert "rolled back" in again and "exposed" in again
    on(host, "rollback", "--to", "origin", *JSON, status=2)
    assert touched(host, pristine, JOURNAL) == []


def test_the_other_control_of_the_service_is_to_blame(host: Host, probe: Probe, on) -> None:
    expose(host, BLAMES_ORIGINS)
    pristine = host.snapshot()
    applied = on(host, "apply", "--rollback-on-failure", *JSON, status=2)
    for control in ("ollama-loopback", "ollama-origins"):
        assert applied.outcome(control)["fate"] == "rolled back", control
    assert probe.connect(host.address, 11434) == "open"
    assert touched(host, pristine, JOURNAL) == []


def test_a_rollback_that_fails_is_said(host: Host, on) -> None:
    expose(host, REFUSES)
    # From now on it starts never again, whatever its settings are.
    host.write(f"{FOLDER}/why.conf", "[Service]\nExecStartPre=/bin/false\nRestart=no\n")
    applied = on(host, "apply", "--rollback-on-failure", *JSON, status=2)
    outcome = applied.outcome("ollama-loopback")
    assert (outcome["fate"], outcome["down"]) == ("still wrong", "ollama.service")
    assert (
        "; it could not be taken back: ollama.service: start ollama.service failed"
        in (outcome["reason"])
    )
    assert json.dumps(applied.report).count(DOWN) == 1


def test_a_users_service_says_what_it_said_last(host: Host, on) -> None:
    folder = "/home/alice/.config/systemd/user"
    host.run("systemctl disable --quiet --now ollama; rm /etc/systemd/system/ollama.service")
    # It stays for a moment: journald asks the kernel for a process's unit when its line comes in.
    stays = REFUSES.replace("exit 1", "sleep 0.5; exit 1")
    unit = f"{stays}Environment=OLLAMA_HOST=0.0.0.0\nExecStart=/usr/local/bin/ollama serve\n"
    host.write(f"{folder}/ollama.service", unit, "alice:alice")
    with host.user_session("alice"):
        host.run("systemctl --user start ollama", user="alice", session=True)
        host.run("until curl -sf http://127.0.0.1:11434/api/version; do sleep 0.1; done")
        applied = on(host, "apply", "--rollback-on-failure", *JSON, status=2)
        outcome = applied.outcome("ollama-loopback", "alice")
        assert outcome["fate"] == "rolled back"
        assert "loopback?[0m for me, API_KEY=[redacted]" in "".join(outcome["log"])
        state = host.run("systemctl --user is-active ollama", user="alice", session=True)
        assert state.stdout.strip() == "active"


def test_what_needs_it_is_taken_back_first(host: Host, lab: Lab, custom: Command) -> None:
    expose(host, "[Service]\nRestart=no\n")
    pristine = host.snapshot()
    words = [lab.inventory(), "--limit", host.name, "--yes", *JSON, "--rollback-on-failure"]
    applied = custom("tests.hosts.withstand.controls", "apply", *words, status=2)
    fates = {name: applied.outcome(name)["fate"] for name in ("breaks-it", "needs-it", "apart")}
    assert fates == {"breaks-it": "rolled back", "needs-it": "rolled back", "apart": "fixed"}
    assert applied.outcome("needs-it")["reason"] == (
        "rolled back: it needs breaks-it, which failed"
    )
    assert touched(host, pristine, JOURNAL) == ["/etc/sample", "/etc/sample/apart"]
    log = host.run("cat /var/lib/hardpoint/runs/*/index.jsonl").stdout.splitlines()
    events = [json.loads(line) for line in log]
    named = {e["n"]: e["resource"].get("path", "unit") for e in events if e["event"] == "record"}
    back = [named[e["n"]] for e in events if e["event"] == "rolled_back"]
    assert back == ["/etc/sample/needs-it", f"{FOLDER}/breaks-it.conf", "unit"]
    assert active(host) == "active"


def test_plain_pyinfra_says_it_too(host: Host, lab: Lab, pyinfra: Command) -> None:
    expose(host, DIES % 1)
    words = [lab.inventory(), "deploys/baseline.py", "-y", "--limit", host.name]
    said = pyinfra(*words, status=1)
    text = said.out + said.err
    assert "hardpoint close failed: ollama.service: it does not stay up (exit-code)" in text
    assert "I give up" in text
