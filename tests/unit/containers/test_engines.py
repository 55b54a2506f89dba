"""What engines say of their containers: checked and bounded, however hostile."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hardpoint.hostside.payload import container, docker, podman, read_containers, userio

SECRET = "hunter2-in-an-environment"
RUNNING = {"Running": True, "StartedAt": "2026-11-21T14:22:11.123456789Z"}
DOCKER = {
    "Id": "24295768e6fd38a5829c6443da9d61610c60811a699b636712637b04c73ce737",
    "Name": "/ollama",
    "State": RUNNING,
    "Config": {
        "Image": "ollama/ollama",
        "Env": [f"TOKEN={SECRET}"],
        "ExposedPorts": {"11434/tcp": {}},
        "Labels": {
            "com.docker.compose.project": "ai",
            "com.docker.compose.service": "ollama",
            "com.docker.compose.project.working_dir": "/srv/ai",
            "com.docker.compose.project.config_files": "/srv/ai/compose.yaml,over.yaml",
        },
    },
    "HostConfig": {"NetworkMode": "ai_default", "PortBindings": {"11434/tcp": [{"HostPort": "1"}]}},
    "NetworkSettings": {
        "Ports": {
            "11434/tcp": [
                {"HostIp": "0.0.0.0", "HostPort": "11434"},
                {"HostIp": "::", "HostPort": "11434"},
            ],
            "8080/tcp": None,
        }
    },
}


@contextmanager
def engine(folder: Path, answers: dict[str, bytes]) -> Iterator[str]:
    """A socket that answers GETs as a daemon does."""
    path = str(folder / "docker.sock")
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(8)

    def serve(connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            while line := lines.readline():
                while lines.readline() not in (b"\r\n", b""):
                    pass
                body = answers.get(line.split()[1].decode(), b"")
                status = b"200 OK" if body else b"404 Not Found"
                head = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
                connection.sendall(head + body)

    def accept() -> None:
        try:
            while True:
                threading.Thread(target=serve, args=server.accept()[:1], daemon=True).start()
        except OSError:
            pass

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield path
    finally:
        server.close()


def told(folder: Path, *rows: Any, default: str = "0.0.0.0") -> list[dict[str, Any]]:
    """What a docker with these containers is told to have."""
    answers = {"/version": b'{"Version": "28.2.2"}'}
    answers["/containers/json?all=1"] = json.dumps([{"Id": row["Id"]} for row in rows]).encode()
    for row in rows:
        answers[f"/containers/{row['Id']}/json"] = json.dumps(row).encode()
    with engine(folder, answers) as path:
        found, version, limits = docker.ask(path, None, default)
    assert (version, limits) == ("28.2.2", [])
    return found


def test_a_container_of_docker(tmp_path: Path) -> None:
    (row,) = told(tmp_path, DOCKER)
    assert row == {
        "engine": "docker",
        "user": None,
        "id": "24295768e6fd",
        "name": "ollama",
        "image": "ollama/ollama",
        "running": True,
        "network": "ai_default",
        "ports": [
            {"host_ip": ip, "host_port": 11434, "container_port": 11434, "protocol": "tcp"}
            for ip in ("0.0.0.0", "::")
        ],
        "unit": "",
        "transient": False,
        "compose": {
            "project": "ai",
            "service": "ollama",
            "files": ["/srv/ai/compose.yaml", "/srv/ai/over.yaml"],
        },
        "started": 1795270931.0,
    }
    assert SECRET not in json.dumps(row)


@pytest.mark.parametrize(
    ("network", "address"), [("default", "127.0.0.1"), ("bridge", "127.0.0.1"), ("n1", "0.0.0.0")]
)
def test_the_daemons_address_is_that_of_its_own_bridge(
    tmp_path: Path, network: str, address: str
) -> None:
    bindings = {"11434/tcp": [{"HostIp": "", "HostPort": "11434"}]}
    stopped = DOCKER | {
        "State": {"Running": False},
        "HostConfig": {"NetworkMode": network, "PortBindings": bindings},
    }
    (row,) = told(tmp_path, stopped, default="127.0.0.1")
    assert [port["host_ip"] for port in row["ports"]] == [address]
    assert not row["running"] and row["started"] is None


def test_a_persons_own_docker_is_asked_over_its_own_socket(tmp_path: Path) -> None:
    answers = {"/version": b'{"Version": "28.2.2"}'}
    answers["/containers/json?all=1"] = json.dumps([{"Id": DOCKER["Id"]}]).encode()
    answers[f"/containers/{DOCKER['Id']}/json"] = json.dumps(DOCKER).encode()
    config = tmp_path / ".config/docker/daemon.json"
    config.parent.mkdir(parents=True)
    with engine(tmp_path, answers) as path:
        config.write_text(json.dumps({"hosts": [f"unix://{path}"], "live-restore": True}))
        words = ["dockerd", "--rootless", "--config-file", str(config), "--ip=127.0.0.1"]
        process = {"pid": os.getpid(), "name": "dockerd", "uid": 1000, "arguments": words}
        found, (daemon,), limits = docker.of_user("alice", str(tmp_path), 1000, [process])
    assert [(row["name"], row["user"]) for row in found] == [("ollama", "alice")]
    assert limits == []
    assert daemon | {"tcp": []} == {
        "engine": "docker",
        "user": "alice",
        "running": True,
        "version": "28.2.2",
        "default_address": "127.0.0.1",
        "network_address": "0.0.0.0",
        "config": str(config),
        "arguments": ["ip"],
        "stale": True,
        "live_restore": True,
        "tcp": [],
    }
    # Without its process nobody is asked.
    assert docker.of_user("alice", str(tmp_path / "other"), 1000, []) == ([], [], [])


def test_a_network_of_another_container_publishes_for_it(tmp_path: Path) -> None:
    sidecar = {"Id": "aa11", "Name": "/proxy", "State": RUNNING, "HostConfig": {}} | {
        "NetworkSettings": {
            "Ports": {"11434/tcp": [{"HostPort": "80"}], "5432/tcp": [{"HostPort": "5432"}]}
        }
    }
    joined = DOCKER | {"HostConfig": {"NetworkMode": "container:aa11"}}
    _, row = told(tmp_path, sidecar, joined)
    assert row["network"] == "container:proxy"
    assert [(p["host_port"], p["container_port"]) for p in row["ports"]] == [(80, 11434)]


@pytest.mark.parametrize(
    "hostile",
    [
        {"Id": "ab", "State": [], "Config": "x", "HostConfig": 3, "NetworkSettings": None},
        {"Id": "ab", "Name": "\x1b[31mred", "Config": {"Image": ["x"], "Labels": [1]}},
        {"Id": "ab", "State": RUNNING, "NetworkSettings": {"Ports": {"a/b/c": [7], "": {}}}},
        {"Id": "ab", "State": {"Running": "yes", "StartedAt": 4}},
        {"Id": "ab", "HostConfig": {"PortBindings": {"99999/tcp": [{"HostPort": "-1"}]}}},
    ],
)
def test_hostile_answers_are_rows_of_nothing(tmp_path: Path, hostile: dict[str, Any]) -> None:
    (row,) = told(tmp_path, hostile)
    assert row["ports"] == [] and not row["image"] and row["name"].isprintable()


@pytest.mark.parametrize("body", [b"[1, 2", b"[" * 100_000, b'"text"', b"{}"])
def test_what_is_no_list_of_containers_is_a_limit_or_nothing(tmp_path: Path, body: bytes) -> None:
    answers = {"/version": b"{}", "/containers/json?all=1": body}
    with engine(tmp_path, answers) as path:
        try:
            assert docker.ask(path, None, "0.0.0.0")[0] == []
        except docker.Silent as problem:
            assert str(problem) == "no JSON came back"


def test_a_path_in_an_id_is_not_asked(tmp_path: Path) -> None:
    answers = {"/version": b"{}", "/containers/json?all=1": b'[{"Id": "../../etc"}, {"Id": 7}]'}
    with engine(tmp_path, answers) as path:
        assert docker.ask(path, None, "0.0.0.0")[0] == []


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("tcp://0.0.0.0:2375", ("0.0.0.0", 2375)),
        ("tcp://:2376", ("0.0.0.0", 2376)),
        ("tcp://192.168.1.5", ("192.168.1.5", 2375)),
        ("tcp://[::1]:2375/", ("::1", 2375)),
        ("tcp:127.0.0.1:8888", ("127.0.0.1", 8888)),
    ],
)
def test_hosts_of_a_daemon(host: str, place: tuple[str, int]) -> None:
    assert docker._place_of(host) == place


# podman


@pytest.fixture(autouse=True)
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root reads below a folder that others may write."""
    monkeypatch.setattr(userio, "_strict", lambda: False)


