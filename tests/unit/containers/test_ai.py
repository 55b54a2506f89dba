"""Which containers are AI."""

from __future__ import annotations

import pytest

from hardpoint.controls.containers import ai
from hardpoint.controls.services.service import Service

OLLAMA = Service(
    *("ollama", "Ollama", ("ollama",), 11434),
    identify="/api/version",
    images=("ollama/ollama",),
)
WEBUI = Service(
    *("open-webui", "Open WebUI", (), 8080), dedicated=False, images=("open-webui/open-webui",)
)
VLLM = Service(*("vllm", "vLLM", (), 8000), dedicated=False, images=("vllm/vllm-*", "vllm-openai"))
SERVICES = (OLLAMA, WEBUI, VLLM)


def port(inside: int, address: str = "0.0.0.0", outside: int = 0) -> ai.Port:
    return {
        "host_ip": address,
        "host_port": outside or inside,
        "container_port": inside,
        "protocol": "tcp",
    }


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("ollama/ollama", "ollama/ollama"),
        ("docker.io/ollama/ollama:0.30", "ollama/ollama"),
        ("registry.corp:5000/ai/ollama/ollama@sha256:ab", "ai/ollama/ollama"),
        ("localhost/ollama:x", "ollama"),
        ("docker.io/library/redis", "redis"),
        ("redis", "redis"),
        ("", ""),
    ],
)
def test_image_names(image: str, name: str) -> None:
    assert ai.image_name(image) == name


@pytest.mark.parametrize(
    ("image", "inside", "service"),
    [
        ("ghcr.io/open-webui/open-webui:main", [8080], WEBUI),
        ("registry.corp/mirror/ollama/ollama", [9], OLLAMA),
        ("vllm/vllm-openai:v0.9", [8000], VLLM),
        ("corp/vllm-openai", [], VLLM),
        ("corp/own-build", [11434], OLLAMA),
        ("corp/own-build", [8080, 8000], None),
        ("evil/not-ollama-ollama", [1], None),
        ("", [], None),
    ],
)
def test_what_runs_in_a_container(image: str, inside: list[int], service: Service | None) -> None:
    assert ai.recognised(image, [port(one) for one in inside], SERVICES)[0] is service


def test_a_port_is_evidence_for_itself_alone() -> None:
    ports = [port(11434), port(5432)]
    assert ai.recognised("corp/pod", ports, SERVICES) == (OLLAMA, ports[:1])
    assert ai.recognised("ollama/ollama", ports, SERVICES) == (OLLAMA, ports)


def test_only_loopback_is_kept_in() -> None:
    ports = [port(1, address) for address in ("127.0.0.1", "127.0.0.53", "::1", "localhost")]
    assert ai.beyond_loopback(ports) == []
    for address in ("0.0.0.0", "::", "10.0.0.1", "fe80::1%eth0", "%i", "any"):
        assert ai.beyond_loopback([port(1, address)])


def test_places_are_said_as_others_type_them() -> None:
    ports = [port(1), port(1, "::"), port(2, "10.0.0.9"), port(0)]
    addresses = ["192.168.1.5", "fd00::5"]
    assert ai.places(ports, addresses) == [
        "192.168.1.5:1",
        "[fd00::5]:1",
        "10.0.0.9:2",
        "192.168.1.5:a port that is free",
    ]
    assert ai.places([port(1, "::")], ["192.168.1.5"]) == ["192.168.1.5:1"]
    assert ai.places([port(1)], []) == ["0.0.0.0:1"]
