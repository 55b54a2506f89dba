"""What the controls of a catalogue ask of a host, put together: equal questions are sent once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hardpoint.controls.services.service import Knobs, Service, Variable


@dataclass(frozen=True)
class Asked:
    """All services with their settings, as questions.

    `protected`: paths that a service should refuse without credentials, by its id; `remedies`: how
    its owner makes it ask for one.
    """

    services: tuple[Service, ...]
    default_units: tuple[str, ...]
    knobs: tuple[tuple[Service, Knobs], ...]
    protected: dict[str, str]
    remedies: dict[str, str]

    def units(self, more: Iterable[str] = ()) -> dict[str, Any]:
        """Units of these names, and those that run one of the programs, whatever their names."""
        flags = {name for _, knobs in self.knobs if knobs.flag for name in knobs.flag.names}
        return {
            "units": sorted({*self.default_units, *more}),
            "programs": self.programs,
            "flags": sorted(flags),
            "variables": sorted({one.name for one in self._variables}),
            "masked": self.secrets,
        }

    @property
    def _variables(self) -> list[Variable]:
        return [knobs.variable for _, knobs in self.knobs if knobs.variable]

    @property
    def secrets(self) -> list[str]:
        """Variables and arguments whose values never leave a host."""
        flags = [knobs.flag for _, knobs in self.knobs if knobs.flag and knobs.flag.secret]
        variables = [one.name for one in self._variables if one.secret]
        return sorted({*variables, *(name for flag in flags for name in flag.names)})

    @property
    def programs(self) -> list[str]:
        return sorted({program for service in self.services for program in service.programs})

    def assignments(self) -> dict[str, Any]:
        """Variables in login environments; and command lines of desktop entries and crontabs."""
        return {
            "variables": sorted({one.name for one in self._variables if not one.generic}),
            "masked": self.secrets,
            "commands": [
                {"programs": list(service.programs), "flags": list(knobs.flag.names)}
                for service, knobs in self.knobs
                if knobs.flag
            ],
        }

    def documents(self) -> list[dict[str, Any]]:
        """Settings files with the keys that are looked at."""
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for service, knobs in self.knobs:
            for key in knobs.keys:
                row = found.setdefault(
                    (key.path, service.id),
                    {"path": key.path, "format": key.format, "keys": [], "masked": []},
                )
                _add(row["masked" if key.secret else "keys"], list(key.key))
                if key.pinned:
                    row["or_folder"] = True
                if key.path.startswith("{prefix}"):
                    row["programs"] = list(service.programs)
        return list(found.values())

    def listeners(self, service: Service | None = None, port: int = 0) -> dict[str, Any]:
        """All services; `port` instead of the default for one of them."""
        rows = [
            {
                "id": one.id,
                "programs": list(one.programs),
                "port": port if service == one else one.port,
                "ports": list(one.ports),
                "path": one.identify,
                "contains": one.contains,
                "version": one.version_key,
                "protected": self.protected.get(one.id, ""),
            }
            for one in self.services
        ]
        return {"services": rows}


def _add(keys: list[list[str]], key: list[str]) -> None:
    if key not in keys:
        keys.append(key)
