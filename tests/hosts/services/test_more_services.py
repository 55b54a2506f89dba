"""Services beyond the everyday ones, with their unsafe setting: each seen from outside, then closed.

Built on demand, so in a lane of its own: make test-services. docs/services-tried.md has the results.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.hosts.services.conftest import On
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host, Probe, services
from tests.lab.more_services import MORE_SERVICES
from tests.lab.plugin import Boot
from tests.lab.services import Service

# Ports that no setting moves: systemd cuts the unit off, where the policy says so.
CONFINED = {"ray"}
pytestmark = [pytest.mark.lab, pytest.mark.more_services]


@pytest.mark.parametrize("service", MORE_SERVICES.values(), ids=MORE_SERVICES)
def test_a_service_is_found_closed_proven_and_taken_back(
    boot: Boot, probe: Probe, on: On, tmp_path: Path, service: Service
) -> None:
    host = exposed(boot, probe, service)
    control = f"{service.name}-loopback"
    policy = tmp_path / "policy.yaml"
    confine = str(service.name in CONFINED).lower()
    policy.write_text(f"options: {{{control}: {{confine: {confine}}}}}\n")
    only = ("--policy", policy, "--control", control)
    pristine = host.snapshot()

    found = on(host, "check", *only, status=2)
    assert found.outcome(control)["status"] == "exposed"

    applied = on(host, "apply", *only, status=0)
    assert applied.outcome(control)["fate"] == "fixed"
    services.wait_until_it_answers(host, service)
    assert probe.connect(host.address, service.port) in ("reset", "timeout")
    proven = on(host, "prove", *only, status=0)
    assert proven.outcome(control)["proof"]["result"] == "passed"

    on(host, "rollback", *only, status=2)
    services.wait_until_it_answers(host, service)
    assert probe.connect(host.address, service.port) == "open"
    assert [path for path in touched(host, pristine, JOURNAL) if path.startswith("/etc/")] == []


def exposed(boot: Boot, probe: Probe, service: Service) -> Host:
    """A host on which the service answers everybody, and says what it is."""
    host = boot(service.distro, layers=(service.name,))
    services.start_system_unit(host, service)
    assert probe.connect(host.address, service.port) == "open"
    _, text = probe.http(f"http://{host.address}:{service.port}{service.identify}")
    assert re.search(service.answer, text), text
    return host
