"""A policy that was loaded: pure data, and the questions that are put to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hardpoint.control import Registry
from hardpoint.policy.problems import Place

DEFAULT = "default"


@dataclass(frozen=True)
class Setting:
    """The value of an option, and where it is written."""

    value: Any
    place: Place


@dataclass(frozen=True)
class Target:
    """The hosts that something is for: those that are named, and those of the groups."""

    hosts: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def includes(self, host: str, groups: Iterable[str]) -> bool:
        return host in self.hosts or not set(self.groups).isdisjoint(groups)


@dataclass(frozen=True)
class Layer:
    """Options and skips of one place in a file. No target: of every host."""

    options: Mapping[str, Mapping[str, Setting]]
    skip: Mapping[str, Place]
    target: Target | None = None
    place: str = ""


@dataclass(frozen=True)
class Waiver:
    """Somebody answers for a control on some hosts, until and including the day `expires`."""

    control: str
    owner: str
    reason: str
    expires: date
    hosts: tuple[str, ...]
    groups: tuple[str, ...]
    place: Place

    def expired(self, today: date) -> bool:
        return today > self.expires

    def includes(self, host: str, groups: Iterable[str]) -> bool:
        return Target(self.hosts, self.groups).includes(host, groups)


@dataclass(frozen=True)
class Policy:
    """What was asked for, of all hosts. Layers are in order: a later one wins.

    `name` is the file as the user named it, or the profile where there is none; `notices` are
    lines about renamed controls.
    """

    name: str
    profile: str
    registry: Registry
    layers: tuple[Layer, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    notices: tuple[str, ...] = ()

    def strangers(self, hosts: Collection[str], groups: Collection[str]) -> list[str]:
        """Lines about waivers and overrides of hosts or groups that nobody knows: mistyped?"""
        targets = [(str(w.place), Target(w.hosts, w.groups)) for w in self.waivers]
        targets += [(layer.place, layer.target) for layer in self.layers if layer.target]
        return [
            f"{place}: no {kind} is called {name}"
            for place, target in targets
            for kind, names, known in (
                ("host", target.hosts, hosts),
                ("group", target.groups, groups),
            )
            for name in names
            if name not in known
        ]

    def for_host(self, host: str, groups: Iterable[str] = ()) -> HostPolicy:
        """What is asked of one host."""
        groups = tuple(groups)
        here = HostPolicy(self, host, groups)
        for layer in self.layers:
            if layer.target is None or layer.target.includes(host, groups):
                here.add(layer)
        return here


@dataclass
class HostPolicy:
    """What a policy asks of one host. Controls are named by id or alias; KeyError for others."""

    policy: Policy
    host: str
    groups: tuple[str, ...]
    _settings: dict[str, dict[str, Setting]] = field(default_factory=dict)
    _skips: dict[str, Place] = field(default_factory=dict)

    def add(self, layer: Layer) -> None:
        """Lay options and skips over what there is."""
        for control, settings in layer.options.items():
            self._settings.setdefault(control, {}).update(settings)
        self._skips.update(layer.skip)

    def in_profile(self, control_id: str) -> bool:
        return self.policy.profile in self.policy.registry[control_id].metadata.profiles

    def asks(self, control_id: str) -> bool:
        """Whether the control is in the profile and not skipped."""
        return self.in_profile(control_id) and not self.skipped(control_id)

    def skipped(self, control_id: str) -> bool:
        return self.policy.registry.resolve(control_id) in self._skips

    def skip_origin(self, control_id: str) -> str:
        """Where the control is skipped, such as `policy.yaml:7`."""
        return str(self._skips[self.policy.registry.resolve(control_id)])

    def options(self, control_id: str) -> dict[str, Any]:
        """All options of the control with their values here: the caller's own copy."""
        control = self.policy.registry[control_id]
        settings = self._settings.get(control.id, {})
        return {
            name: deepcopy(settings[name].value if name in settings else option.default)
            for name, option in control.metadata.options.items()
        }

    def origin(self, control_id: str, option: str) -> str:
        """Where the option's value is from: `default`, or a place such as `policy.yaml:4`."""
        control = self.policy.registry.resolve(control_id)
        setting = self._settings.get(control, {}).get(option)
        return str(setting.place) if setting else DEFAULT

    def waiver(self, control_id: str) -> Waiver | None:
        """The waiver that holds here, be it expired; the one that ends last, of several."""
        control = self.policy.registry.resolve(control_id)
        here = [
            waiver
            for waiver in self.policy.waivers
            if waiver.control == control and waiver.includes(self.host, self.groups)
        ]
        return max(here, key=lambda waiver: waiver.expires, default=None)
