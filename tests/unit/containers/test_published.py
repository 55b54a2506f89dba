"""What is said of an AI container that others can reach, and what is edited when the policy asks."""

from __future__ import annotations

from typing import Any

import pytest

from hardpoint.control import HOST_SUBJECT, Scope, Subject
from hardpoint.controls.containers.published import PublishesLoopback
from hardpoint.facts import Read
from hardpoint.facts.containers import ContainerFiles, Containers
from hardpoint.facts.machine import Machine
from hardpoint.outcome import Proof, ProofResult, Severity
from tests.unit.containers.test_ai import SERVICES, port

ALICE = Subject(Scope.USER, "alice")
FILE, QUADLET = "/srv/ai/compose.yaml", "/etc/containers/systemd/ollama.container"


class Told:
    """A host whose facts are given."""

    name = "host"

    def __init__(self, *containers: dict[str, Any], **options: Any) -> None:
        self.options = {"edit_files": False, "compose_files": []} | options
        self.files: dict[str, Any] = {"projects": [], "quadlets": []}
        self.containers = list(containers)

    def read(self, fact: type[Read], **query: Any) -> Any:
        return {
            Machine: {"addresses": ["192.168.1.5", "fd00::5"], "users": []},
            Containers: {"containers": self.containers, "daemons": []},
            ContainerFiles: self.files,
        }[fact]


def container(**more: Any) -> dict[str, Any]:
    return {
        "engine": "docker",
        "user": None,
        "id": "24295768e6fd",
        "name": "ollama",
        "image": "ollama/ollama",
        "running": True,
        "network": "bridge",
        "ports": [port(11434), port(11434, "::")],
        "unit": "",
        "transient": False,
        "compose": None,
        "started": None,
    } | more


def entry(said: str | None, line: int, file: str = FILE, **more: Any) -> dict[str, Any]:
    key = ["services", "ollama", "ports", str(line), *(["host_ip"] if said is None else [])]
    if file == QUADLET:
        key = ["Container", "PublishPort", str(line)]
    ports = [port(11434)]
    return {
        "file": file,
        "line": line,
        "key": key,
        "own": True,
        "said": said,
        "ports": ports,
    } | more


def project(*entries: dict[str, Any], owner: str | None = None, **more: Any) -> dict[str, Any]:
    row = {"name": "ollama", "image": "ollama/ollama", "network_mode": ""}
    row |= {"profiles": [], "ports": list(entries), "line": 0}
    return {"owner": owner, "files": [FILE], "services": [row | more], "notes": []}


def quadlet(*entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "path": QUADLET,
        "user": None,
        "owner": None,
        "kind": "container",
        "name": "ollama.container",
        "unit": "ollama.service",
        "image": "docker.io/ollama/ollama",
        "pod": "",
        "networks": [],
        "network_place": "",
        "ports": list(entries),
    } | more


def findings(host: Told, subject: Subject = HOST_SUBJECT) -> list[Any]:
    return list(PublishesLoopback(SERVICES).observe(host, subject))


def test_by_hand_is_told_with_a_command_that_loses_nothing() -> None:
    (finding,) = findings(Told(container(started=1795270931.0)))
    assert finding.exposed and finding.severity is None
    assert finding.seen == (
        "Ollama (container ollama, image ollama/ollama) is published on 192.168.1.5:11434, "
        "[fd00::5]:11434"
    )
    assert finding.why.startswith("started by hand: docker run; running since 2026-11-21 ")
    assert finding.fix == (
        "docker stop ollama; docker rename ollama ollama-old; docker run -d --name ollama "
        "-p 127.0.0.1:11434:11434 ollama/ollama with the other options that it was run with; "
        "until then only a firewall that sees forwarded packets closes it; ufw alone does not"
    )


def test_names_are_quoted() -> None:
    (finding,) = findings(Told(container(name="a; rm -rf ~", image="ollama/ollama")))
    assert "docker stop 'a; rm -rf ~';" in finding.fix


