"""What the layers bring: real programs that listen where they are told, seen from outside."""

from __future__ import annotations

import re

import pytest

from . import services
from .host import Host
from .lab import Lab
from .plugin import Boot
from .probe import Probe
from .services import SERVICES, Service

pytestmark = pytest.mark.lab
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "lab", "version": "1"},
    },
}
CONTAINER = """[Container]
Image=docker.io/ollama/ollama:latest
PublishPort=11434:11434

[Install]
WantedBy=multi-user.target default.target
"""


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
def test_a_service_is_reached_from_outside(boot: Boot, probe: Probe, service: Service) -> None:
    host = boot(service.distro, layers=(service.name,))
    services.start_system_unit(host, service)
    assert probe.connect(host.address, service.port) == "open"
    _, text = probe.http(f"http://{host.address}:{service.port}{service.identify}")
    assert re.search(service.answer, text)


@pytest.mark.parametrize("name", ["jupyter", "chroma", "streamlit"])
def test_a_service_that_is_told_so_listens_on_loopback_only(
    boot: Boot, probe: Probe, name: str
) -> None:
    host = boot(layers=(name,))
    services.start_system_unit(host, SERVICES[name], address="127.0.0.1")
    assert probe.connect(host.address, SERVICES[name].port) == "reset"


def test_a_person_s_own_unit_and_a_start_by_hand(boot: Boot, probe: Probe) -> None:
    service = SERVICES["chroma"]
    host = boot(service.distro, layers=(service.name,))
    unit = services.start_user_unit(host, service)
    assert probe.connect(host.address, service.port) == "open"
    host.run(f"systemctl --user stop {unit}", "alice", session=True)
    assert probe.connect(host.address, service.port) == "reset"
    services.start_by_hand(host, service, user="bob")
    assert probe.connect(host.address, service.port) == "open"
    assert host.run(["pgrep", "-u", "bob", "chroma"]).stdout


def test_an_mcp_server_tells_anybody_who_it_is(boot: Boot, probe: Probe) -> None:
    service = SERVICES["mcp-everything"]
    host = boot(service.distro, layers=(service.name,))
    services.start_by_hand(host, service)
    status, text = probe.http(f"http://{host.address}:{service.port}/mcp", INITIALIZE)
    assert status == 200, text
    assert re.search(r'"serverInfo":{"name":"[^"]*everything', text)


PUBLISHED = "--publish 11434:11434"


@pytest.fixture
def engines(lab: Lab) -> None:
    """Containers run inside the hosts of one back end only."""
    if lab.backend != "nspawn":
        pytest.skip("container engines run inside nspawn hosts only")


@pytest.mark.usefixtures("engines")
@pytest.mark.parametrize(
    ("distro", "engine", "user", "arguments"),
    [
        ("debian12", "podman", "root", PUBLISHED),
        ("debian12", "podman", "alice", PUBLISHED),
        ("debian12", "podman", "root", "--network host"),
        ("debian12", "podman", "alice", "--network host"),
        ("debian13", "podman", "root", PUBLISHED),
        ("debian13", "podman", "alice", PUBLISHED),
        ("debian12", "docker", "root", PUBLISHED),
        ("debian12", "docker", "root", "--network host"),
    ],
)
def test_a_container_answers_through_its_port(
    boot: Boot, probe: Probe, distro: str, engine: str, user: str, arguments: str
) -> None:
    host = boot(distro, layers=(engine,))
    services.run_container(host, arguments, engine, user)
    assert version_seen(host, probe)


@pytest.mark.usefixtures("engines")
def test_docker_without_its_proxy_publishes_by_a_rule(boot: Boot, probe: Probe) -> None:
    host = boot(layers=("docker",))
    host.write("/etc/docker/daemon.json", '{"userland-proxy": false}\n')
    host.run("systemctl restart docker")
    services.run_container(host, PUBLISHED, "docker")
    assert version_seen(host, probe)
    holders = host.run("ss -Hltnp sport = 11434").stdout
    assert "dockerd" in holders and "docker-proxy" not in holders


@pytest.mark.usefixtures("engines")
@pytest.mark.parametrize("user", ["root", "alice"])
def test_quadlet_makes_a_unit_of_a_container(boot: Boot, probe: Probe, user: str) -> None:
    host = boot("debian13", layers=("podman",))
    home = "/etc" if user == "root" else f"/home/{user}/.config"
    host.write(f"{home}/containers/systemd/box.container", CONTAINER, owner=f"{user}:{user}")
    services.keep_manager(host, user)
    services.load_image(host, user=user)
    manager = "systemctl" if user == "root" else "systemctl --user"
    host.run(f"{manager} daemon-reload && {manager} start box", user, session=user != "root")
    assert version_seen(host, probe)


@pytest.mark.usefixtures("engines")
def test_a_transient_unit_runs_a_container(boot: Boot, probe: Probe) -> None:
    host = boot(layers=("podman",))
    services.load_image(host)
    host.run(f"systemd-run --unit box podman run --rm {PUBLISHED} ollama/ollama")
    assert version_seen(host, probe)


def version_seen(host: Host, probe: Probe) -> bool:
    """Whether Ollama tells its version to another laptop."""
    host.run("until curl -sf http://127.0.0.1:11434/api/version; do sleep 0.1; done", timeout=20)
    return '"version"' in probe.http(f"http://{host.address}:11434/api/version")[1]


# As each prints it, for `--version`.
AGENTS = {
    "claude": "2.1.329 (Claude Code)",
    "codex": "codex-cli 0.169.0",
    "copilot": "GitHub Copilot CLI 1.0.102.",
    "gemini": "0.61.0",
    "opencode": "1.18.33",
    "qwen": "0.24.4",
}


@pytest.mark.parametrize(
    "distro", ["debian13", pytest.param("debian12", marks=pytest.mark.everything)]
)
def test_the_coding_agents_start_for_an_ordinary_user(boot: Boot, distro: str) -> None:
    host = boot(distro, layers=("agents", "sandbox-tools"))
    said = {
        command: host.run([command, "--version"], "alice").stdout.splitlines()[0]
        for command in AGENTS
    }
    assert said == AGENTS


def test_bubblewrap_works_for_an_ordinary_user(boot: Boot) -> None:
    host = boot("debian13", layers=("sandbox-tools",))
    host.run("bwrap --unshare-all --ro-bind / / --proc /proc --dev /dev true", "alice")
