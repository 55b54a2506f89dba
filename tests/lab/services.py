"""The real AI services of the layers, and the ways in which a workstation starts them.

A service and its layer have the same name. Commands take `{address}`: where to listen. For another
command of a service, `dataclasses.replace` it.
"""

from __future__ import annotations

from dataclasses import dataclass

from .engine_layers import ARCHIVE
from .host import Host

ALL = "0.0.0.0"
UNIT = """[Unit]
Description={name}

[Service]
{environment}ExecStart={command}
Restart=always

[Install]
WantedBy={target}
"""


@dataclass(frozen=True)
class Service:
    """What a test needs to know to start a program and to recognise it from outside."""

    name: str
    port: int
    command: str
    identify: str  # the path of a harmless GET
    answer: str  # a regular expression for what it then says
    distro: str = "debian12"  # whose Python or Node.js it runs on
    environment: tuple[str, ...] = ()  # NAME=value
    patience: float = 240  # seconds until it listens, on a busy machine


SERVICES = {
    service.name: service
    for service in (
        Service(
            "jupyter",
            8888,
            "jupyter lab --no-browser --ip={address}",
            "/api",
            r'\{"version": "\d+\.\d+\.\d+"\}',
        ),
        Service(
            "chroma",
            8000,
            "chroma run --host {address}",
            "/api/v2/version",
            r'"\d+\.\d+\.\d+"',  # of the API
        ),
        Service(
            "streamlit",
            8501,
            "streamlit hello --server.headless true --server.address {address}",
            "/_stcore/health",
            "ok",
        ),
        Service(  # knows no address: it always listens on all of them
            "mcp-everything",
            3001,
            "mcp-server-everything streamableHttp",
            "/mcp",
            '"jsonrpc":"2.0".*No valid session ID',
            distro="debian13",
        ),
    )
}


def start_system_unit(host: Host, service: Service, address: str = ALL, user: str = "alice") -> str:
    """Enable and start it as a unit of the system that runs as a person; returns the unit's name."""
    unit, text = f"{service.name}.service", _unit(service, address, "multi-user.target")
    person = f"[Service]\nUser={user}\nWorkingDirectory=~\n"
    host.write(f"/etc/systemd/system/{unit}", text.replace("[Service]\n", person))
    host.run(f"systemctl daemon-reload && systemctl enable --quiet --now {unit}")
    wait_until_it_answers(host, service)
    return unit


def start_user_unit(host: Host, service: Service, address: str = ALL, user: str = "alice") -> str:
    """The same in a person's own manager, which stays when the person leaves."""
    unit = f"{service.name}.service"
    path = f"/home/{user}/.config/systemd/user/{unit}"
    host.write(path, _unit(service, address, "default.target"), owner=f"{user}:{user}")
    keep_manager(host, user)
    enable = f"systemctl --user daemon-reload && systemctl --user enable --quiet --now {unit}"
    host.run(enable, user, session=True)
    wait_until_it_answers(host, service)
    return unit


def start_by_hand(host: Host, service: Service, address: str = ALL, user: str = "alice") -> None:
    """As from a terminal that the person has left since."""
    command = " ".join(["env", *service.environment, service.command.format(address=address)])
    host.run(f"setsid -f runuser -l {user} -c '{command}' </dev/null >/dev/null 2>&1")
    wait_until_it_answers(host, service)


def wait_until_it_answers(host: Host, service: Service) -> None:
    """Returns when something speaks HTTP on the service's port; a LabError if nothing does."""
    url = f"http://127.0.0.1:{service.port}/"
    asking = f"until curl --silent --output /dev/null {url}; do sleep 0.1; done"
    host.run(asking, timeout=service.patience)


def keep_manager(host: Host, user: str) -> None:
    """Start the person's own service manager, as it is for one who lingers."""
    host.run(f"loginctl enable-linger {user} && systemctl start user@$(id -u {user}).service")


def run_container(host: Host, arguments: str, engine: str = "podman", user: str = "root") -> str:
    """`run --detach` of Ollama's image with these arguments; returns the container's ID."""
    if user != "root":
        keep_manager(host, user)
    load_image(host, engine, user)
    command = f"{engine} run --detach {arguments} ollama/ollama"
    return host.run(command, user, session=user != "root").stdout.strip()


def load_image(host: Host, engine: str = "podman", user: str = "root") -> None:
    """Ollama's image into the engine's store; it costs a second."""
    host.run(f"{engine} load --quiet --input {ARCHIVE}", user, session=user != "root")


def _unit(service: Service, address: str, target: str) -> str:
    environment = "".join(f"Environment={setting}\n" for setting in service.environment)
    command = service.command.format(address=address)
    return UNIT.format(name=service.name, environment=environment, command=command, target=target)
