"""A service is restarted for what it runs with, never because something was just written."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hardpoint import hostside, templates
from tests.hosts.services.conftest import On, answers, findings, pid
from tests.hosts.upper import touched
from tests.lab import Host, Probe

pytestmark = pytest.mark.lab

FOLDER = "/etc/systemd/system/ollama.service.d"
MANAGER = "the environment of the system manager (systemctl show-environment)"


def expose(host: Host) -> None:
    host.write(f"{FOLDER}/override.conf", "[Service]\nEnvironment=OLLAMA_HOST=0.0.0.0\n")
    restart(host)


def restart(host: Host) -> None:
    host.run("systemctl daemon-reload; systemctl restart ollama")
    answers(host, 11434)


def foreign_page_may_read(host: Host) -> bool:
    page = "-H 'Origin: https://stranger.example' http://127.0.0.1:11434/api/version"
    return "Access-Control-Allow-Origin" in host.run(f"curl -sD - {page}").stdout


def test_values_that_no_file_says(workstation: Host, probe: Probe, on: On) -> None:
    host = workstation
    host.run("systemctl set-environment OLLAMA_HOST=0.0.0.0 'OLLAMA_ORIGINS=*'")
    restart(host)
    assert probe.connect(host.address, 11434) == "open" and foreign_page_may_read(host)

    found = on(host, "check", status=2)
    (exposed,) = found.outcome("ollama-loopback")["findings"]
    (allowed,) = found.outcome("ollama-origins")["findings"]
    assert exposed["why"] == f"{MANAGER} sets OLLAMA_HOST=0.0.0.0"
    assert allowed["why"] == f"{MANAGER} sets OLLAMA_ORIGINS=*"
    assert allowed["seen"] == "any web page that is opened here can talk to Ollama"

    # The values go, the process keeps them: nothing but the process says so now.
    host.run("systemctl unset-environment OLLAMA_HOST OLLAMA_ORIGINS")
    found = on(host, "check", status=2)
    (exposed,) = found.outcome("ollama-loopback")["findings"]
    (allowed,) = found.outcome("ollama-origins")["findings"]
    assert exposed["why"].startswith("ollama.service was started with OLLAMA_HOST=0.0.0.0: it is")
    assert allowed["why"].startswith("ollama.service was started with OLLAMA_ORIGINS=*: it is")
    assert found.outcome("ollama-origins")["severity"] == "high"

    on(host, "apply", "--control", "ollama-origins", status=0)
    assert not foreign_page_may_read(host)
    assert not [p for p in host.run(f"ls {FOLDER}", check=False).stdout.split() if "origins" in p]

    # The same from the manager's own configuration, fixed by drop-ins that beat it.
    line = '[Manager]\nDefaultEnvironment="OLLAMA_HOST=:8080" OLLAMA_ORIGINS=http://*,chrome-extension://mine\n'
    host.write("/etc/systemd/system.conf.d/ai.conf", line)
    host.run("systemctl daemon-reexec; systemctl restart ollama")
    answers(host, 8080)
    on(host, "apply", status=0)
    answers(host, 8080)
    assert probe.connect(host.address, 8080) == "reset"
    environment = host.run(f"tr '\\0' '\\n' < /proc/{pid(host)}/environ").stdout.splitlines()
    assert {"OLLAMA_HOST=127.0.0.1:8080", "OLLAMA_ORIGINS=chrome-extension://mine"} <= set(
        environment
    )


def test_an_apply_that_was_cut_before_the_restart_heals(
    workstation: Host, probe: Probe, on: On
) -> None:
    host = workstation
    host.run(
        "sed -i '/^User=/i Environment=OLLAMA_HOST=0.0.0.0' /etc/systemd/system/ollama.service"
    )
    restart(host)
    _write_our_files(host, "20260101T000000Z-0badcafe")
    assert host.run("systemctl show -P NeedDaemonReload ollama").stdout.strip() == "no"

    found = on(host, "check", "--control", "ollama-loopback", status=2)
    outcome = found.outcome("ollama-loopback")
    (change,) = outcome["changes"]
    assert outcome["status"] == "exposed"
    assert change["summary"] == "restart ollama.service: systemd has not read its files again"
    on(host, "apply", "--control", "ollama-loopback", status=0)
    assert probe.connect(host.address, 11434) == "reset"

    # Read again by systemd, but never restarted.
    host.run(f"touch {FOLDER}/zz-hardpoint-ollama-loopback.conf; systemctl daemon-reload")
    found = on(host, "check", "--control", "ollama-loopback", status=2)
    (change,) = found.outcome("ollama-loopback")["changes"]
    assert change["summary"] == ("restart ollama.service: it started before its files were changed")
    before = pid(host)
    on(host, "apply", "--control", "ollama-loopback", status=0)
    assert pid(host) != before
    before = pid(host)
    on(host, "apply", "--control", "ollama-loopback", status=0)
    assert pid(host) == before

    # A port that its owner changes below our drop-in is followed.
    host.run("sed -i 's/0.0.0.0/0.0.0.0:7777/' /etc/systemd/system/ollama.service")
    restart(host)
    on(host, "apply", "--control", "ollama-loopback", status=0)
    answers(host, 7777)


def _write_our_files(host: Host, run: str) -> None:
    """What an apply does before it restarts anything; then it is cut."""
    control = {"control": "ollama-loopback", "subject": "system", "who": "test"}
    ask(host, {"do": "begin", "run": run, "who": "test"})
    env, conf = (f"{FOLDER}/zz-hardpoint-ollama-loopback.{kind}" for kind in ("env", "conf"))
    named = {"control": "ollama-loopback"}
    values = {"OLLAMA_HOST": "127.0.0.1:11434"}
    texts = {
        env: templates.render("services/variables.env.j2", variables=values, **named),
        conf: templates.render("services/drop-in.conf.j2", source=env, **named),
    }
    for path, text in texts.items():
        resource = {"type": "file", "path": path, "user": None}
        common = {"run": run, **control, "resource": resource}
        ask(host, {"do": "record", **common, "intended": {"type": "file"}})
        content = {
            "content_b64": b64encode(text.encode()).decode(),
            "mode": "0644",
            "owner": "root:root",
        }
        ask(host, {"do": "write", **common, **content})
    ask(host, {"do": "close", "run": run})


def ask(host: Host, request: dict) -> dict:
    """One request to our program on the host."""
    return hostside.reply(host.run(hostside.command(request).get_raw_value()).stdout)


@contextmanager
def somebody_uploads(host: Host) -> Iterator[None]:
    """A client that Ollama is serving all the time: an upload without an end."""
    client = """import socket, time
