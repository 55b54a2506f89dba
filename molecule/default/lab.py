"""The hosts of this scenario: `lab.py up` boots them, `lab.py show` says where they are, as JSON.

They stay up until `python -m tests.lab down molecule`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.lab import Lab, housekeeping
from tests.lab.workstations import expose_by_drop_in

NAME = "molecule"
DISTROS = ("debian12", "debian13")
KNOWN = housekeeping.folder(NAME) / "molecule.json"


def up() -> None:
    """One workstation a distribution, Ollama open to everybody on each."""
    with Lab(name=NAME) as lab:
        for distro in DISTROS:
            expose_by_drop_in(lab.boot(distro, distro, ("ollama",)))
        known = {
            "hosts": [{"name": host.name, "address": host.address} for host in lab.hosts.values()],
            "inventory": str(lab.inventory()),
            "ssh_config": str(lab.ssh_config),
        }
        KNOWN.write_text(json.dumps(known))
        lab.detach()


if __name__ == "__main__":
    if sys.argv[1] == "up":
        up()
    print(KNOWN.read_text())
