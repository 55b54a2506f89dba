"""Plain pyinfra on this machine: only ever with --dry here."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.command import Command

JOURNAL = Path("/var/lib/hardpoint")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="root can be had without a question as root")


@as_root
@pytest.mark.parametrize(
    "deploy", ["deploys/baseline.py", "deploys/services.py", "deploys/containers.py"]
)
@pytest.mark.parametrize("inventory", ["@local", "inventories/local.py"])
def test_dry_run_on_this_machine(pyinfra: Command, inventory: str, deploy: str) -> None:
    before = JOURNAL.exists()
    ran = pyinfra("--json", inventory, deploy, "--dry", status=0)
    plan = json.loads(ran.out)
    assert plan["results"] is None
    assert plan["plan"][-1]["names"] == ["hardpoint verify"]
    assert JOURNAL.exists() == before
