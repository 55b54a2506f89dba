"""What is shown of a project: which folders may be one, what is hidden in it, what may not be written."""

from __future__ import annotations

import json
import os
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.unit.launcher.test_intent import GOOD


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "a home 'of' hers"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh/id").write_text("key")
    (home / "src/p/.git/hooks").mkdir(parents=True)
    (home / "src/p/.git/config").write_text("[core]\n\thooksPath = .githooks\n")
    return home


@pytest.fixture
def intent(launcher):
    def intent(**persistent: list[str]) -> Any:
        return launcher("intent").Intent(
            {**GOOD, "persistent": {**GOOD["persistent"], **persistent}}
        )

    return intent


def test_a_home_and_what_is_above_it_is_no_project(launcher, home: Path) -> None:
    places, refused = launcher("places"), launcher("errors").Refused
    for path in (
        "/",
        "/etc",
        "/usr/share",
        "/home",
        "/tmp",
        home,
        home.parent,
        home / ".ssh",
        home / "none",
    ):
        with pytest.raises(refused):
            places.project(str(path), str(home), [str(home / ".ssh")])
    assert places.project(str(home / "src/p"), str(home), []) == str(home / "src/p")


def test_the_repository_is_the_project(
    launcher, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "src/p/deep").mkdir()
    (home / ".git").mkdir()  # dotfiles are kept so
    places = launcher("places")
    monkeypatch.chdir(home / "src/p/deep")
    assert places.project(None, str(home), []) == str(home / "src/p")
    monkeypatch.chdir(home / "src")
    assert places.project(None, str(home), []) == str(home / "src")


