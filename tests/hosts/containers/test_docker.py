"""Docker itself: what it publishes, where by default, and whom its API obeys on the network."""

from __future__ import annotations

import json

import pytest

from hardpoint import hostside
from tests.hosts.containers.conftest import Only, answers, load, run, seen
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host, Probe

pytestmark = pytest.mark.lab

CONFIG = "/etc/docker/daemon.json"
DEFAULT, API = "docker-default-publish-address", "docker-api-closed"
DROP_IN = "/etc/systemd/system/docker.service.d/tcp.conf"
COMPOSE = """\
version: "3"
services:
  models:
    image: ollama/ollama
    ports:
      - "16434:11434"
"""


def configured(host: Host, **keys: object) -> None:
    """docker runs with this daemon.json."""
    host.write(CONFIG, json.dumps(keys))
    host.run("systemctl reset-failed docker && systemctl restart docker")


def test_what_docker_publishes(boot, probe: Probe, only: Only) -> None:
    host = boot("debian12", layers=("docker",))
    load(host, "docker")
    configured(host, **{"userland-proxy": False})
    run(host, "docker", "open", "--publish", "11434:11434", "--publish", "127.0.0.1:8001:11434")
    run(host, "docker", "host", "--network", "host", "--env", "OLLAMA_HOST=0.0.0.0:11500")
    host.run("docker create --name stopped --publish 11600:11434 ollama/ollama")
    host.write("/srv/ai/docker-compose.yml", COMPOSE)
    host.run("cd /srv/ai && docker-compose up --detach")
    answers(host, 11434, 11500, 16434)
    before = host.snapshot()

    found = seen(only(host, "check", status=2))
    assert touched(host, before, ("/var/lib/docker/*", "/var/lib/containerd/*")) == []
    assert set(found) == {"open", "host", "stopped", "ai_models_1"}
    assert f"is published on {host.address}:11434" in found["open"]["seen"]
    assert "on the host's network at" in found["host"]["seen"]
    assert not found["stopped"]["exposed"]
    models = found["ai_models_1"]
    assert models["why"].startswith("/srv/ai/docker-compose.yml:6 has ports: 16434:11434")
    edit = 'in /srv/ai/docker-compose.yml:6 write "127.0.0.1:16434:11434"'
    command = "docker compose -p ai -f /srv/ai/docker-compose.yml up -d models"
    assert models["fix"].startswith(f"{edit}; {command}; until")
    assert probe.connect(host.address, 16434) == "open"

    host.run("docker rm --force open host stopped")
    only(host, "apply", {"edit_files": True}, status=2)
    host.run(command.replace("docker compose", "docker-compose"))
    answers(host, 16434)
    only(host, "check", {"edit_files": True}, status=0)
    only(host, "prove", {"edit_files": True}, status=0)
    only(host, "rollback", status=None)
    assert host.read("/srv/ai/docker-compose.yml").decode() == COMPOSE


@pytest.mark.parametrize("distro", ["debian12", "debian13"])
def test_where_docker_publishes_by_default(boot, only: Only, distro: str) -> None:
    host = boot(distro, layers=("docker",))
    if distro == "debian13":  # which has the client in a package of its own
        host.run("apt-get update && apt-get install --yes docker-cli", timeout=120)
    load(host, "docker")
    before = host.snapshot()
    (finding,) = only(host, "check", control=DEFAULT, status=2).outcome(DEFAULT)["findings"]
    assert touched(host, before, ("/var/lib/docker/*", "/var/lib/containerd/*")) == []
    assert finding["why"].startswith("it publishes on 0.0.0.0 by default")
    assert finding["fix"].startswith("systemctl restart docker (this stops its containers)")
    pid = host.run("pidof dockerd").stdout

    applied = only(host, "apply", control=DEFAULT, status=2)
    assert host.run("pidof dockerd").stdout == pid
    (finding,) = applied.outcome(DEFAULT)["findings"]
    assert finding["why"] == f"it runs since before {CONFIG} was written"
    assert json.loads(host.read(CONFIG))["ip"] == "127.0.0.1"

    host.run("systemctl restart docker")
    run(host, "docker", "plain", "--publish", "11434:11434")
    host.run("docker network create later")
    run(host, "docker", "later", "--network", "later", "--publish", "11435:11434")
    shown = host.run("docker ps --format '{{.Names}} {{.Ports}}'").stdout
    assert "plain 127.0.0.1:11434->" in shown
    # Networks of one's own keep to it from docker 24 on only.
    everywhere = "later 0.0.0.0:11435->" if distro == "debian12" else "later 127.0.0.1:11435->"
    assert everywhere in shown
    only(host, "check", control=DEFAULT, status=0)

    only(host, "rollback", control=DEFAULT, status=None)
    assert CONFIG not in touched(host, before, JOURNAL)
    only(host, "check", control=DEFAULT, status=2)


