"""What Gemini CLI, opencode, Copilot CLI, Qwen Code, Cursor and VS Code are told, on a real host.

The agents are there as far as their packages' names go; that they obey was tried with the real ones.
"""

from __future__ import annotations

import json
import tomllib

import pytest

from hardpoint.controls.agents.languages import languages
from tests.hosts.agents.conftest import On
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host

pytestmark = pytest.mark.lab

PACKAGES = {
    "@google/gemini-cli": "0.61.0",
    "opencode-ai": "1.18.33",
    "@github/copilot": "1.0.102",
    "@qwen-code/qwen-code": "0.24.4",
}
TRIED = ("gemini-cli", "opencode", "copilot-cli", "qwen-code")
TOLD = ("cursor", "vscode")
IDS = [f"{one.agent}-{layer}" for one in languages() for layer in one.layers]
LAYERS = [one for one in IDS if one.startswith((*TRIED, *TOLD))]
REQUIRED = ["agent-policy", "agent-guard", "agent-audit-log"]
ONLY = [f"--control={one}" for one in (*LAYERS, *REQUIRED)]
GEMINI = "/etc/gemini-cli/settings.json"
OWN = """\
{
  // the company's
  "proxy": "http://proxy.example:3128",
  "security": {"auth": {"selectedType": "oauth-personal"}}
}
"""


def install(host: Host) -> None:
    for name, version in PACKAGES.items():
        folder = f"/usr/local/lib/node_modules/{name}"
        host.write(f"{folder}/package.json", json.dumps({"name": name, "version": version}))
    host.run("mkdir -p /usr/share/code /usr/share/cursor")


def read(host: Host, path: str) -> str:
    return str(host.run(["cat", path]).stdout)


def test_every_layer_is_put_in_place_and_taken_back(boot, on: On) -> None:
    host = boot("debian12", layers=("sandbox-tools",))
    install(host)
    host.write(GEMINI, OWN)
    pristine = host.snapshot()
    found = on(host, "check", *ONLY, status=2).statuses()
    assert {found[one, "system"] for one in LAYERS} == {"drift"}
    assert touched(host, pristine) == []

    on(host, "apply", *ONLY, status=3)  # nobody has tried Cursor and VS Code
    after = on(host, "check", *ONLY, status=3).statuses()
    for one in LAYERS:
        expected = "compliant" if one.startswith(TRIED) else "unknown"
        assert after[one, "system"] == expected, one
    assert '"failClosed": true' in read(host, "/etc/cursor/hooks.json")
    assert json.loads(read(host, "/etc/vscode/policy.json"))["ChatToolsAutoApprove"] is False

    settings = read(host, GEMINI)
    assert "// the company's" in settings and '"proxy": "http://proxy.example:3128"' in settings
    assert '"disableYoloMode": true' in settings and '"oauth-personal"' in settings
    for path in host.run("ls /etc/gemini-cli/policies/*.toml").stdout.split():
        assert tomllib.loads(read(host, path))["rule"], path
    copilot = json.loads(read(host, "/etc/github-copilot/managed-settings.json"))
    assert copilot["sandbox"]["failIfUnavailable"] is True
    assert {"Read(~/.ssh/**)", "Shell(sudo)", "Edit(~/.bashrc)"} <= set(
        copilot["permissions"]["deny"]
    )
    opencode = json.loads(read(host, "/etc/opencode/opencode.json"))
    rules = list(opencode["agent"]["build"]["permission"]["read"])
    assert rules.index("*.env.example") > rules.index("*.env.*")
    modes = host.run("stat -c '%U %a' /etc/github-copilot/policy.d/* /etc/hardpoint/confined/*")
    assert set(modes.stdout.splitlines()) == {"root 644"}

    on(host, "rollback", "--to", "origin", status=None)
    ours = ("/etc/gemini-cli", "/etc/opencode", "/etc/github-copilot", "/etc/qwen-code")
    left = [one for one in touched(host, pristine, JOURNAL) if one.startswith(ours)]
    assert left == [] and read(host, GEMINI) == OWN


def test_what_undoes_a_layer_is_told(boot, on: On) -> None:
    host = boot("debian12")
    install(host)
    only = [f"--control={one}" for one in ("gemini-cli-managed-policy", "qwen-code-managed-policy")]
    on(host, "apply", *only, "--control=agent-policy", status=0)
    host.write("/home/alice/.bashrc", "export QWEN_CODE_SYSTEM_SETTINGS_PATH=/tmp/x\n", "alice")
    host.run(["chown", "-R", "alice", "/etc/gemini-cli"])
    ran = on(host, "check", *only, status=2)
    assert "Gemini CLI obeys /etc/gemini-cli, which is not root's alone" in {
        one["seen"] for one in ran.outcome("gemini-cli-managed-policy")["findings"]
    }
    (redirected,) = ran.outcome("qwen-code-managed-policy")["findings"]
    assert redirected["seen"].startswith("/home/alice/.bashrc:1 undoes this")
