"""A package of the distribution; a rollback removes only what we installed and nothing needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyinfra import host
from pyinfra.api import StringCommand, operation

from hardpoint import hostside, journal
from hardpoint.facts import Read
from hardpoint.facts.packages import Packages
from hardpoint.journal import Claim
from hardpoint.operations import Desired
from hardpoint.outcome import Change
from hardpoint.reading import reader_of


@operation()
def package(package: str, claim: Claim) -> Iterator[StringCommand]:
    """Installs a package where it is missing.

    + package: as the distribution calls it
    """
    reader = reader_of(host)
    version = reader.read(Packages, names=[package])["packages"].get(package)
    if version:
        host.noop(f"{package} {version} is installed")
        return
    reader.announce(Change(f"install {package}", package, "not installed", "installed"))
    resource = {"type": "package", "name": package}
    yield journal.record(claim, resource, {"installed": True})
    yield hostside.command(claim.request("package", resource, action="install", name=package))


@dataclass(frozen=True)
class Package(Desired):
    """An installed package, in whatever version the distribution has."""

    operation = package

    package: str

    def reads(self) -> list[tuple[type[Read], dict[str, Any]]]:
        return [(Packages, {"names": [self.package]})]
