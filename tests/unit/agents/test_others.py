"""Gemini CLI, opencode, Copilot CLI, Qwen Code, Cursor and VS Code: what is written for them.

That they obey it was tried with the real agents; here it stays what was tried.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from typing import Any

import pytest

from hardpoint.controls import registry
from hardpoint.controls.agents import commands, places
from hardpoint.controls.agents.confined import FOLDER
from hardpoint.controls.agents.intention import DANGERS, DEFAULTS, Intention, intended
from hardpoint.controls.agents.language import LAYERS, Keys, OwnFile
from hardpoint.controls.agents.languages import languages
from tests.unit.agents.said import AGENTS, path, said, text

LANGUAGES = {one.agent: one for one in languages()}


def meant(**options: Any) -> Intention:
    return intended({**DEFAULTS, **options})


def pieces(agent: str, layer: str, **options: Any) -> list[OwnFile | Keys]:
    return list(LANGUAGES[agent].layers[layer](meant(**options)).pieces)


def value(agent: str, layer: str, key: tuple[str, ...], **options: Any) -> Any:
    for piece in pieces(agent, layer, **options):
        if isinstance(piece, Keys) and key in piece.values:
            return piece.values[key]
    raise AssertionError(f"{agent}-{layer} says nothing of {key}")


def rules(layer: str, **options: Any) -> list[dict[str, Any]]:
    """Gemini's, of one layer's file."""
    for piece in pieces("gemini-cli", layer, **options):
        if isinstance(piece, OwnFile) and piece.path.endswith(".toml"):
            return tomllib.loads(piece.content)["rule"]
    raise AssertionError(layer)


def refused(layer: str, tool: str, arguments: dict[str, Any], **options: Any) -> bool:
    """Whether Gemini's rules of a layer deny a call, as its engine reads them."""
    whole = json.dumps(dict(sorted(arguments.items())), separators=(",", ":"))
    for rule in rules(layer, **options):
        named = rule["toolName"] if isinstance(rule["toolName"], list) else [rule["toolName"]]
        pattern = rule.get("argsPattern") or '"command":"' + rule.get("commandRegex", "")
        if rule["decision"] == "deny" and tool in named and re.search(pattern, whole):
            return True
    return False


@pytest.mark.parametrize("agent", AGENTS)
def test_it_says_what_was_tried(agent: str) -> None:
    language = LANGUAGES[agent]
    assert text(language) == path(agent).read_text(), "python -m tests.unit.agents.said"
    assert set(language.layers) <= set(LAYERS)


@pytest.mark.parametrize("agent", AGENTS)
def test_what_it_can_not_say_names_controls_that_there_are(agent: str) -> None:
    known = {control.id for control in registry()}
    planned = {"agent-launcher", *(f"{one}-guard-hook" for one in AGENTS)}
    for layer in said(LANGUAGES[agent]).values():
        for unsaid_of, what, covered_by in layer["unsaid"]:
            assert unsaid_of in LAYERS
            assert set(covered_by) <= known | planned, what


@pytest.mark.parametrize("agent", AGENTS)
def test_a_bigger_policy_is_still_said_in_valid_documents(agent: str) -> None:
    odd = ['a "quoted" name', "back\\slash", "brackets[1](2){3}", "ünïcode*", "a+b.c|d^$"]
    options = {
        "protect_homes": odd,
        "protect_projects": odd,
        "keep_unwritten_homes": odd,
        "keep_unwritten_projects": odd,
        "domains": ["*.example.com"],
        "mcp_servers": ["files"],
        "protect_environment": ["MY_*", "MINE"],
    }
    for layer in LANGUAGES[agent].layers:
        for piece in pieces(agent, layer, **options):
            if isinstance(piece, Keys):
                json.dumps({"/".join(key): one for key, one in piece.values.items()})
            elif piece.path.endswith(".toml"):
                for rule in tomllib.loads(piece.content).get("rule", []):
                    re.compile(rule.get("argsPattern", "") + rule.get("commandRegex", ""))
            elif piece.path.endswith(".json"):
                json.loads(piece.content)


