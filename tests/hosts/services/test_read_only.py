"""A check reads: every fact, as root and as a person, leaves the host as it was."""

from __future__ import annotations

import pytest

from hardpoint import hostside
from hardpoint.controls.agents import launcher, rows, watched
from hardpoint.controls.services import catalogue
from hardpoint.hostside import PAYLOAD
from tests.hosts.services.conftest import On, answers
from tests.hosts.upper import touched
from tests.lab import Host

pytestmark = pytest.mark.lab

STUDIO = ".lmstudio/.internal/http-server-config.json"
READS: dict[str, dict] = {
    "host": {},
    "units": {
        "units": ["ollama.service"], "variables": ["OLLAMA_HOST", "OLLAMA_ORIGINS"],
        "programs": ["ollama", "sshd"], "flags": ["-D"], "masked": ["OLLAMA_ORIGINS"],
    },
    "documents": {
        "documents": [
            {"path": STUDIO, "keys": [["networkInterface"], ["cors"]]},
            {"path": "compose.yaml", "format": "yaml", "keys": [["services"]], "or_folder": True},
            {"path": "/etc/x.toml", "format": "toml", "keys": [["a"]], "masked": [["b"]]},
            {
                "path": "{prefix}/etc/jupyter/x.py", "format": "python", "keys": [["ServerApp", "ip"]],
                "programs": ["jupyter-lab", "-m jupyterlab"],
            },
        ]
    },
    "assignments": {
        "variables": ["OLLAMA_HOST"], "commands": [{"programs": ["ollama"], "flags": ["--host"]}],
    },
    "listeners": catalogue.load()[0].asked.listeners(),
    "cross_origin": {"port": 11434, "path": "/api/version", "origin": "https://a.example"},
    "files": {"paths": ["/etc/passwd", "/etc/absent/x"]},
    "setting": {
        "resource": {
            "type": "setting", "path": "/home/alice/.bashrc", "user": "alice", "format": "shell",
            "key": ["OLLAMA_HOST"],
        }
    },
    "tools": {"tools": ["bwrap", "socat", "rg", "srt"]},
    "packages": {"names": ["bash", "no-such-package"]},
    "containers": {},
    "container_files": {"compose_files": ["~/ai/*.yaml"]},
    "trust": {"paths": ["/usr/bin/env", "/home/alice/x/hardpoint", "/absent/hardpoint"]},
    "unit_states": {"units": ["ollama.service", "absent.timer"]},
    "agents": rows.query(),
    "agent_config": watched.query(),
    "agent_processes": launcher.query(),
    "secret_links": {
        "protected": {"home": [".ssh"], "project": [".env"], "exempt": [], "system": ["/etc/shadow"]},
        "roots": ["/srv/work"],
    },
    "audit": {"since": 7, "details": True},
    "launchd": {"variables": ["OLLAMA_HOST"], "apps": [], "switches": []},
    "command_line": {
        "unit": "ollama.service", "scope": "system", "programs": ["ollama"], "control": "ollama-loopback",
        "path": "/etc/systemd/system/ollama.service.d/zz-hardpoint-ollama-loopback-command.conf",
        "flags": {"--host": "127.0.0.1"}, "add": True,
    },
}  # fmt: skip


def test_every_read_is_covered() -> None:
    assert {f"read_{what}" for what in READS} >= {path.stem for path in PAYLOAD.glob("read_*.py")}


def test_nothing_is_written(workstation: Host, on: On) -> None:
    host = workstation
    host.write("/home/alice/.bashrc", "export OLLAMA_HOST=0.0.0.0\n", "alice:alice")
    host.write("/home/alice/compose.yaml", "services: {}\n", "alice:alice")
    host.write("/etc/x.toml", "a = 1\n")
    host.write("/home/alice/venv/bin/jupyter-lab", "", "alice:alice")
    host.write("/home/alice/venv/etc/jupyter/x.py", "c.ServerApp.ip = '*'\n", "alice:alice")
    host.write(f"/home/alice/{STUDIO}", '{"networkInterface": "0.0.0.0"}', "alice:alice")
    host.run("loginctl enable-linger bob")
    host.run("lms server start", user="alice")
    answers(host, 11434, 1234)
    before = host.snapshot()
    for user in ("root", "alice", "nosudo"):
        for what, query in READS.items():
            if not (PAYLOAD / f"read_{what}.py").exists():
                continue
            request = {"do": "read", "what": what, **query}
            done = host.run(hostside.command(request).get_raw_value(), user=user, check=False)
            assert '"internal"' not in done.stdout, (user, what, done.stdout)
            assert done.stdout.startswith('{"ok"'), (user, what, done.stdout + done.stderr)
            assert touched(host, before) == [], (user, what)

    # The same for the whole command, of somebody who is not allowed to use sudo.
    found = on(host, "check", user="nosudo", status=2)
    assert touched(host, before) == []
    assert found.outcome("lm-studio-loopback", "alice")["status"] == "exposed"
    assert found.outcome("ollama-loopback", "alice")["status"] == "unknown"
    assert (
        "only root can look into /home/alice"
        in (found.outcome("ollama-loopback", "alice")["reason"])
    )