def test_loopback_and_strangers_are_silent() -> None:
    safe = container(ports=[port(11434, "127.0.0.1"), port(1, "::1")])
    stranger = container(image="nginx", ports=[port(8080)])
    host = Told(safe, stranger)
    assert findings(host) == []
    assert PublishesLoopback(SERVICES).subjects(host) == [HOST_SUBJECT]
    assert PublishesLoopback(SERVICES).subjects(Told(stranger)) == []


def test_a_compose_service_is_told_with_its_line_and_command() -> None:
    compose = {"project": "ai", "service": "ollama", "files": [FILE]}
    host = Told(container(compose=compose))
    host.files["projects"] = [project(entry("11434:11434", 7))]
    (finding,) = findings(host)
    assert finding.why == f"{FILE}:7 has ports: 11434:11434"
    command = "docker compose -p ai -f /srv/ai/compose.yaml up -d ollama"
    assert finding.fix.startswith(f'in {FILE}:7 write "127.0.0.1:11434:11434"; {command}; until')

    # The file is right by now; the container is not.
    host.files["projects"] = [project()]
    (finding,) = findings(host)
    assert finding.why == f"{FILE} was changed since it was made"
    assert finding.fix.startswith(f"{command}; until")

    host.files["projects"] = []
    (finding,) = findings(host)
    assert finding.why == f"service ollama of {FILE}"
    assert finding.fix.startswith('write ports: ["127.0.0.1:11434:11434"] there, then make')


def test_a_quadlet_is_told_with_its_line_and_command() -> None:
    host = Told(container(engine="podman", unit="ollama.service"))
    host.files["quadlets"] = [quadlet(entry("11434:11434", 7, QUADLET))]
    (finding,) = findings(host)
    assert finding.why == f"{QUADLET}:7 has PublishPort=11434:11434"
    assert finding.fix.startswith(
        f"in {QUADLET}:7 write PublishPort=127.0.0.1:11434:11434; "
        "systemctl daemon-reload && systemctl restart ollama.service; until"
    )


def test_a_pod_publishes_for_its_containers() -> None:
    host = Told(container(engine="podman", unit="p-pod.service", user="alice"))
    pod = quadlet(entry("1:11434", 3), kind="pod", name="p.pod", unit="p-pod.service", image="")
    host.files["quadlets"] = [
        pod | {"user": "*"},
        quadlet(pod="p.pod") | {"user": "*", "unit": "ollama.service"},
    ]
    (finding,) = findings(host, ALICE)
    assert finding.fix.startswith(f"as alice: in {FILE}:3 write PublishPort=127.0.0.1:1:11434; ")
    assert "systemctl --user restart p-pod.service" in finding.fix


@pytest.mark.parametrize(
    ("unit", "user", "words"),
    [
        ("box.service", None, "in the ExecStart= that `systemctl cat box.service` shows publish"),
        ("made.service", None, "systemctl stop made.service, then systemd-run it again with"),
        ("box.service", "alice", "as alice: in the ExecStart= that `systemctl --user cat box"),
    ],
)
def test_a_unit_is_told(unit: str, user: str | None, words: str) -> None:
    host = Told(container(unit=unit, user=user, transient=unit == "made.service"))
    (finding,) = findings(host, ALICE if user else HOST_SUBJECT)
    assert finding.why == f"{unit} runs it"
    assert finding.fix.startswith(words) and "-p 127.0.0.1:11434:11434" in finding.fix


def test_the_hosts_network_is_told_by_what_listens() -> None:
    ports = [port(11434, "::"), port(4000, "127.0.0.1")]
    (finding,) = findings(Told(container(network="host", ports=ports)))
    assert "answers on the host's network at 192.168.1.5:11434" in finding.seen
    assert "that it was run with, without --network host; until" in finding.fix
    assert findings(Told(container(network="host", ports=ports[1:]))) == []