@pytest.mark.parametrize("agent", AGENTS)
def test_every_danger_can_be_allowed_again(agent: str) -> None:
    if "deny-dangerous-commands" in LANGUAGES[agent].layers:
        before = said(LANGUAGES[agent])["deny-dangerous-commands"]["documents"]
        after = said(LANGUAGES[agent], meant(allow_dangerous=["privilege"]))
        assert "pkexec" in json.dumps(before)
        assert "pkexec" not in json.dumps(after["deny-dangerous-commands"]["documents"])
        said(LANGUAGES[agent], meant(allow_dangerous=list(DANGERS)))


def test_dangerous_commands_are_texts() -> None:
    for one in [*commands.begin(meant()), *commands.whole(meant())]:
        assert isinstance(one, str) and one == one.strip()
    for danger in DANGERS:
        others = [one for one in DANGERS if one != danger]
        assert commands.begin(meant(allow_dangerous=others)), danger


def test_a_word_is_not_the_beginning_of_another() -> None:
    found = commands.globs(meant())
    assert {"sudo", "sudo *", "rm -rf ~/*", "git push origin +*"} <= set(found)
    assert "sh" not in found and "su*" not in found


def test_what_is_exempt_stays_readable_where_rules_have_no_exceptions() -> None:
    named, left = places.unexempted([".env", ".env.*", "*.pem"], [".env.example"])
    assert left == [".env.*"]
    assert {".env", ".env.local", ".env.production", ".env.*.local", "*.pem"} == {*named} - {
        ".env.development",
        ".env.staging",
        ".env.test",
    }
    for agent, tool in (("qwen-code", "Read"), ("copilot-cli", "Read")):
        denied = value(agent, "deny-sensitive-reads", ("permissions", "deny"))
        assert f"{tool}(**/.env)" in denied and f"{tool}(~/.ssh/**)" in denied
        assert f"{tool}(//etc/shadow)" in denied
        assert not any(".env.*)" in one for one in denied)


@pytest.mark.parametrize(
    ("tool", "arguments", "answer"),
    [
        ("read_file", {"file_path": "/home/a/.ssh/id_rsa"}, True),
        ("read_file", {"file_path": ".env"}, True),
        ("read_file", {"file_path": "/p/sub/.env.local"}, True),
        ("read_file", {"file_path": "/p/.env.example"}, False),
        ("read_file", {"file_path": "/p/.environment"}, False),
        ("read_file", {"file_path": "/p/my.ssh.md"}, False),
        ("read_file", {"file_path": "/p/key.pem"}, True),
        ("grep_search", {"pattern": "x", "dir_path": "/home/a/.aws"}, True),
        ("run_shell_command", {"command": "cat ~/.aws/credentials"}, True),
        ("run_shell_command", {"command": 'cat "$HOME/.netrc"'}, True),
        ("run_shell_command", {"command": "cat .env.example"}, False),
        ("run_shell_command", {"command": "python3 -m unittest"}, False),
        ("run_shell_command", {"command": "sudo cat /etc/shadow"}, True),
    ],
)
def test_gemini_may_not_read_what_is_protected(
    tool: str, arguments: dict[str, Any], answer: bool
) -> None:
    assert refused("deny-sensitive-reads", tool, arguments) is answer


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("git push --force origin main", True),
        ("git push --force-with-lease", True),
        ("git push origin +main", True),
        ("git push origin main", False),
        ("rm -rf ~/other", True),
        ("rm -rf /", True),
        ("rm -rf build", False),
        ("rm -rf /home/a/project/build", False),
        ("bash", True),
        ("bash run.sh", False),
        ("sudo id", True),
        ("sum file", False),
        ("terraform destroy -auto-approve", True),
    ],
)
def test_gemini_may_not_run_what_is_dangerous(command: str, answer: bool) -> None:
    given = {"command": command, "description": "x"}
    assert refused("deny-dangerous-commands", "run_shell_command", given) is answer