def test_secrets_are_found_by_name_and_by_inode(launcher, intent, home: Path) -> None:
    project = home / "src/p"
    for name in (".env", "sub/.env", "node_modules/x/.env", "fine.txt"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(name)
    os.link(home / ".ssh/id", project / "innocent")
    os.link(project / ".env", project / "copy")
    (home / "src/other").mkdir()
    (home / "src/other/.env").write_text("other")
    os.link(home / "src/other/.env", project / ".git/borrowed")
    (project / "link").symlink_to(home / ".ssh")
    found = launcher("masks").find(str(project), intent(), str(home))
    hidden = {os.path.relpath(one, project) for one in found.files}
    assert hidden == {".env", "sub/.env", "innocent", "copy", ".git/borrowed"}
    assert found.repositories == [str(project / ".git")]


def test_what_an_agent_may_not_write_is_covered_pinned_or_stood_in_for(
    launcher, intent, home: Path
) -> None:
    project = home / "src/p"
    (project / ".vscode").mkdir()
    (project / ".githooks").mkdir()
    wanted = [".git/hooks", ".git/config", ".vscode/tasks.json", ".mcp.json", ".idea"]
    git = [str(project / ".git")]
    kept = launcher("kept").find(str(project), intent(project=wanted), git, [], str(home))
    names = lambda paths: {os.path.relpath(one, project) for one in paths}  # noqa: E731
    assert names(kept.read_only) == {".git/hooks", ".git/config", ".githooks"}
    assert names(kept.pinned) == {".git", ".vscode"}
    missing = {(os.path.relpath(path, project), content) for path, content in kept.missing}
    assert missing == {
        (".vscode/tasks.json", ""), (".mcp.json", ""), (".idea", None), (".git/commondir", ".\n"),
    }  # fmt: skip


def test_submodules_worktrees_and_included_settings_are_kept(launcher, intent, home: Path) -> None:
    project = home / "src/p"
    for name in (".git/modules/sub/HEAD", ".git/modules/sub/config", ".git/worktrees/w/commondir"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("")
    (project / "libs/sub").mkdir(parents=True)
    (project / "libs/sub/.git").write_text("gitdir: ../../.git/modules/sub\n")
    (project / "team.gitconfig").write_text("")
    (project / ".git/config").write_text("[include]\n\tpath = ../team.gitconfig\n")
    git, inner = [str(project / ".git")], [str(project / "libs/sub/.git")]
    kept = launcher("kept").find(str(project), intent(), git, inner, str(home))
    read_only = {os.path.relpath(one, project) for one in kept.read_only}
    assert read_only >= {"libs/sub/.git", ".git/worktrees/w/commondir", "team.gitconfig"}
    assert {str(project / "libs"), str(project / "libs/sub")} <= set(kept.pinned)
    missing = {os.path.relpath(path, project) for path, _ in kept.missing}
    assert missing >= {".git/modules/sub/hooks", ".git/modules/sub/commondir"}


def test_a_folder_on_the_way_to_what_is_kept_may_get_other_things(
    launcher, intent, home: Path
) -> None:
    project = home / "src/p"
    wanted = intent(project=[".github/hooks", ".vscode/tasks.json"])
    kept = launcher("kept").find(str(project), wanted, [], [], str(home))
    assert kept.made == [str(project / ".github"), str(project / ".vscode")]
    State = launcher("state").State
    run = State(str(home), str(project))
    run.enter()
    assert run.stand_in([(one, None) for one in kept.made]) == kept.made
    assert len(run.stand_in(kept.missing)) == 2
    (project / ".github/workflows").mkdir()
    run.leave()
    assert (project / ".github/workflows").is_dir()
    assert not (project / ".github/hooks").exists()
    assert not (project / ".vscode").exists()


def test_stand_ins_go_when_the_last_run_does(launcher, home: Path) -> None:
    State = launcher("state").State
    project = home / "src/p"
    missing = [
        (str(project / ".idea"), None),
        (str(project / ".mcp.json"), ""),
        (str(project / ".git/commondir"), ".\n"),
    ]
    first, second = State(str(home), str(project)), State(str(home), str(project))
    first.enter()
    assert first.stand_in(missing) == [one for one, _ in missing]
    second.enter()
    assert second.stand_in(missing) == [one for one, _ in missing]
    first.leave()
    assert (project / ".idea").is_dir()
    (project / ".mcp.json").write_text("hers")  # somebody outside has made one: it is theirs
    second.leave()
    assert not (project / ".idea").exists()
    assert not (project / ".git/commondir").exists()
    assert (project / ".mcp.json").read_text() == "hers"


def test_an_agents_home_keeps_its_state_and_nothing_else(launcher, home: Path) -> None:
    Agent = launcher("intent").Agent
    agent = Agent("x", {"program": "x", "state": [".x", ".config/x.json"]})
    State = launcher("state").State
    first = State(str(home), str(home / "src/p"))
    folder = Path(first.home_of(agent, [], {}))
    for name in (".x/a/b", ".x/settings.json", ".config/x.json", ".config/other", ".bashrc", "d/e"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    (folder / "out").symlink_to(home / "src")
    (folder / "d").chmod(0)
    astray = folder / ".x/link"
    astray.symlink_to(home / ".ssh")
    second = State(str(home), str(home / "src/p"))
    second.home_of(agent, [], {})
    assert (folder / "out").exists()  # the first is still there
    first.leave()
    second.leave()
    State(str(home), str(home / "src/p")).home_of(
        agent, [".x/settings.json", ".x/c", ".x/link/y"], {".x/c": str(home / "src/p/.git")}
    )
    left = {str(one.relative_to(folder)) for one in folder.rglob("*") if not one.is_dir()}
    assert left == {".x/a/b", ".config/x.json", ".x/c/config"}
    assert not astray.is_symlink()
    assert (home / "src/p/.git/config").exists()


def test_a_worktree_brings_its_repository_and_a_forged_one_does_not(launcher, home: Path) -> None:
    places = launcher("places")
    main, tree = home / "src/p/.git", home / "src/tree"
    own = main / "worktrees/tree"
    for folder in (own, main / "objects", main / "refs", tree):
        folder.mkdir(parents=True)
    (main / "HEAD").write_text("ref: refs/heads/main\n")
    (own / "commondir").write_text("../..\n")
    (own / "gitdir").write_text(f"{tree}/.git\n")
    (tree / ".git").write_text(f"gitdir: {own}\n")
    assert places.git_folders(str(tree)) == (str(own), str(main))

    forged = home / "src/forged"
    (forged / "fake").mkdir(parents=True)
    (forged / ".git").write_text(f"gitdir: {own}\n")
    assert places.git_folders(str(forged)) == (None, None)
    (forged / ".git").write_text("gitdir: fake\n")
    (forged / "fake/gitdir").write_text(f"{forged}/.git\n")
    (forged / "fake/commondir").write_text(f"{main}\n")
    assert places.git_folders(str(forged)) == (None, None)


@pytest.mark.parametrize("version", ["2", "4"])
def test_what_git_has_as_it_is_stays_visible(launcher, tmp_path: Path, version: str) -> None:
    git = ["git", "-C", str(tmp_path), "-c", f"index.version={version}"]
    subprocess.run([*git, "init", "-q", "."], check=True)
    paths = [tmp_path / name for name in ("a/b.pem", "a/bc.pem", "changed.pem", "new.pem")]
    paths[0].parent.mkdir()
    for path in paths[:3]:
        path.write_text(path.name)
    subprocess.run([*git, "add", "."], check=True)
    for path in paths[2:]:
        path.write_text("a secret")
    tracked, names = launcher("tracked"), [str(one) for one in paths]
    assert tracked.unhidden(str(tmp_path / ".git"), str(tmp_path), names) == set(names[:2])
    (tmp_path / ".git/index").write_bytes(b"DIRC\0\0\0\2\0\0\0\7broken")
    assert tracked.unhidden(str(tmp_path / ".git"), str(tmp_path), names) == set()


def test_a_program_in_a_home_brings_what_it_needs_and_no_more(launcher, home: Path) -> None:
    find = launcher("toolchains").find
    package = home / "node/lib/node_modules/pkg"
    native = home / ".local/share/x/versions/1"
    for path in (package / "cli.js", home / "node/bin/n", native / "x", home / "Downloads/y"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (home / "bin").mkdir()
    (home / "bin/agent").symlink_to("../node/lib/node_modules/pkg/cli.js")
    (home / "bin/x").symlink_to(native / "x")

    def shown(program: str, *path: str) -> tuple[set[str], dict[str, str]]:
        found = find(str(home), program, path, str(home / "src/p"), [str(home / ".ssh")])
        return {os.path.relpath(one, home) for one in found[0]}, found[1]

    links = {str(home / "bin/agent"): "../node/lib/node_modules/pkg/cli.js"}
    assert shown(str(home / "bin/agent")) == ({"node/lib/node_modules"}, links)
    assert shown(str(home / "bin/x"))[0] == {".local/share/x/versions/1"}
    assert shown(str(home / "Downloads/y"))[0] == {"Downloads/y"}
    assert shown("/usr/bin/env") == (set(), {})
    assert shown(str(home / ".ssh/id"))[0] == set()
    (home / "venv/bin").mkdir(parents=True)
    (home / "venv/pyvenv.cfg").write_text("")
    assert shown("/usr/bin/env", str(home / "venv/bin"))[0] >= {"venv"}
    prefix = {"node/bin", "node/lib/node_modules"}
    assert shown("/usr/bin/env", str(home / "node/bin"), str(home / "Downloads"))[0] == prefix


def test_git_is_told_of_what_is_hidden(launcher) -> None:
    text = launcher("excludes").text("*.o\n", "/p", ["/p/.env", "/p/a b/[x].pem"])
    assert text == "*.o\n# hidden by hardpoint-run\n/.env\n/a\\ b/\\[x].pem\n"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_ends_in_a_return_whatever_comes(launcher, machine: str) -> None:
    code = list(struct.iter_unpack("<HBBI", launcher("seccomp").program(machine)))
    for place, (kind, yes, no, _) in enumerate(code):
        assert kind == 0x06 or place + 1 + max(yes, no) < len(code)
    assert code[-1][0] == 0x06
    assert launcher("seccomp").program("riscv64") is None


def test_ways_out_follow_the_profile(launcher) -> None:
    intent, ways = launcher("intent").Intent(json.loads(json.dumps(GOOD))), launcher("ways")
    agent = intent.agent("claude")
    assert ways.allowed(intent, "sealed", agent) is None
    assert ways.allowed(intent, "research", agent) == ["api.example"]
    assert ways.allowed(intent, "coder", agent) == ["api.example", "github.com"]
    assert ways.listeners(["a.example", "localhost:11434"]) == [
        ["127.0.0.1", 3128, None],
        ["127.0.0.1", 11434, "127.0.0.1:11434"],
        ["::1", 11434, "127.0.0.1:11434"],
    ]


def test_only_what_programs_need_goes_along(launcher) -> None:
    environment = launcher("environment")
    given = {
        "TERM": "xterm",
        "LC_ALL": "C",
        "AWS_SECRET_ACCESS_KEY": "x",
        "SSH_AUTH_SOCK": "x",
        "MY_KEY": "y",
    }
    inside = environment.inside(given, "/h", ["/usr/bin"], ["MY_*"], False)
    assert {name for name in inside if not name.startswith("GIT_")} == {
        "TERM", "LC_ALL", "MY_KEY", "HOME", "PATH", "HARDPOINT_RUN",
    }  # fmt: skip
    shims = environment.SHIMS
    assert environment.search_path({"PATH": f"{shims}:/usr/bin:.::/bin"}) == ["/usr/bin", "/bin"]
