"""Compose and Quadlet files, read by their lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hardpoint.hostside.payload import compose, quadlet, read_container_files, userio

COMPOSE = """\
# my stack
x-common: &common
  restart: unless-stopped
  environment:
    TOKEN: hunter2-in-an-environment
  ports: &shared
    - "9000:9000"

services:
  # the models
  ollama:
    <<: *common
    image: ollama/ollama:${TAG:-latest}   # pinned in .env
    profiles: ["ai", gpu]
    ports:
      - "11434:11434"   # everyone!
      - '127.0.0.1:11435:11434'
      - 3000
      - target: 11434
        published: "11438"
      - {target: 11434, published: 11439, host_ip: 127.0.0.1}
      - &named 11440:11434
  other:
    image: nginx
    ports: *shared
  merged:
    <<: [*common]
    image: redis
    ports: [*named]
  hostly:
    image: open-webui/open-webui
    network_mode: ${MODE}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that root may read though others may write above it."""
    monkeypatch.setattr(userio, "_strict", lambda: False)
    return tmp_path


def project(folder: Path, **files: str) -> tuple[dict[str, dict], list[str], list[str]]:
    """The services by name, notes and limits of files given as compose=text, override=text."""
    paths = []
    for name, text in files.items():
        paths.append(folder / f"{name}.yaml")
        paths[-1].write_text(text)
    row, limits = compose.project([str(path) for path in paths], str(folder))
    return {one["name"]: one for one in row["services"]}, row["notes"], limits


def brief(service: dict[str, Any]) -> list[tuple]:
    return [
        (port["line"], port["own"], port["said"], p["host_ip"], p["host_port"], p["container_port"])
        for port in service["ports"]
        for p in port["ports"]
    ]


def test_a_file_with_anchors_merges_and_profiles(folder: Path) -> None:
    (folder / ".env").write_text("MODE=host\nTAG='0.30'\n")
    services, notes, limits = project(folder, compose=COMPOSE)
    assert (notes, limits) == ([], [])
    ollama = services["ollama"]
    assert (ollama["image"], ollama["profiles"]) == ("ollama/ollama:0.30", ["ai", "gpu"])
    assert brief(ollama) == [
        (16, True, "11434:11434", "0.0.0.0", 11434, 11434),
        (17, True, "127.0.0.1:11435:11434", "127.0.0.1", 11435, 11434),
        (18, True, "3000", "0.0.0.0", 0, 3000),
        (19, True, None, "0.0.0.0", 11438, 11434),
        (21, True, None, "127.0.0.1", 11439, 11434),
        (22, False, "11440:11434", "0.0.0.0", 11440, 11434),
    ]
    assert [port["key"][3:] for port in ollama["ports"]] == [
        ["0"], ["1"], ["2"], ["3", "host_ip"], ["4", "host_ip"], ["5"],
    ]  # fmt: skip
    assert brief(services["other"]) == [(7, False, "9000:9000", "0.0.0.0", 9000, 9000)]
    assert brief(services["merged"]) == [(29, False, "11440:11434", "0.0.0.0", 11440, 11434)]
    hostly = services["hostly"]
    assert (hostly["network_mode"], hostly["file"], hostly["line"]) == (
        "host",
        str(folder / "compose.yaml"),
        32,
    )
    assert "hunter2" not in json.dumps(services)


def test_a_list_that_others_share_is_not_its_services_own(folder: Path) -> None:
    text = "services:\n  a:\n    ports: &p\n      - '1:1'\n  b: {ports: *p}\n  c: {ports: &q ['2:2']}\n"
    services, _, _ = project(folder, compose=text)
    assert [port["own"] for row in services.values() for port in row["ports"]] == [False] * 3


def test_an_override_adds_its_ports_or_takes_their_place(folder: Path) -> None:
    base = "services: {a: {image: x, ports: ['1:1']}, b: {image: y, ports: ['2:2']}, c: {image: z}}"
    override = "services:\n  a:\n    ports: ['3:1']\n  b:\n    ports: !override ['4:2']\n"
    services, _, _ = project(folder, compose=base, override=override)
    assert [row[4] for row in brief(services["a"])] == [1, 3]
    assert [(row[1], row[4]) for row in brief(services["b"])] == [(False, 4)]
    gone = "services:\n  b:\n    ports: !reset []\n"
    services, _, _ = project(folder, compose=base, override=gone)
    assert services["b"]["ports"] == [] and services["b"]["image"] == "y"


def test_what_is_not_followed_is_noted(folder: Path) -> None:
    text = "include: [other.yaml]\nservices:\n  a:\n    extends: {service: b}\n    image: x\n"
    _, notes, _ = project(folder, compose=text)
    path = folder / "compose.yaml"
    assert notes == [
        f"{path} includes other files, which are not followed",
        f"{path}: a extends another service, not followed",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "services: [1, 2]",
        "services: {a: text, b: null, c: [x], d: {image: [1], ports: {a: 1}}}",
        "services: {a: {ports: [null, {}, [], {target: {}}, true, '', 1.5, !tag x]}}",
        "services: &a {b: *a}",
        "- not a mapping",
        "",
        "services:\n  a: &a\n    <<: *a\n    ports: ['x']\n",
    ],
)
def test_odd_files_publish_nothing(folder: Path, text: str) -> None:
    services, _, limits = project(folder, compose=text)
    assert all(not row["ports"] for row in services.values())
    assert len(limits) <= 1


def test_a_bomb_of_aliases_ends(folder: Path) -> None:
    lines = ["a0: &a0 ['1:1', '2:2']"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    lines += ["services: {x: {image: i, ports: *a11}}"]
    services, _, _ = project(folder, compose="\n".join(lines))
    assert services["x"]["ports"] == []


def test_malformed_files_are_limits_with_their_place(folder: Path) -> None:
    services, _, (limit,) = project(folder, compose="services:\n  a:\n\tb: 1\n")
    assert services == {} and str(folder / "compose.yaml") in limit and "line 3" in limit
    assert compose.project([str(folder / "gone.yaml")], str(folder))[1] == []


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (["docker-compose.yml", "compose.yaml"], ["compose.yaml"]),
        (["compose.yml", "compose.override.yaml"], ["compose.yml", "compose.override.yaml"]),
        (["docker-compose.yml", "compose.override.yml"], ["docker-compose.yml"]),
        (["compose.override.yml"], []),
    ],
)
def test_the_files_that_compose_reads(names: list[str], files: list[str]) -> None:
    assert compose.files_in(names) == files


QUADLET = """\
[Unit]
PublishPort=1:1