def storage(folder: Path, *rows: tuple[Any, Any]) -> str:
    with sqlite3.connect(folder / "db.sql") as database:
        database.execute("CREATE TABLE ContainerConfig (ID TEXT, JSON TEXT)")
        database.execute("CREATE TABLE ContainerState (ID TEXT, JSON TEXT)")
        for number, (config, state) in enumerate(rows):
            name = config.get("id", str(number)) if isinstance(config, dict) else str(number)
            for table, value in (("Config", config), ("State", state)):
                insert = f"INSERT INTO Container{table} VALUES (?, ?)"
                database.execute(insert, (name, json.dumps(value)))
    database.close()
    return str(folder)


PODMAN = {
    "id": "7b7a2a9ccb7839118070643688753c50",
    "name": "ollama",
    "rootfsImageName": "docker.io/ollama/ollama:latest",
    "createNetNS": True,
    "networkMode": "bridge",
    "CreateCommand": ["podman", "run", "-e", f"TOKEN={SECRET}"],
    "spec": {"process": {"env": [f"TOKEN={SECRET}"]}},
    "newPortMappings": [
        {"host_ip": "", "container_port": 11434, "host_port": 80, "range": 2, "protocol": "tcp"}
    ],
    "labels": {"PODMAN_SYSTEMD_UNIT": "ai.service", "note": SECRET},
}


