"""Ollama as a system service, in every place that sets its address."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.hosts.services.conftest import On, answers, findings
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host, Probe

pytestmark = pytest.mark.lab

UNITS = "/etc/systemd/system"
SERVICE = """[Unit]
Description=Ollama, {name}
[Service]
ExecStart={start}
User=ollama
{more}
"""


def place(host: Host, name: str, more: str = "", drop_ins: Mapping[str, str] = {}, **given) -> None:
    """A unit with its drop-ins."""
    start = given.get("start", "/usr/local/bin/ollama serve")
    host.write(f"{UNITS}/{name}.service", SERVICE.format(name=name, start=start, more=more))
    for drop_in, text in drop_ins.items():
        host.write(f"{UNITS}/{name}.service.d/{drop_in}", f"[Service]\n{text}\n")


def policy(tmp_path: Path, **options: object) -> list[str]:
    path = tmp_path / "policy.yaml"
    path.write_text(json.dumps({"options": {"ollama-loopback": options}}))
    return ["--policy", str(path)]


RUNNING = {
    # name: (port, where it answers, the place that says so)
    "in-unit": (9001, "any", "in-unit.service:6"),
    "in-drop-in": (9002, "any", "in-drop-in.service.d/override.conf:2"),
    "in-file": (9003, "any", "/etc/default/in-file:2"),
    "file-beats-inline": (9004, "lan", "/etc/default/file-beats-inline:1"),
    "inline-after-ours": (9005, "any", "inline-after-ours.service.d/zzz-user.conf:2"),
    "v6-alone": (9006, "v6", "v6-alone.service:6"),
    "escaped": (9007, "any", "escaped.service:6"),
    "foreign": (9010, "any", "foreign.service:6"),  # no option names it: its command tells
}
STUBBORN = {
    "beats-ours": (9008, "any", "/etc/default/beats-ours:1"),
    "in-exec-start": (
        9009,
        "any",
        "ExecStart= of /etc/systemd/system/in-exec-start.service says so",
    ),
}
STOPPED = {
    "stopped": "/etc/systemd/system/stopped.service:6",
    "broken": "/etc/systemd/system/broken.service:6",
}


@pytest.fixture
def crowded(workstation: Host) -> Host:
    """Many Ollamas, each exposed from another place."""
    host = workstation
    files = {
        "in-file": "# my settings\nOLLAMA_HOST='http://0.0.0.0:9003'\n",
        "file-beats-inline": f"OLLAMA_HOST={host.address}:9004\n",
        "beats-ours": "OLLAMA_HOST=0.0.0.0:9008\n",
    }
    for name, text in files.items():
        host.write(f"/etc/default/{name}", text)
    inline, file = "Environment=OLLAMA_HOST=", "EnvironmentFile=/etc/default/"
    place(host, "in-unit", f"{inline}:9001")
    place(host, "in-drop-in", drop_ins={"override.conf": 'Environment="OLLAMA_HOST=[::]:9002"'})
    place(host, "in-file", f"{inline}127.0.0.1:9003\n{file}in-file")
    place(
        host,
        "file-beats-inline",
        f"{inline}127.0.0.1:9004",
        {"a.conf": f"{file}file-beats-inline", "b.conf": f"{inline}127.0.0.1:9004"},
    )
    place(host, "inline-after-ours", drop_ins={"zzz-user.conf": f"{inline}0.0.0.0:9005"})
    place(host, "v6-alone", f"{inline}[{host.address6}]:9006\nRestart=always\nRestartSec=1")
    place(host, "escaped", "Environment='OLLAMA_HOST=\\x30.0.0.0:9007'")
    place(host, "beats-ours", drop_ins={"zzz-user.conf": f"{file}beats-ours"})
    by_env = "/usr/bin/env OLLAMA_HOST=0.0.0.0:9009 /usr/local/bin/ollama serve"
    place(host, "in-exec-start", start=by_env)
    place(host, "foreign", f"{inline}0.0.0.0:9010")
    place(host, "stopped", f"{inline}0.0.0.0:9011")
    place(host, "broken", f"{inline}0.0.0.0:9012", start="/bin/false")
    place(host, "masked", f"{inline}0.0.0.0:9013")
    host.write(f"{UNITS}/removed.service.d/x.conf", f"[Service]\n{inline}0.0.0.0:9014\n")
    host.run("mv /etc/systemd/system/masked.service /usr/lib/systemd/system/")
    host.run("systemctl daemon-reload; systemctl mask --quiet masked; systemctl start broken")
    host.run(f"systemctl start {' '.join([*RUNNING, *STUBBORN])}")
    for port, kind, _ in (RUNNING | STUBBORN).values():
        answers(host, port, address=_addresses(host)[kind])
    return host


def _addresses(host: Host) -> dict[str, str]:
    return {"any": "127.0.0.1", "lan": host.address, "v6": f"[{host.address6}]"}


def test_every_place_that_sets_an_address(
    crowded: Host, probe: Probe, on: On, tmp_path: Path
) -> None:
    host = crowded
    known = [*RUNNING, *STUBBORN, *STOPPED, "masked", "removed"]
    units = [f"{name}.service" for name in known if name != "foreign"]
    mine = policy(tmp_path, units=[*units, "ollama.service"])
    pristine = host.snapshot()

    found = on(host, "check", *mine, status=2)
    assert touched(host, pristine) == []
    outcome = found.outcome("ollama-loopback")
    assert (outcome["status"], outcome["severity"]) == ("exposed", "critical")
    seen = findings(found, "ollama-loopback")
    every = RUNNING | STUBBORN
    assert set(seen) == {*(str(port) for port, _, _ in every.values()), *STOPPED.values()}
    for later in STOPPED.values():
        assert seen[later]["seen"] == "Ollama will answer your network when it starts next"
    for name, (port, kind, cause) in every.items():
        finding = seen[str(port)]
        where = f"[{host.address6}]" if kind == "v6" else host.address
        assert finding["seen"] == f"Ollama 0.17.4 answers on {where}:{port}"
        assert finding["who"].startswith("anyone on your network can run, pull and delete models")
        assert cause in finding["why"], name
        assert "; " not in finding["why"]
        assert _open(probe, host, port, kind) == "open"
    planned = [change["summary"] for change in outcome["changes"]]
    assert not [line for line in planned if "masked" in line or "removed" in line]

    on(host, "apply", *mine, status=2)
    for port, kind, _ in RUNNING.values():
        assert _open(probe, host, port, kind) == "reset"
    answers(host, *(port for port, _, _ in RUNNING.values()))
    for name, state in {"stopped": "inactive", "broken": "failed", "masked": "inactive"}.items():
        assert host.run(f"systemctl is-active {name}", check=False).stdout.strip() == state

    left = on(host, "check", *mine, status=2)
    seen = findings(left, "ollama-loopback")
    assert set(seen) == {str(port) for port, _, _ in STUBBORN.values()}
    assert "remove OLLAMA_HOST from /etc/default/beats-ours:1" in seen["9008"]["fix"]
    assert (
        "take OLLAMA_HOST out of ExecStart= of /etc/systemd/system/in-exec" in seen["9009"]["fix"]
    )
    for port, kind, cause in STUBBORN.values():
        assert cause in seen[str(port)]["why"]
        assert _open(probe, host, port, kind) == "open"

    on(host, "rollback", "--control", "ollama-loopback", *mine, status=2)
    assert touched(host, pristine, JOURNAL) == []
    for port, kind, _ in every.values():
        answers(host, port, address=_addresses(host)[kind])
        assert _open(probe, host, port, kind) == "open"


def _open(probe: Probe, host: Host, port: int, kind: str) -> str:
    return probe.connect(host.address6 if kind == "v6" else host.address, port)
