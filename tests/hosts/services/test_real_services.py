"""Real programs, each as its own documentation starts it: found, closed, proven, taken back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.hosts.services.conftest import On
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host, Probe, services
from tests.lab.services import SERVICES, Service

pytestmark = pytest.mark.lab

CLOSED = {
    "jupyter": "jupyter-loopback",
    "chroma": "chroma-loopback",
    "streamlit": "streamlit-loopback",
}
NAMES = {"jupyter": "Jupyter", "chroma": "Chroma", "streamlit": "Streamlit"}


def of_the_system(paths: list[str]) -> list[str]:
    """What we would touch; these programs keep notes of their own in the home, at every start."""
    return [path for path in paths if not path.startswith("/home/")]


def listening(host: Host, service: Service) -> None:
    services.wait_until_it_answers(host, service)


@pytest.mark.parametrize("name", CLOSED)
def test_the_story_of_a_unit_with_an_argument(boot, probe: Probe, on: On, name: str) -> None:
    service, control = SERVICES[name], CLOSED[name]
    host = boot(service.distro, layers=(name,))
    unit = services.start_system_unit(host, service)
    assert probe.connect(host.address, service.port) == "open"
    pristine = host.snapshot()
    only = ["--control", control]

    found = on(host, "check", *only, status=2).outcome(control)
    assert of_the_system(touched(host, pristine)) == []
    assert found["status"] == "exposed"
    assert found["findings"][0]["seen"].startswith(NAMES[name])
    assert found["findings"][0]["seen"].endswith(f" answers on {host.address}:{service.port}")
    assert found["findings"][0]["why"].startswith(f"/etc/systemd/system/{unit}:")

    applied = on(host, "apply", *only, status=0).outcome(control)
    assert applied["fate"] == "fixed"
    listening(host, service)
    assert probe.connect(host.address, service.port) == "reset"
    assert on(host, "check", *only, status=0).outcome(control)["status"] == "compliant"
    assert on(host, "apply", *only, status=0).outcome(control)["fate"] == "already right"
    assert on(host, "prove", *only, status=0).outcome(control)["proof"]["result"] == "passed"

    on(host, "rollback", *only)
    listening(host, service)
    assert probe.connect(host.address, service.port) == "open"
    assert of_the_system(touched(host, pristine, JOURNAL)) == []


def test_what_has_no_setting_is_closed_by_systemd_where_the_policy_says_so(
    boot, probe: Probe, on: On, tmp_path: Path
) -> None:
    """server-everything knows no address."""
    service, control = SERVICES["mcp-everything"], "mcp-server-loopback"
    host = boot(service.distro, layers=(service.name,))
    services.start_system_unit(host, service)
    pristine = host.snapshot()
    (finding,) = on(host, "check", "--control", control, status=2).outcome(control)["findings"]
    assert finding["seen"] == f"An MCP server answers on {host.address}:3001"
    assert f"options: {{{control}: {{confine: true}}}}" in finding["fix"]
    assert (
        on(host, "apply", "--control", control, status=2).outcome(control)["fate"] == "still wrong"
    )

    policy = tmp_path / "policy.yaml"
    policy.write_text(f"options: {{{control}: {{confine: true}}}}")
    mine = ["--policy", policy, "--control", control]
    on(host, "apply", *mine, status=0)
    services.wait_until_it_answers(host, service)
    assert probe.connect(host.address, 3001) == "timeout"
    assert on(host, "prove", *mine, status=0).outcome(control)["proof"]["result"] == "passed"
    on(host, "rollback", "--control", control, status=2)
    services.wait_until_it_answers(host, service)
    assert probe.connect(host.address, 3001) == "open"
    assert of_the_system(touched(host, pristine, JOURNAL)) == []


def test_who_uses_what_is_unsafe_by_default_gets_the_setting(boot, probe: Probe, on: On) -> None:
    """Streamlit listens everywhere without a setting: it is set in the home of whoever uses it."""
    service, control = SERVICES["streamlit"], "streamlit-loopback"
    host = boot(service.distro, layers=("streamlit",))
    host.write("/home/alice/.streamlit/credentials.toml", '[general]\nemail = ""\n', "alice:alice")
    config, pristine = "/home/alice/.streamlit/config.toml", host.snapshot()
    only = ["--control", control]
    assert on(host, "check", *only, status=2).outcome(control, "alice")["status"] == "drift"
    on(host, "apply", *only, status=0)
    assert host.read(config) == b'[server]\naddress = "127.0.0.1"\n'
    told = replace(service, command="streamlit hello --server.headless true")
    services.start_by_hand(host, told)
    assert probe.connect(host.address, service.port) == "reset"
    on(host, "rollback", *only)
    assert config not in host.diff(pristine)["added"]


def test_what_starts_by_a_crontab_or_a_desktop_entry(boot, on: On) -> None:
    host, control = boot("debian12"), "vllm-loopback"
    crontab = "/var/spool/cron/crontabs/bob"
    entry = "/home/alice/.config/autostart/vllm.desktop"
    line, command = "@reboot vllm serve m --host {} --api-key k\n", "vllm serve m --host={}"
    host.write(crontab, "# mine\n" + line.format("0.0.0.0"), "bob:root", mode="0600")
    text = "[Desktop Entry]\nType=Application\nName=vLLM\nExec={}\n"
    host.write(entry, text.format(command.format("::")), "alice:alice")
    pristine, only = host.snapshot(), ["--control", control]
    found = on(host, "check", *only, status=2)
    (bobs,) = found.outcome(control, "bob")["findings"]
    assert bobs["why"] == f"{crontab}:2 gives --host 0.0.0.0"
    assert found.outcome(control, "alice")["findings"][0]["why"] == f"{entry}:4 gives --host ::"
    on(host, "apply", *only, status=0)
    assert host.read(crontab).decode() == "# mine\n" + line.format("127.0.0.1")
    assert host.read(entry).decode() == text.format(command.format("127.0.0.1"))
    on(host, "rollback", *only, status=2)
    assert touched(host, pristine, JOURNAL) == []
