"""The guard on a real host: what is registered there asks it, and refuses when it is gone."""

from __future__ import annotations

import json
import shlex
import tomllib

import pytest

from tests.hosts.agents.conftest import On
from tests.hosts.agents.test_inventory import install
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host
from tests.unit.guard.events import EVENTS

pytestmark = pytest.mark.lab

GUARD = "/usr/local/lib/hardpoint/guard"
PROJECT = "/home/alice/alpha"
PACKAGES = {
    "claude-code": ("@anthropic-ai/claude-code", "2.1.329"),
    "codex": ("@openai/codex", "0.169.0"),
    "gemini-cli": ("@google/gemini-cli", "0.61.0"),
    "copilot-cli": ("@github/copilot", "1.0.102"),
    "qwen-code": ("@qwen-code/qwen-code", "0.24.4"),
    "opencode": ("opencode-ai", "1.18.33"),
}
CONTROLS = ("agent-policy", "agent-guard", *(f"{agent}-guard-hook" for agent in PACKAGES))
ONLY = [f"--control={one}" for one in CONTROLS]


def registered(host: Host, agent: str) -> str:
    """The command that the agent's own document names, on the host."""

    def text(path: str) -> str:
        return host.run(f"cat {path}").stdout

    if agent == "claude-code":
        path = "/etc/claude-code/managed-settings.d/90-hardpoint-guard-hook.json"
        return json.loads(text(path))["hooks"]["PreToolUse"][0]["hooks"][0]["command"]
    if agent == "codex":
        found = tomllib.loads(text("/etc/codex/requirements.toml"))["hooks"]
        assert found["managed_dir"] == GUARD
        return found["PreToolUse"][0]["hooks"][0]["command"]
    if agent == "copilot-cli":
        path = "/etc/github-copilot/policy.d/40-hardpoint-guard.json"
        return json.loads(text(path))["hooks"]["preToolUse"][0]["bash"]
    if agent == "opencode":
        (plugin,) = json.loads(text("/etc/opencode/opencode.json"))["plugin"]
        line = next(one for one in text(plugin.removeprefix("file://")).split("\n") if "-c" in one)
        return json.loads(line[line.index('"-c", ') + 6 : line.index("], {")])
    folder, event = ("gemini-cli", "BeforeTool") if agent == "gemini-cli" else (agent, "PreToolUse")
    found = json.loads(text(f"/etc/{folder}/settings.json"))["hooks"][event]
    return found[0]["hooks"][0]["command"]


def answer(host: Host, agent: str, command: str) -> tuple[int, str]:
    """(exit status, stderr) of what alice's agent would start about a shell command."""
    text = json.dumps(EVENTS[agent]).replace("@cwd@", PROJECT).replace("@command@", command)
    asked = f"printf %s {shlex.quote(text)} | sh -c {shlex.quote(registered(host, agent))}"
    ran = host.login(asked, user="alice")
    return ran.returncode, ran.stderr


def test_every_agent_asks_and_none_goes_on_without_an_answer(boot, on: On) -> None:
    host = boot("debian12")
    for package, version in PACKAGES.values():
        install(host, "/usr/local", package, version)
    host.run(f"mkdir -p {PROJECT} ~/.ssh && echo key > ~/.ssh/id_ed25519", user="alice")
    pristine = host.snapshot()
    found = on(host, "check", *ONLY, status=2)
    assert {found.outcome(one)["status"] for one in CONTROLS} == {"drift"}
    assert touched(host, pristine) == []

    on(host, "apply", *ONLY, status=0)
    assert host.run(f"find {GUARD} ! -user root -o -perm /022").stdout == ""
    for agent in PACKAGES:
        assert answer(host, agent, "ls") == (0, "")
        status, said = answer(host, agent, "p=~/.ss; cat ${p}h/id_*")
        assert (status, "~/.ssh" in said) == (2, True), agent

    host.run(f"mv {GUARD}/judge.py {GUARD}/judge.away")
    assert answer(host, "claude-code", "ls")[0] == 2
    host.run(f"rm -r {GUARD}")
    for agent in PACKAGES:
        status, said = answer(host, agent, "ls")
        assert (status, bool(said)) == (2, True), agent
    assert on(host, "check", *ONLY, status=2).outcome("agent-guard")["status"] == "drift"
    on(host, "apply", *ONLY, status=0)
    assert answer(host, "codex", "ls") == (0, "")
    host.run("cp -p /etc/hardpoint/agents.json /root/kept; echo '{' > /etc/hardpoint/agents.json")
    assert answer(host, "gemini-cli", "ls")[0] == 2
    host.run("mv /root/kept /etc/hardpoint/agents.json")

    for control in reversed(CONTROLS):
        on(host, "rollback", "--control", control, status=2)
    # the folders that were taken away by hand above are no longer known as made by a run
    made = ("/home/", "/etc/hardpoint", "/usr/local/lib/hardpoint")
    assert [one for one in touched(host, pristine, JOURNAL) if not one.startswith(made)] == []
    assert host.run("find /etc/hardpoint /usr/local/lib/hardpoint -type f || true").stdout == ""
