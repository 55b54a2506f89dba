"""The fleet of inventories/example, badly configured: `python -m tests.lab up` leaves it running."""

from __future__ import annotations

import json
from collections.abc import Callable

from . import services
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


QUADLET = "/etc/containers/systemd/models.container"
QUADLET_TEXT = """[Unit]
Description=The team's models

[Container]
Image=docker.io/ollama/ollama
PublishPort=8434:11434

[Install]
WantedBy=multi-user.target
"""


def boot_all(lab: Lab) -> list[Host]:
    """Boot the hosts of inventories/example."""
    hosts = []
    for name, (distro, layers, misconfigure) in FLEET.items():
        hosts.append(lab.boot(name, distro, layers))
        misconfigure(hosts[-1])
    return hosts


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


def share_models(host: Host) -> None:
    """Ollama as on `expose_by_environment_file`, and podman publishes the team's model server."""
    expose_by_environment_file(host)
    services.load_image(host)
    host.write(QUADLET, QUADLET_TEXT)
    host.run("systemctl daemon-reload && systemctl start models.service")


def expose_by_environment_file(host: Host) -> None:
    """An EnvironmentFile= wins over a drop-in's loopback; any page may ask; bob exports it too."""
    host.write("/etc/default/ollama", "OLLAMA_HOST=0.0.0.0:11434\nOLLAMA_ORIGINS=*\n")
    loopback = "Environment=OLLAMA_HOST=127.0.0.1:11434"
    host.write(DROP_IN, f"[Service]\n{loopback}\nEnvironmentFile=/etc/default/ollama\n")
    bashrc = host.read("/home/bob/.bashrc").decode()
    host.write("/home/bob/.bashrc", f"{bashrc}\nexport OLLAMA_HOST=0.0.0.0\n", owner="bob:bob")
    host.run("systemctl daemon-reload && systemctl restart ollama")


# name -> distribution, layers, what is wrong there
FLEET: dict[str, tuple[str, tuple[str, ...], Callable[[Host], None]]] = {
    "lena-laptop": ("debian12", ("ollama",), expose_by_drop_in),
    "omar-laptop": ("debian13", ("ollama", "lmstudio"), expose_by_user),
    "gpu-1": ("debian13", ("ollama", "podman"), share_models),
}
