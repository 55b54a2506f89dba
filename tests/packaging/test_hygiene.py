"""What the repository holds: nothing of the machine it was made on, and one source for each fact."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

import hardpoint

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def _dotted(*names: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])({'|'.join(re.escape(name) for name in names)})(?![\w-])")


def _joined(*words: str) -> str:
    """Spelled in parts, so that this file doesn't hold what it looks for."""
    return ".".join(words)


# A checkout gets its packages from where its machine gets them: a mirror, a proxy, a cache.
REGISTRIES = _dotted(
    _joined("pypi", "org"),
    _joined("pypi", "python", "org"),
    _joined("files", "pythonhosted", "org"),
    _joined("registry", "npmjs", "org"),
    _joined("registry", "yarnpkg", "com"),
    _joined("proxy", "golang", "org"),
    _joined("sum", "golang", "org"),
    _joined("deb", "debian", "org"),
    _joined("security", "debian", "org"),
    _joined("ftp", "debian", "org"),
    _joined("archive", "ubuntu", "com"),
    _joined("repo", "maven", "apache", "org"),
    _joined("repo1", "maven", "org"),
    _joined("crates", "io"),
    _joined("index", "crates", "io"),
    _joined("static", "crates", "io"),
)
MACHINE_PATHS = re.compile(
    rf"(?<![\w.])/({'|'.join(['work', 'farm'])})/|/opt/{'wheels'}|/root/\.{'pyenv'}"
)
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")


def _git(*arguments: str) -> str:
    # root tests a checkout that a person owns, too
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """The files that git knows and that are there."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in _git("ls-files", "-z").split("\0") if name]
    return [path for path in paths if path.is_file()]


def _places(files: list[Path], pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in files:
        content = path.read_bytes()
        if b"\0" in content:
            continue
        for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
            if match := pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {match[0]}")
    return found


def test_no_file_names_a_package_registry(tracked: list[Path]) -> None:
    assert _places(tracked, REGISTRIES) == []


def test_no_file_names_a_place_of_one_machine(tracked: list[Path]) -> None:
    assert _places(tracked, MACHINE_PATHS) == []


def test_no_program_is_left_unfinished(tracked: list[Path]) -> None:
    assert _places([path for path in tracked if path.suffix == ".py"], UNFINISHED) == []


def test_the_patterns_find_what_they_look_for() -> None:
    for name in (_joined("pypi", "org"), _joined("crates", "io")):
        assert REGISTRIES.search(f"https://{name}/simple")
        assert not REGISTRIES.search(f"x{name}")
    assert MACHINE_PATHS.search("cd /" + "work/main")
    assert not MACHINE_PATHS.search("/home/alice/" + "work/main")
    assert UNFINISHED.search("# TO" + "DO: later")


def test_nothing_that_is_made_is_tracked(tracked: list[Path]) -> None:
    if unwanted := _git("ls-files", "--cached", "--ignored", "--exclude-standard").split():
        pytest.fail(f"git rm --cached {' '.join(unwanted)}", pytrace=False)


def _entries(lock: Path) -> list[str]:
    text = lock.read_text().replace("\\\n", " ")
    return [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]


def test_there_are_two_locks() -> None:
    assert [lock.name for lock in LOCKS] == ["dev.txt", "runtime.txt"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_each_requirement_is_pinned_by_hash(lock: Path) -> None:
    entries = _entries(lock)
    assert entries
    pinned = re.compile(r"^[a-z0-9.-]+==\S+( ; [^#]+?)?( +--hash=sha256:[0-9a-f]{64})+ *$")
    assert [entry[:60] for entry in entries if not pinned.match(entry)] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_no_lock_says_where_packages_come_from(lock: Path) -> None:
    assert not re.search(
        r"://|--(extra-)?index-url|--find-links|--trusted-host|^-", lock.read_text()
    )


def _pins(lock: Path) -> dict[str, str]:
    requirements = [Requirement(entry.split("--hash")[0]) for entry in _entries(lock)]
    return {one.name: str(one.specifier).removeprefix("==") for one in requirements}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_the_lock_is_what_the_project_asks_for(lock: Path) -> None:
    asked = PROJECT["project"]["dependencies"]
    asked = asked + PROJECT["dependency-groups"]["dev"] if lock.stem == "dev" else asked
    pins = _pins(lock)
    for text in asked:
        requirement = Requirement(text)
        if requirement.marker and not requirement.marker.evaluate(default_environment()):
            continue
        pin = pins.get(requirement.name.lower())
        assert pin and requirement.specifier.contains(pin), f"{text}: run make lock"


def test_both_locks_agree() -> None:
    runtime, dev = (_pins(ROOT / "requirements" / name) for name in ("runtime.txt", "dev.txt"))
    assert {name: dev.get(name) for name in runtime} == runtime


def test_the_version_has_one_source() -> None:
    assert "version" not in PROJECT["project"]
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "hardpoint/__init__.py"
    assert re.fullmatch(r"\d+\.\d+\.\d+", hardpoint.__version__)


PAYLOAD = sorted((ROOT / "hardpoint/hostside/payload").rglob("*.py"))


@pytest.mark.parametrize("path", PAYLOAD, ids=lambda path: path.stem)
def test_what_runs_on_hosts_is_python_3_9(path: Path) -> None:
    ast.parse(path.read_text(), filename=str(path), feature_version=(3, 9))


def test_there_is_something_that_runs_on_hosts() -> None:
    assert len(PAYLOAD) > 10
