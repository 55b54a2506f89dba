"""The wheel, as a person installs it: by pip, by uv and by pipx, far from the checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

import hardpoint

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
RENDER = """
from hardpoint import templates
assert "site-packages" in templates.__file__, templates.__file__
print(templates.render("services/drop-in.conf.j2", control="a-control", source="/etc/a.env"))
"""


def _shipped(folder: str, target: str) -> list[str]:
    """A folder's files as they are named in the wheel, less what caches have left there."""
    inside = [path.relative_to(ROOT / folder) for path in (ROOT / folder).rglob("*.*")]
    return [
        f"{target}/{path}"
        for path in sorted(inside)
        if (ROOT / folder / path).is_file()
        and not any(part.startswith((".", "__pycache__")) for part in path.parts)
    ]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built without a network: the backend is in the environment."""
    target = tmp_path_factory.mktemp("wheel")
    _run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", target, ROOT])
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def constraints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lock without hashes: with them pip would want one of the wheel itself."""
    lock = (ROOT / "requirements/runtime.txt").read_text()
    target = tmp_path_factory.mktemp("lock") / "constraints.txt"
    target.write_text(re.sub(r" \\\n +--hash=\S+", "", lock))
    return target


def _run(command: list, **options) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        **options,
    )
    if ran.returncode:
        pytest.fail(f"{command}: exit {ran.returncode}\n{ran.stdout}{ran.stderr}", pytrace=False)
    return ran


def test_the_wheel_holds_all_that_is_needed_at_run_time(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = [
        *_shipped("hardpoint", "hardpoint"),
        *_shipped("templates", "hardpoint/_templates"),
        *_shipped("deploys", "hardpoint/_deploys"),
    ]
    assert {
        "hardpoint/_templates/services/drop-in.conf.j2",
        "hardpoint/_deploys/baseline.py",
    } < held
    assert [name for name in wanted if name not in held] == []


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    version = hardpoint.__version__
    assert wheel.name == f"hardpoint-{version}-py3-none-any.whl"
    assert [
        name for name in names if not name.startswith(("hardpoint/", f"hardpoint-{version}."))
    ] == []
    assert [name for name in names if name.endswith(".pyc") or "/." in name] == []


def _clean(home: Path) -> dict[str, str]:
    """An environment of a person who has none of the checkout's."""
    home.mkdir()
    drop = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "COLUMNS")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in drop and not name.startswith(("XDG_", "UV_", "PIPX_", "PYTEST_"))
    }
    # Downloads are shared with the person who runs the tests: they are checked against the lock.
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return kept | {
        "HOME": str(home),
        "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(cache / "pip")),
        "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(cache / "uv")),
        "UV_PYTHON": sys.executable,
        "UV_TOOL_DIR": str(home / "tools"),
        "UV_TOOL_BIN_DIR": str(home / "bin"),
        "PIPX_HOME": str(home / "pipx"),
        "PIPX_BIN_DIR": str(home / "bin"),
        "PIPX_MAN_DIR": str(home / "man"),
        "PIPX_DEFAULT_PYTHON": sys.executable,
    }


def _by_pip(wheel: Path, constraints: Path, environment: dict[str, str]) -> tuple[Path, Path]:
    home = Path(environment["HOME"])
    _run([sys.executable, "-m", "venv", home / "venv"], env=environment, cwd=home)
    python = home / "venv/bin/python"
    command = [python, "-m", "pip", "install", "--quiet", "--constraint", constraints, wheel]
    _run(command, env=environment, cwd=home)
    return home / "venv/bin/hardpoint", python


def _by_uv(wheel: Path, constraints: Path, environment: dict[str, str]) -> tuple[Path, Path]:
    home = Path(environment["HOME"])
    command = [TOOLS / "uv", "tool", "install", "--constraints", constraints, wheel]
    _run(command, env=environment, cwd=home)
    return home / "bin/hardpoint", home / "tools/hardpoint/bin/python"


def _by_pipx(wheel: Path, constraints: Path, environment: dict[str, str]) -> tuple[Path, Path]:
    home = Path(environment["HOME"])
    arguments = f"--pip-args=--constraint={constraints}"
    command = [sys.executable, "-m", "pipx", "install", arguments, wheel]
    _run(command, env=environment, cwd=home)
    return home / "bin/hardpoint", home / "pipx/venvs/hardpoint/bin/python"


@pytest.mark.parametrize("install", [_by_pip, _by_uv, _by_pipx], ids=["pip", "uv", "pipx"])
def test_it_works_when_installed(
    install: Callable[[Path, Path, dict[str, str]], tuple[Path, Path]],
    wheel: Path,
    constraints: Path,
    tmp_path: Path,
) -> None:
    environment = _clean(tmp_path / "home")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command, python = install(wheel, constraints, environment)

    said = _run([command, "--version"], env=environment, cwd=elsewhere).stdout
    assert said == f"hardpoint, version {hardpoint.__version__}\n"

    listed = _run([command, "controls"], env=environment, cwd=elsewhere).stdout
    assert "ollama-loopback" in listed

    checked = subprocess.run(
        [str(command), "check", "--format", "json"],
        env=environment,
        cwd=elsewhere,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )
    assert checked.returncode in (0, 2, 3), checked.stderr
    assert json.loads(checked.stdout)["hosts"]

    rendered = _run([python, "-c", RENDER], env=environment, cwd=elsewhere).stdout
    assert "EnvironmentFile=/etc/a.env" in rendered
    assert sorted(elsewhere.iterdir()) == []
