"""What in a project leads to a secret, and what only looks like it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from hardpoint.controls.agents.intention import OPTIONS, intended
from hardpoint.hostside.payload import project_links, projects, secret_files
from hardpoint.hostside.payload.protected import Names, Places

MEANT = intended({name: option.default for name, option in OPTIONS.items()})
NAMES = Names(MEANT.project, MEANT.exempt)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with secrets and two projects."""
    for path in (
        ".ssh/id_ed25519",
        ".aws/credentials",
        "src/a/main.py",
        "src/a/.env",
        "src/b/.env",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("CANARY")
    for project in ("src/a", "src/b"):
        (tmp_path / project / ".git").mkdir()
    return tmp_path


def found(home: Path, until: float = 1e12) -> set[tuple[str, str, str]]:
    places, twins, more = secret_files.below(str(home), MEANT.home)
    assert not more
    folders, _ = projects.below([str(home)])
    search = project_links.Search(folders, places, twins, NAMES, until)
    short = {
        (os.path.relpath(one["path"], home), os.path.relpath(one["secret"], home), one["kind"])
        for one in search.links()
    }
    assert search.late == ""
    return short


def test_hard_links_are_found_by_identity_wherever_they_are(home: Path) -> None:
    deep = home / "src/a/node_modules/.pnpm/x@1/node_modules/x"
    deep.mkdir(parents=True)
    os.link(home / ".ssh/id_ed25519", deep / "README.md")
    os.link(home / ".aws/credentials", home / "src/b/notes")
    os.link(home / "src/a/main.py", home / "src/a/same.py")  # no secret: a count alone says nothing
    assert found(home) == {
        (os.path.relpath(deep / "README.md", home), ".ssh/id_ed25519", "hard"),
        ("src/b/notes", ".aws/credentials", "hard"),
    }


def test_a_secret_of_a_project_under_a_name_that_protects_nothing(home: Path) -> None:
    os.link(home / "src/b/.env", home / "src/a/config.txt")
    (home / "src/a/settings").symlink_to("../b/.env")
    (home / "src/a/plain").symlink_to(".env")
    assert found(home) == {
        ("src/a/config.txt", "src/b/.env", "hard"),
        ("src/a/settings", "src/b/.env", "symbolic"),
        ("src/a/plain", "src/a/.env", "symbolic"),
    }


def test_two_names_that_are_both_protected_are_no_finding(home: Path) -> None:
    os.link(home / "src/b/.env", home / "src/a/.env.local")
    (home / "src/a/.env.shared").symlink_to("../b/.env")
    assert found(home) == set()


@pytest.mark.parametrize(
    ("target", "secret"),
    [
        ("../../.ssh/id_ed25519", ".ssh/id_ed25519"),
        ("{home}/.ssh", ".ssh"),
        ("sub/../../../.aws/credentials", ".aws/credentials"),
        ("{home}", ".aws"),  # a folder above: all of it
        ("/", ".aws"),
        ("hop", ".ssh"),
    ],
)
def test_symbolic_links_that_lead_to_secrets(home: Path, target: str, secret: str) -> None:
    (home / "src/a/sub").mkdir()
    if target == "hop":
        (home / "hop").symlink_to(".ssh")
        target = "../../hop/../.ssh"
    (home / "src/a/link").symlink_to(target.format(home=home))
    assert found(home) == {("src/a/link", secret, "symbolic")}


def test_ordinary_links_are_no_findings(home: Path) -> None:
    a = home / "src/a"
    (a / "node_modules/.bin").mkdir(parents=True)
    (a / "node_modules/.bin/x").symlink_to("../x/cli.js")
    (a / "python").symlink_to("/usr/bin/python3")
    (a / "neighbour").symlink_to("../b")
    (a / "certificate").symlink_to("/etc/ssl/certs/ca-certificates.crt")
    (a / "broken").symlink_to("../../.ssh/absent")
    (a / "example").symlink_to(".env.example")
    (a / "loop").symlink_to("loop")
    assert found(home) == set()


def test_a_protected_folder_that_is_a_link_itself_is_followed_to_where_it_lies(home: Path) -> None:
    (home / ".ssh").rename(home / "vault")
    (home / ".ssh").symlink_to("vault")
    os.link(home / "vault/id_ed25519", home / "src/a/x")
    (home / "src/a/y").symlink_to(home / "vault/id_ed25519")
    assert found(home) == {
        ("src/a/x", "vault/id_ed25519", "hard"),
        ("src/a/y", "vault/id_ed25519", "symbolic"),
    }


def test_a_search_that_has_no_time_says_so(home: Path) -> None:
    search = project_links.Search([str(home / "src/a")], [], [], NAMES, time.monotonic() - 1)
    assert list(search.links()) == [] and search.late == str(home / "src/a")


def test_names_of_a_project() -> None:
    names = Names(["*.pem", ".env.*", "config/prod.yaml"], [".env.example"])
    assert names.protect("a/b/c.pem") and names.protect(".env.local")
    assert names.protect("/x/config/prod.yaml") and not names.protect("/x/prod.yaml")
    assert not names.protect("a/.env.example") and not names.protect("a.pem/x")
    assert not Names([]).protect("anything")


def test_places_are_reached_from_below_and_from_above() -> None:
    places = Places(["/home/a/.ssh", "/home/a/.aws"])
    assert all(places.reached(path) == path for path in ("/home/a/.ssh", "/home/a/.ssh/id"))
    assert places.reached("/home/a") == "/home/a/.aws" and places.reached("/") == "/home/a/.aws"
    assert places.reached("/home/a/.ssh2") is None and places.reached("/home/b") is None