def test_a_stopped_container_is_drift() -> None:
    (finding,) = findings(Told(container(running=False)))
    assert not finding.exposed and finding.severity is Severity.HIGH
    assert "would be published on 192.168.1.5:11434" in finding.seen
    assert finding.fix.startswith("docker rename ollama ollama-old; docker run -d ")


def test_a_shared_network_is_told_by_who_publishes() -> None:
    (finding,) = findings(Told(container(network="container:front")))
    assert finding.why == "front publishes for it, whose network it shares"
    wanted = "make front, or its pod, anew with -p 127.0.0.1:11434:11434, and ollama after it"
    assert finding.fix.startswith(wanted)


def test_a_file_that_nobody_has_started_is_drift_of_its_owner() -> None:
    host = Told()
    host.files["projects"] = [project(entry("11434:11434", 7), owner="alice", profiles=["gpu"])]
    control = PublishesLoopback(SERVICES)
    assert control.subjects(host) == [ALICE]
    assert findings(host) == []
    host.files["projects"][0]["notes"] = ["it includes another file, not followed"]
    (finding,) = findings(host, ALICE)
    assert not finding.exposed and finding.severity is Severity.MEDIUM
    assert finding.why == f"{FILE}:7 has ports: 11434:11434; it includes another file, not followed"
    assert finding.seen == (
        "Ollama will be published to your network when ollama (profile gpu) is started"
    )
    assert finding.fix.endswith(
        "or in the policy, options: {container-publishes-loopback: {edit_files: true}}"
    )
    assert list(control.harden(host, ALICE)) == []


def test_the_host_network_of_a_file_is_told_and_never_edited() -> None:
    host = Told(edit_files=True)
    host.files["projects"] = [project(network_mode="host", line=9, file=FILE)]
    (finding,) = findings(host)
    assert finding.why == f"{FILE}:9 has network_mode: host"
    assert finding.fix == f"in {FILE}:9 publish 127.0.0.1:11434:11434 instead"
    assert list(PublishesLoopback(SERVICES).harden(host, HOST_SUBJECT)) == []


def test_files_are_edited_when_the_policy_asks() -> None:
    host = Told(edit_files=True)
    lines = (
        entry("11434:11434", 1),
        entry(None, 2),
        entry("127.0.0.1:11434:11434", 3, ports=[port(11434, "127.0.0.1")]),
        entry("11434:11434", 4, own=False),
        entry("${ALL}", 5),
    )
    host.files["projects"] = [project(*lines)]
    host.files["quadlets"] = [quadlet(entry("11434:11434", 7, QUADLET))]
    compose, unit = PublishesLoopback(SERVICES).harden(host, HOST_SUBJECT)
    assert (compose.path, compose.format, compose.user) == (FILE, "yaml", None)
    assert [(f.key[3:], f.value) for f in compose.fragments] == [
        (("1",), "127.0.0.1:11434:11434"),
        (("2", "host_ip"), "127.0.0.1"),
    ]
    assert (unit.path, unit.format) == (QUADLET, "ini")
    assert unit.fragments[0].key == ("Container", "PublishPort", "7")
    # What can't be edited is told still.
    (finding, _) = findings(host)
    assert f"in {FILE}:5 give it the address 127.0.0.1" in finding.fix


def test_the_proof_knocks_at_all_tcp_ports_of_what_runs() -> None:
    asked = []

    class Knocking:
        def cannot_connect(self, addresses: Any, ports: Any, known: Any) -> ProofResult:
            asked.append((list(addresses), list(ports), set(known)))
            return ProofResult(Proof.PASSED)

    ports = [port(9, "127.0.0.1"), port(8), port(7) | {"protocol": "udp"}, port(11434)]
    ports += [port(5) | {"host_port": 0}]
    host = Told(container(ports=ports), container(running=False, ports=[port(6)]))
    control = PublishesLoopback(SERVICES)
    control.prove(Knocking(), host, HOST_SUBJECT)
    assert asked == [(["192.168.1.5", "fd00::5"], [8, 9, 11434], {8, 9, 11434})]
    assert control.prove(Knocking(), Told(), HOST_SUBJECT) is None
