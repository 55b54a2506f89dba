"""From files to a policy: profile, extended files, the file itself; all problems at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from hardpoint.control import Registry
from hardpoint.policy.check import check, named_controls
from hardpoint.policy.model import Layer, Policy, Setting, Target, Waiver
from hardpoint.policy.problems import PolicyError, did_you_mean
from hardpoint.policy.schema import Options, OverrideShape, PolicyShape, validate
from hardpoint.policy.source import Loc, Source, read_source

DEFAULT_PROFILE = "recommended"
PROFILES = Path(str(resources.files("hardpoint").joinpath("profiles")))


@dataclass(frozen=True)
class _File:
    """A file that takes part; without a shape it has problems."""

    source: Source
    shape: PolicyShape | None

    def get(self, key: str) -> str:
        """The text of a key, whatever else is wrong in the file."""
        value = self.source.data.get(key) if isinstance(self.source.data, dict) else None
        return value.strip() if isinstance(value, str) else ""


def load_policy(path: str | Path | None, registry: Registry, profiles: Path = PROFILES) -> Policy:
    """The policy of a file; without one, the profile `recommended` as it is shipped.

    Raises PolicyError with every problem of all files that take part.
    """
    own = _chain(Path(path), str(path), registry) if path is not None else []
    profile = _profile(own, profiles)
    shipped = _chain(profiles / f"{profile}.yaml", f"{profile}.yaml", registry)
    files = [*reversed(shipped), *reversed(own)]
    problems = [problem for file in files for problem in sorted(file.source.problems)]
    if problems:
        raise PolicyError(str(problem) for problem in problems)
    return Policy(
        name=profile if path is None else str(path),
        profile=profile,
        registry=registry,
        layers=tuple(layer for file in files for layer in _layers(file, registry)),
        waivers=tuple(waiver for file in files for waiver in _waivers(file, registry)),
        notices=tuple(notice for file in files for notice in _notices(file, registry)),
    )


def _chain(path: Path, name: str, registry: Registry) -> list[_File]:
    """The file, called `name` in messages, and what it extends, nearest first."""
    files: list[_File] = []
    seen: list[str] = []
    while True:
        source = read_source(path, name)
        file = _File(source, check(source, registry))
        files.append(file)
        seen.append(os.path.realpath(path))
        extended = file.get("extends")
        if not extended:
            return files
        path, name = path.parent / extended, os.path.join(os.path.dirname(name), extended)
        obstacle = _obstacle(path, extended, seen)
        if obstacle:
            source.blame(("extends",), obstacle)
            return files


def _obstacle(path: Path, extended: str, seen: list[str]) -> str:
    """Why a file can't be extended; empty where it can."""
    try:
        path.stat()
    except (FileNotFoundError, ValueError):
        if (PROFILES / f"{extended}.yaml").exists():
            return f"no such file: {path}; to ask for that profile write `profile: {extended}`"
        return f"no such file: {path}; a relative path begins at the folder of this file"
    except OSError:
        return ""  # reading it will say what is wrong
    real = os.path.realpath(path)
    if real not in seen:
        return ""
    circle = [*seen[seen.index(real) :], real]
    names = " -> ".join(os.path.basename(step) for step in circle)
    return f"files that extend each other: {names}"


def _profile(own: list[_File], profiles: Path) -> str:
    """The profile that the nearest file asks for."""
    names = [path.stem for path in sorted(profiles.glob("*.yaml"))]
    chosen = DEFAULT_PROFILE
    for file in reversed(own):
        name = file.get("profile")
        if name in names:
            chosen = name
        elif name:
            hint = did_you_mean(name, names, otherwise=f"there are {', '.join(names)}")
            file.source.blame(("profile",), f'no profile is called "{name}"{hint}')
    return chosen


def _layers(file: _File, registry: Registry) -> Iterator[Layer]:
    """A file's own options and skips, then those of its overrides in their order."""
    if file.shape is None:
        return
    yield _layer(file.shape, (), None, file.source, registry)
    for index, override in enumerate(file.shape.overrides):
        target = Target(tuple(override.hosts), tuple(override.groups))
        yield _layer(override, ("overrides", index), target, file.source, registry)


def _layer(
    shape: PolicyShape | OverrideShape,
    loc: Loc,
    target: Target | None,
    source: Source,
    registry: Registry,
) -> Layer:
    skip = {
        registry.resolve(name): source.place((*loc, "skip", index))
        for index, name in enumerate(shape.skip)
    }
    settings = _settings(shape.options, (*loc, "options"), source, registry)
    return Layer(settings, skip, target, str(source.place(loc)))


def _settings(
    options: Options, loc: Loc, source: Source, registry: Registry
) -> dict[str, dict[str, Setting]]:
    settings: dict[str, dict[str, Setting]] = {}
    for name, values in options.items():
        control = registry[name].metadata
        settings[control.id] = {}
        for option, value in (values or {}).items():
            where = (*loc, name, option)
            typed: Any = validate(control.options[option].type, value, source, where)
            settings[control.id][option] = Setting(typed, source.place(where))
    return settings


def _waivers(file: _File, registry: Registry) -> Iterator[Waiver]:
    for index, shape in enumerate(file.shape.waivers if file.shape else ()):
        yield Waiver(
            control=registry.resolve(shape.control),
            owner=shape.owner,
            reason=shape.reason,
            expires=shape.expires,
            hosts=tuple(shape.hosts),
            groups=tuple(shape.groups),
            place=file.source.place(("waivers", index)),
        )


def _notices(file: _File, registry: Registry) -> Iterator[str]:
    for loc, name in named_controls(file.source.data):
        present = registry.resolve(name)
        if present != name:
            yield f"{file.source.place((*loc, name))}: {name} is now called {present}"