CERTIFICATES = """
mkdir -p /etc/docker/tls && cd /etc/docker/tls
openssl req -x509 -newkey rsa:2048 -nodes -days 9 -keyout ca.key -out ca.pem -subj /CN=ca
openssl req -newkey rsa:2048 -nodes -keyout key.pem -out host.csr -subj /CN=host
openssl x509 -req -in host.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 9
"""
PLACES = {f"tls{key}": f"/etc/docker/tls/{key}.pem" for key in ("cert", "key")}


def test_the_api_on_the_network(boot, probe: Probe, only: Only) -> None:
    host = boot("debian12", layers=("docker",))
    daemon = "ExecStart=\nExecStart=/usr/sbin/dockerd --containerd=/run/containerd/containerd.sock"
    host.write(DROP_IN, f"[Service]\n{daemon}\n")
    host.run(CERTIFICATES + "systemctl daemon-reload")
    only(host, "check", control=API, status=0)
    load(host, "docker")
    host.run("docker create --publish 11434:11434 ollama/ollama")

    configured(host, hosts=["fd://", "tcp://0.0.0.0:2375"])
    found = only(host, "check", control=API, status=2).outcome(API)
    (finding,) = found["findings"]
    assert (found["status"], found["severity"]) == ("exposed", "critical")
    assert finding["seen"] == f"docker's API obeys anyone on {host.address}:2375"
    assert finding["why"].startswith(f"{CONFIG} names that address")
    assert "the tcp:// host of port 2375 out of /etc/docker/daemon.json" in finding["fix"]
    assert probe.connect(host.address, 2375) == "open"
    proved = only(host, "prove", control=API, status=2)
    assert proved.outcome(API)["proof"]["result"] == "failed"

    # Encrypted is not enough; whoever has no certificate has to be refused.
    encrypted = {"hosts": ["fd://", "tcp://0.0.0.0:2376"], "tls": True, **PLACES}
    configured(host, **encrypted, tlsverify=False)
    (finding,) = only(host, "check", control=API, status=2).outcome(API)["findings"]
    assert finding["exposed"] and ":2376" in finding["seen"]
    configured(host, **encrypted, tlsverify=True, tlscacert="/etc/docker/tls/ca.pem")
    only(host, "check", control=API, status=0)

    configured(host, hosts=["fd://", "tcp://127.0.0.1:2375"])
    found = only(host, "check", control=API, status=2).outcome(API)
    assert (found["status"], found["severity"]) == ("drift", "high")
    assert found["findings"][0]["who"].startswith("every program and user of this machine is root")

    # What the file says of a docker that does not run is drift, and asking starts nothing.
    host.write(CONFIG, json.dumps({"hosts": ["fd://", "tcp://0.0.0.0:2375"]}))
    host.run("systemctl stop docker.service")
    found = only(host, "check", control=API, status=2).outcome(API)
    assert found["status"] == "drift"
    assert host.run("systemctl is-active docker.service", check=False).stdout == "inactive\n"
    unseen = only(host, "check", status=3).outcome("container-publishes-loopback")
    assert "docker does not run, so that its 1 containers can't be seen" in unseen["reason"]


def test_without_root_it_is_unknown_and_a_member_of_the_group_sees(boot, only: Only) -> None:
    host = boot("debian12", layers=("docker",))
    load(host, "docker")
    run(host, "docker", "open", "--publish", "11434:11434")
    host.run("usermod --append --groups docker alice")
    command = hostside.command({"do": "read", "what": "containers"}).get_raw_value()
    for user, sees in (("bob", False), ("alice", True)):
        said = host.run(command, user=user).stdout
        assert ('"open"' in said) is sees
        assert ("only root and the group docker may ask it" in said) is not sees
