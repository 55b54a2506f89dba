"""The documentation says what the code says."""

from __future__ import annotations

import re
import shlex
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

import click
import pytest
import yaml

from hardpoint.cli import cli
from hardpoint.controls import registry
from hardpoint.outcome import ExitCode, Status
from hardpoint.policy import load_policy
from hardpoint.reports.controls_page import page

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
PAGES += [*sorted((ROOT / "docs").glob("*.md")), ROOT / "tests/lab/README.md"]
FOR_USERS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

LINK = re.compile(r"\]\((?!https?://)([^)#]*)(?:#([^)]*))?\)")


def test_the_page_of_controls_is_not_stale() -> None:
    assert (ROOT / "docs/controls.md").read_text() == page(registry()), "run: make docs"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target, anchor in LINK.findall(path.read_text()):
        found = path.parent / target if target else path
        assert found.exists(), f"{path.name}: {target}"
        assert not anchor or anchor in _anchors(found), f"{path.name}: #{anchor}"


def _anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.M)
    return {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


def test_the_readme_names_every_status_and_exit_code() -> None:
    tables = re.findall(r"^\| ([\w, -]+) \|", (ROOT / "README.md").read_text(), re.M)
    named = {word for row in tables for word in row.split(", ")}
    assert {str(status) for status in Status} | {str(int(code)) for code in ExitCode} <= named


def test_the_policy_of_the_readme_is_one(tmp_path: Path) -> None:
    (example,) = [
        block
        for block in re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
        if "profile" in yaml.safe_load(block)
    ]
    policy = tmp_path / "policy.yaml"
    policy.write_text(example)
    here = load_policy(policy, registry()).for_host("gpu-1", ["gpu"])
    assert here.skipped("lm-studio-cors") and here.waiver("ollama-origins")


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs/pictures").glob("*.svg")), ids=lambda p: p.name
)
def test_pictures_are_small_and_fetch_nothing(path: Path) -> None:
    text = path.read_text()
    assert len(text) < 150_000
    assert "font-face" not in text and "@import" not in text and "href" not in text


def _blocks(path: Path, language: str) -> list[str]:
    text = re.sub(r"^ +(?=```)", "", path.read_text(), flags=re.M)
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


@pytest.mark.parametrize("path", FOR_USERS, ids=lambda path: path.name)
def test_yaml_is_yaml(path: Path) -> None:
    for block in _blocks(path, "yaml"):
        assert yaml.safe_load(block)


def _commands(path: Path) -> list[list[str]]:
    """The words of each `hardpoint ...` in code, up to where the shell takes over."""
    code = "\n".join(
        [*_blocks(path, r"\w*"), *re.findall(r"`(?:sudo )?(hardpoint [^`]+)`", path.read_text())]
    )
    found = []
    for text in re.findall(r"(?<![\w/.-])hardpoint ([a-z]+ [^>\n]*?)(?: \d?>|$)", code, re.M):
        words = shlex.shlex(text, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        found.append(list(takewhile(lambda word: not set(word) <= set("();<>|&#"), words)))
    return found


@pytest.mark.parametrize("path", FOR_USERS, ids=lambda path: path.name)
def test_every_command_is_one(path: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("hardpoint.output._demand_place", lambda path: None)
    for words in _commands(path):
        with cli.make_context("hardpoint", [*words]) as context:
            name, command, rest = cli.resolve_command(context, words)
            assert command is not None
            with suppress(click.BadOptionUsage):  # an option named in a sentence, without its value
                command.make_context(name, rest, parent=context).close()


def test_the_page_of_ci_names_every_exit_status_and_status() -> None:
    text = (ROOT / "docs/ci.md").read_text()
    cells = {
        word for row in re.findall(r"^\| ([\w, -]+) \|", text, re.M) for word in row.split(", ")
    }
    assert {str(status) for status in Status} | {str(int(code)) for code in ExitCode} <= cells