@pytest.mark.parametrize(
    ("tool", "arguments", "answer"),
    [
        ("write_file", {"file_path": "/p/.git/hooks/pre-commit", "content": "x"}, True),
        ("write_file", {"file_path": "/p/.gemini/settings.json", "content": "x"}, True),
        ("write_file", {"file_path": "/p/main.py", "content": "x"}, False),
        ("run_shell_command", {"command": "echo x >> ~/.bashrc"}, True),
        ("run_shell_command", {"command": "cat ~/.bashrc"}, False),
        ("run_shell_command", {"command": "cp hook .git/hooks/pre-commit"}, True),
    ],
)
def test_gemini_may_not_change_what_makes_it_obey(
    tool: str, arguments: dict[str, Any], answer: bool
) -> None:
    assert refused("self-protection", tool, arguments) is answer


def test_gemini_asks_before_it_changes_anything_even_in_yolo_mode() -> None:
    (rule,) = rules("managed-policy")
    assert rule["decision"] == "ask_user" and "modes" not in rule
    assert {"run_shell_command", "write_file", "replace", "mcp_*"} <= set(rule["toolName"])
    assert all(one["priority"] > rule["priority"] for one in rules("deny-sensitive-reads"))


def test_opencode_is_told_for_each_agent_that_it_ships() -> None:
    piece = next(iter(pieces("opencode", "deny-sensitive-reads")))
    assert isinstance(piece, Keys)
    everywhere = piece.values["permission", "read"]
    for agent in ("build", "plan", "general", "explore"):
        assert piece.values["agent", agent, "permission", "read"] == everywhere
    order = list(everywhere)
    assert order.index("*.env.example") > order.index("*.env.*"), "the last rule decides"
    assert everywhere["*.env.example"] == "allow" and everywhere["*/.ssh*"] == "deny"


def test_copilot_starts_with_its_sandbox_or_not_at_all() -> None:
    assert value("copilot-cli", "sandbox", ("sandbox", "enabled")) is True
    assert value("copilot-cli", "sandbox", ("sandbox", "failIfUnavailable")) is True
    assert value("copilot-cli", "sandbox", ("sandbox", "allowBypass")) is False


@pytest.mark.parametrize("agent", ["gemini-cli", "opencode", "qwen-code"])
def test_what_keeps_it_from_starting_outside_is_taken_out_inside(agent: str) -> None:
    keys, outside = pieces(agent, "sandbox")
    assert isinstance(keys, Keys) and isinstance(outside, OwnFile)
    assert outside.path == f"{FOLDER}/{agent}.json"
    taken = json.loads(outside.content)[keys.path]
    for key, wanted in keys.values.items():
        found = taken
        for part in key:
            found = found[part]
        assert found == wanted


def test_calls_are_told_where_the_audit_log_listens() -> None:
    for agent in ("gemini-cli", "qwen-code"):
        (piece,) = LANGUAGES[agent].layers["audit"](replace(meant(), audit_port=4999)).pieces
        assert isinstance(piece, Keys)
        assert piece.values["telemetry", "otlpEndpoint"] == "http://127.0.0.1:4999"
        assert piece.values["telemetry", "logPrompts"] is False


def test_servers_and_domains_are_those_of_the_policy() -> None:
    for agent, key, wanted in (
        ("gemini-cli", ("mcp", "allowed"), ["files"]),
        ("qwen-code", ("mcp", "allowed"), ["files"]),
        ("copilot-cli", ("allowedMcpServers",), [{"serverName": "files"}]),
    ):
        assert value(agent, "managed-policy", key, mcp_servers=["files"]) == wanted
        with pytest.raises(AssertionError):
            value(agent, "managed-policy", key)
    domains = value("vscode", "sandbox", ("ChatAgentAllowedNetworkDomains",), domains=["a.example"])
    assert "a.example" in json.loads(domains)
