"""What the policy is in Claude Code's words: files that it takes, and that hold one layer each."""

from __future__ import annotations

import json
import subprocess
from fnmatch import fnmatchcase
from typing import Any

import pytest

from hardpoint.controls.agents.intention import DEFAULTS, intended
from hardpoint.controls.agents.language import OwnFile
from hardpoint.controls.agents.languages.claude_code import LANGUAGE
from hardpoint.controls.agents.names import without

EXEMPT = (".env.example", ".env.sample", ".env.template", ".env.tpl", ".env.dist")


def said(layer: str, **options: Any) -> dict[str, Any]:
    (piece,) = LANGUAGE.layers[layer](intended({**DEFAULTS, **options})).pieces
    assert isinstance(piece, OwnFile)
    assert piece.path.startswith("/etc/claude-code/managed-settings.d/")
    return json.loads(piece.content)


@pytest.mark.parametrize("layer", LANGUAGE.layers)
def test_each_layer_is_a_file_of_its_own(layer):
    assert said(layer)


def test_nobody_loosens_the_policy():
    document = said("managed-policy")
    assert document["permissions"]["disableBypassPermissionsMode"] == "disable"
    assert document["allowManagedPermissionRulesOnly"] is True
    assert document["allowManagedHooksOnly"] is True


def test_servers_are_named_or_a_gap_is_told():
    assert said("managed-policy", mcp_servers=["docs"])["allowedMcpServers"] == [
        {"serverName": "docs"}
    ]
    (gap,) = LANGUAGE.layers["managed-policy"](intended(DEFAULTS)).unsaid
    assert "MCP" in gap.what


def test_secrets_are_denied_to_file_tools_and_to_the_sandbox():
    document = said("deny-sensitive-reads", protect_homes=["vault"], protect_projects=["*.key"])
    deny = document["permissions"]["deny"]
    assert {"Read(~/vault)", "Edit(~/vault)", "Read(//**/*.key)", "Read(**/*.key)"} <= set(deny)
    hidden = {one["name"] for one in document["sandbox"]["credentials"]["envVars"]}
    assert {"AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "DATABASE_URL"} <= hidden
    assert all(one.isidentifier() for one in hidden)  # it refuses a file with another


def test_an_exempt_name_is_in_no_pattern():
    patterns = without(".env.*", EXEMPT)
    assert not [one for one in EXEMPT for pattern in patterns if fnmatchcase(one, pattern)]
    for name in (".env.local", ".env.test", ".env.e", ".env.example.local", ".env.tp", ".env.s3"):
        assert any(fnmatchcase(name, pattern) for pattern in patterns), name
    assert without("*.pem", EXEMPT) == ("*.pem",)
    assert without("a*b", ("axb",)) == ("a*b",)  # not to be told apart: stays protected


def test_the_sandbox_shows_a_project_and_tools():
    sandbox = said("sandbox", domains=["example.com:8443"])["sandbox"]
    assert sandbox["failIfUnavailable"] and not sandbox["allowUnsandboxedCommands"]
    assert "~/*" in sandbox["filesystem"]["denyRead"]
    assert "~/.local/bin" in sandbox["filesystem"]["allowRead"]
    assert not [one for one in sandbox["filesystem"]["allowRead"] if ".ssh" in one]
    assert "example.com" in sandbox["network"]["allowedDomains"]


def test_research_writes_nothing_and_reaches_nobody():
    sandbox = said("sandbox", profile="research")["sandbox"]
    assert sandbox["network"]["allowedDomains"] == []
    rules = said("managed-policy", profile="research")["permissions"]
    assert {"Write", "Bash"} <= set(rules["deny"]) and "allow" not in rules


def test_an_allowed_danger_is_not_refused():
    assert "Bash(sudo *)" in said("deny-dangerous-commands")["permissions"]["deny"]
    left = said("deny-dangerous-commands", allow_dangerous=["privilege"])["permissions"]["deny"]
    assert "Bash(sudo *)" not in left and "Bash(git push --force *)" in left


def kept_inside(call: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (hook,) = said("sandbox", protect_environment=["ODD_*"])["hooks"]["PreToolUse"]
    command = hook["hooks"][0]["command"]
    return subprocess.run(
        ["sh", "-c", command], input=call, capture_output=True, text=True, env=environment
    )


def test_a_shell_command_is_approved_in_a_form_that_stays_in_the_sandbox():
    call = json.dumps({"tool_name": "Bash", "tool_input": {"command": "echo 'a b'", "timeout": 9}})
    done = kept_inside(call, MY_TOKEN="x", ODD_ONE="y", LANG="C")
    answer = json.loads(done.stdout)["hookSpecificOutput"]
    assert answer["permissionDecision"] == "allow"
    command = ": </dev/null; unset MY_TOKEN ODD_ONE; echo 'a b'"
    assert answer["updatedInput"] == {"command": command, "timeout": 9}


@pytest.mark.parametrize("call", ["", "{}", '{"tool_input": {}}', "[]"])
def test_what_it_does_not_understand_is_refused(call):
    done = kept_inside(call)
    assert (done.returncode, done.stdout) == (2, "")
