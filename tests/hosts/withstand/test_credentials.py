"""A password in an address of a setting stays on its host."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import Command
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host, Lab

pytestmark = pytest.mark.lab

SECRET = "tulip-Rq7x"
VALUE = f"http://me:{SECRET}@0.0.0.0:11434"


@pytest.fixture
def host(boot) -> Host:
    host = boot("debian12", layers=("ollama",))
    folder = "/etc/systemd/system/ollama.service.d"
    host.write(f"{folder}/override.conf", f"[Service]\nEnvironment=OLLAMA_HOST={VALUE}\n")
    host.write(f"{folder}/origins.conf", f"[Service]\nEnvironment=OLLAMA_ORIGINS=*,{VALUE}\n")
    host.write("/etc/environment", f"OLLAMA_HOST={VALUE}\n")
    host.write("/home/alice/.profile", f"export OLLAMA_HOST='{VALUE}'\n", "alice:alice")
    host.run("systemctl daemon-reload; systemctl restart ollama", check=False)
    return host


def test_no_output_has_it(host: Host, lab: Lab, hardpoint: Command, tmp_path: Path) -> None:
    pristine = host.snapshot()
    only = [lab.inventory(), "--limit", host.name]
    checked = hardpoint("check", *only, "-v", status=2)
    assert "redacted@0.0.0.0:11434" in checked.out
    plan = tmp_path / "plan.json"
    said = [
        checked,
        hardpoint("check", *only, "--format", "json", status=2),
        hardpoint("apply", *only, "--plan-out", plan, status=2),
        hardpoint("apply", *only, "--yes", "-v"),
        hardpoint("rollback", *only, "--to", "origin", "--yes", "-v", status=2),
    ]
    for ran in said:
        assert SECRET not in ran.out + ran.err
    assert SECRET not in plan.read_text()
    assert touched(host, pristine, JOURNAL) == []