def test_a_container_of_podman_runs_while_its_conmon_does(tmp_path: Path) -> None:
    root = storage(tmp_path, (PODMAN, {"state": podman.RUNNING}))
    (row,), limits = podman.containers([root], {}, "alice")
    assert not row["running"] and limits == []
    assert row["unit"] == "ai.service" and row["image"] == "docker.io/ollama/ollama:latest"
    assert [(p["host_port"], p["container_port"]) for p in row["ports"]] == [
        (80, 11434),
        (81, 11435),
    ]
    assert SECRET not in json.dumps(row)

    conmons = {PODMAN["id"]: {"pid": 1, "uid": 0, "name": "ollama", "root": root, "unit": ""}}
    (row,), _ = podman.containers([root], conmons, "alice")
    assert row["running"] and row["started"]


@pytest.mark.parametrize(
    ("config", "network"),
    [
        ({"spec": {"linux": {"namespaces": [{"type": "pid"}]}}}, "host"),
        ({"spec": {"linux": {"namespaces": [{"type": "network"}]}}}, "none"),
        ({"spec": {"linux": {"namespaces": [{"type": "network", "path": "/n"}]}}}, "ns:/n"),
        ({"createNetNS": True, "networkMode": "pasta"}, "pasta"),
        ({"createNetNS": True}, "bridge"),
        ({"spec": []}, "unknown"),
        ({}, "unknown"),
    ],
)
def test_the_network_of_a_container(tmp_path: Path, config: dict[str, Any], network: str) -> None:
    root = storage(tmp_path, ({"id": "ab"} | config, {}))
    (row,), _ = podman.containers([root], {}, None)
    assert row["network"] == network


def test_hostile_rows(tmp_path: Path) -> None:
    rows = [
        ({"newPortMappings": "x", "labels": 4, "name": {}}, {}),
        ({"newPortMappings": [{"container_port": True}, 3]}, {"state": []}),
        ({"netNsCtr": ["a"], "exposedPorts": []}, 7),
        ([1], None),
    ]
    found, limits = podman.containers([storage(tmp_path, *rows)], {}, None)
    assert limits == [] and len(found) == 4
    assert all(row["ports"] == [] and row["name"] == "" for row in found)


def test_many_ports_are_cut(tmp_path: Path) -> None:
    mapping = {"container_port": 1, "host_port": 1, "range": 60000, "protocol": "udp"}
    root = storage(tmp_path, ({"newPortMappings": [mapping] * 50}, {}))
    (row,), _ = podman.containers([root], {}, None)
    assert len(row["ports"]) == container.MOST_PORTS
    (limit,) = read_containers._cut(row | {"name": "media"})
    assert limit["reason"] == "media publishes more than the 1000 ports that were looked at"


def test_a_database_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "db.sql").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    found, (limit,) = podman.containers([str(tmp_path)], {}, None)
    assert found == [] and "can't be read: SQLite" in limit
    assert podman.containers([str(tmp_path / "absent")], {}, None) == ([], [])


def test_a_container_that_no_database_has(tmp_path: Path) -> None:
    conmons = {"ab12": {"pid": 1, "uid": 0, "name": "x", "root": str(tmp_path), "unit": ""}}
    found, limits = podman.containers([], conmons, None)
    assert found == []
    assert limits == ["podman runs the container x, which no database that we can read has"]


def test_conmon_tells_its_container_and_storage() -> None:
    words = ["conmon", "-c", "ab12", "-n", "ollama", "--exit-command", "/usr/bin/podman"]
    words += ["--exit-command-arg", "--root", "--exit-command-arg", "/data/storage"]
    one = {"pid": 2**30, "name": "conmon", "uid": 1000, "arguments": words}
    found = container.conmons([one, one | {"arguments": ["conmon", "-c", "cd", "-r", "crio"]}])
    assert found == {
        "ab12": {
            "pid": 2**30,
            "uid": 1000,
            "name": "ollama",
            "root": "/data/storage",
            "unit": "",
        }
    }


@pytest.mark.parametrize(
    ("status", "inside"),
    [
        ("Name:\tconmon\nNSpid:\t1892\nNSpgid:\t1892\t3\n", False),
        ("Name:\tconmon\nNSpid:\t1892\t1310\t1299\n", True),
        ("Name:\tconmon\n", False),  # kernels before 4.1
    ],
)
def test_engines_inside_of_a_container_are_not_the_hosts(status: str, inside: bool) -> None:
    assert container.is_inside(status) is inside


def test_a_certificate_that_is_asked_for_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def asks(*_: Any, **__: Any) -> None:
        raise ssl.SSLError(1, "[SSL] tlsv13 alert certificate required")

    monkeypatch.setattr(docker.socket, "create_connection", asks)
    assert docker._verifies("192.0.2.1", 2376) is True
