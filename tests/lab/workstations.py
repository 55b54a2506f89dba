"""Three badly configured workstations, which `python -m tests.lab up` leaves running."""

from __future__ import annotations

import json

from .host import Host
from .lab import Lab

DROP_IN = "/etc/systemd/system/ollama.service.d/override.conf"
USER_UNIT = """[Unit]
Description=Ollama for this user

[Service]
ExecStart=/usr/local/bin/ollama serve
Environment=OLLAMA_HOST=0.0.0.0:11434
Restart=always

[Install]
WantedBy=default.target
"""
LM_STUDIO_UNIT = """[Unit]
Description=LM Studio's server

[Service]
Type=forking
ExecStart=/usr/local/bin/lms server start
ExecStop=/usr/local/bin/lms server stop

[Install]
WantedBy=default.target
"""


def boot_all(lab: Lab) -> None:
    """Boot alpha, bravo and charlie."""
    expose_by_drop_in(lab.boot("alpha", "debian12", ("ollama",)))
    expose_by_user(lab.boot("bravo", "debian13", ("ollama", "lmstudio")))
    expose_by_environment_file(lab.boot("charlie", "debian12", ("ollama",)))


def expose_by_drop_in(host: Host) -> None:
    """Ollama's system service on every interface, by the drop-in that its documentation teaches."""
    host.write(DROP_IN, '[Service]\nEnvironment="OLLAMA_HOST=0.0.0.0"\n')
    host.run("systemctl daemon-reload && systemctl restart ollama")


def expose_by_user(host: Host) -> None:
    """Alice's Ollama and LM Studio listen on every interface, whether she is logged in or not."""
    units = "/home/alice/.config/systemd/user"
    config = {"networkInterface": "0.0.0.0", "port": 1234, "cors": True}
    host.run("systemctl disable --now ollama")
    host.write(f"{units}/ollama.service", USER_UNIT, owner="alice:alice")
    host.write(f"{units}/lm-studio.service", LM_STUDIO_UNIT, owner="alice:alice")
    settings = "/home/alice/.lmstudio/.internal/http-server-config.json"
    host.write(settings, json.dumps(config, indent=2) + "\n", owner="alice:alice")
    host.run("loginctl enable-linger alice && systemctl start user@$(id -u alice).service")
    host.run("systemctl --user enable --now ollama lm-studio", user="alice", session=True)


def expose_by_environment_file(host: Host) -> None:
    """An EnvironmentFile= wins over a drop-in's loopback; any page may ask; bob exports it too."""
    host.write("/etc/default/ollama", "OLLAMA_HOST=0.0.0.0:11434\nOLLAMA_ORIGINS=*\n")
    loopback = "Environment=OLLAMA_HOST=127.0.0.1:11434"
    host.write(DROP_IN, f"[Service]\n{loopback}\nEnvironmentFile=/etc/default/ollama\n")
    bashrc = host.read("/home/bob/.bashrc").decode()
    host.write("/home/bob/.bashrc", f"{bashrc}\nexport OLLAMA_HOST=0.0.0.0\n", owner="bob:bob")
    host.run("systemctl daemon-reload && systemctl restart ollama")