s = socket.create_connection(("127.0.0.1", 11434))
s.sendall(b"POST /api/blobs/sha256:%s HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 99999\\r\\n\\r\\nx"
    % (b"0" * 64))
time.sleep(600)"""
    host.run(["systemd-run", "--quiet", "--unit=uploader", "python3", "-c", client])
    host.run("until grep -q '0100007F:2CAA 01 ' /proc/net/tcp; do sleep 0.1; done")
    yield
    host.run("systemctl stop uploader", check=False)


def test_a_service_at_work_is_left_alone(workstation: Host, probe: Probe, on: On) -> None:
    host = workstation
    expose(host)
    before, process = host.snapshot(), pid(host)
    with somebody_uploads(host):
        found = on(host, "check", "--control", "ollama-loopback", status=2)
        outcome = found.outcome("ollama-loopback")
        assert outcome["status"] == "exposed"
        assert outcome["reason"].startswith("ollama.service is serving 127.0.0.1:")
        assert "--restart-busy" in outcome["reason"]

        applied = on(host, "apply", "--control", "ollama-loopback", status=2)
        assert applied.outcome("ollama-loopback")["fate"] == "busy"
        assert pid(host) == process
        assert touched(host, before, ("/usr/share/ollama/*",)) == []

        on(host, "apply", "--control", "ollama-loopback", "--restart-busy", status=0)
        assert pid(host) != process
        assert probe.connect(host.address, 11434) == "reset"


def test_another_port_without_ipv6(workstation: Host, probe: Probe, on: On, tmp_path: Path) -> None:
    host = workstation
    host.run("echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6")
    policy = tmp_path / "policy.yaml"
    policy.write_text(json.dumps({"options": {"ollama-loopback": {"port": 8080}}}))
    host.write(f"{FOLDER}/override.conf", "[Service]\nEnvironment=OLLAMA_HOST=[::]:8080\n")
    restart_on = "systemctl daemon-reload; systemctl restart ollama"
    host.run(restart_on)
    answers(host, 8080)
    found = on(host, "check", "--policy", policy, status=2)
    assert findings(found, "ollama-loopback")["8080"]["seen"] == (
        f"Ollama 0.17.4 answers on {host.address}:8080"
    )
    on(host, "apply", "--policy", policy, status=0)
    answers(host, 8080)
    assert probe.connect(host.address, 8080) == "reset"

    # Unset, the policy's port is where it has to listen.
    host.run(f"rm -r {FOLDER}; {restart_on}")
    answers(host, 11434)
    found = on(host, "check", "--policy", policy, status=2).outcome("ollama-loopback")
    assert (found["status"], found["severity"]) == ("drift", "low")
    (finding,) = found["findings"]
    assert "nothing keeps ollama.service on loopback" in finding["seen"]
    on(host, "apply", "--policy", policy, status=0)
    answers(host, 8080)