[Container]
Image=docker.io/ollama/ollama
# kept
PublishPort=7:7
PublishPort=
PublishPort=11434:11434
 PublishPort = 127.0.0.1:11435:11434
Network=host
ServiceName=models
Environment=TOKEN=hunter2-in-an-environment
"""


def test_quadlets(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub/ollama.container").write_text(QUADLET)
    (folder / "sub/ollama.container.d").mkdir()
    (folder / "sub/ollama.container.d/10-more.conf").write_text("[Container]\nPublishPort=8:8\n")
    (folder / "p.pod").write_text("[Pod]\nPublishPort=[::]:9:9\n")
    (folder / "broken.container").write_text("[Container\nImage=x\n")
    (folder / "loop").symlink_to(folder)
    found, (limit,) = quadlet.below(str(folder), "alice", "alice")
    assert "broken.container" in limit
    pod, row = found
    assert (pod["unit"], pod["kind"], [p["said"] for p in pod["ports"]]) == (
        "p-pod.service",
        "pod",
        ["[::]:9:9"],
    )
    assert (row["unit"], row["image"], row["networks"]) == (
        "models.service",
        "docker.io/ollama/ollama",
        ["host"],
    )
    assert row["network_place"] == f"{folder}/sub/ollama.container:11"
    assert [(p["file"][-12:], p["line"], p["key"], p["said"]) for p in row["ports"]] == [
        ("ma.container", 9, ["Container", "PublishPort", "2"], "11434:11434"),
        ("ma.container", 10, ["Container", "PublishPort", "3"], "127.0.0.1:11435:11434"),
        ("10-more.conf", 2, ["Container", "PublishPort", "0"], "8:8"),
    ]
    assert "hunter2" not in json.dumps(found)


def test_homes_are_looked_through_to_a_depth(tmp_path: Path) -> None:
    for path in ("a/b/c", ".hidden/x", "z"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "link").symlink_to("/")
    found, limits = read_container_files._folders(str(tmp_path))
    assert [one[len(str(tmp_path)) :] for one in found] == ["", "/a", "/z", "/a/b"]
    assert limits == []


def test_too_many_folders_are_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_container_files, "MOST_FOLDERS", 3)
    for number in range(9):
        (tmp_path / str(number) / "x").mkdir(parents=True)
    _, (limit,) = read_container_files._folders(str(tmp_path))
    assert "too many folders" in limit
