"""docker's containers and daemons, by the Engine API over its own socket, which starts nothing.

A daemon is asked only while its process runs: systemd would start one for whoever connects. What
the API answers (environments, arguments) stays here, but for what container.py names.
"""

import contextlib
import http.client
import json
import os
import socket
import ssl
import time
from datetime import datetime

from . import container, edit_json, sockets, userio
from .errors import Refusal

SYSTEM_CONFIG = "/etc/docker/daemon.json"
HOME_CONFIG = ".config/docker/daemon.json"
SYSTEM_SOCKET = "/run/docker.sock"
SYSTEM_CONTAINERS = "/var/lib/docker/containers"
PROGRAMS = ("/usr/bin/dockerd", "/usr/local/bin/dockerd", "/usr/sbin/dockerd", "/snap/bin/dockerd")
_BY_ARGUMENT = {"ip": "--ip", "default-network-opts": "--default-network-opt"}
BINDING = "com.docker.network.bridge.host_binding_ipv4"
SECONDS, DEADLINE = 3, 12
MOST_BYTES = 16 * 1024 * 1024
MOST_ASKED = 16


class Silent(Exception):
    """A daemon that does not answer as one; the text says why."""


# --- the API -----------------------------------------------------------------------------------------------


class _Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=SECONDS)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(SECONDS)
        self.sock.connect(self._path)


def _get(connection, path):
    """The JSON that a GET answers with."""
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read(MOST_BYTES)
        if answer.status != 200:
            raise Silent("status %d" % answer.status)
        return json.loads(body)
    except PermissionError:
        raise Silent("only root and the group docker may ask it") from None
    except (OSError, http.client.HTTPException) as error:
        raise Silent(str(error) or type(error).__name__) from None
    except (ValueError, RecursionError):
        raise Silent("no JSON came back") from None


def ask(path, user, default):
    """([containers], version, limits) of the daemon behind a socket."""
    connection, found, limits = _Unix(path), [], []
    until = time.monotonic() + DEADLINE
    try:
        version = container.text(_object(_get(connection, "/version")).get("Version"))
        listed = _get(connection, "/containers/json?all=1")
        ids = [_object(one).get("Id") for one in listed if isinstance(listed, list)]
        rows = {}
        for one in [one for one in ids if container.text(one).isalnum()][: container.MOST]:
            if time.monotonic() > until:
                limits.append("docker answered for %d of %d containers" % (len(rows), len(ids)))
                break
            with contextlib.suppress(Silent):  # one that has just gone
                rows[one] = _object(_get(connection, "/containers/%s/json" % one))
        found = [_container(row, rows, user, default) for row in rows.values()]
    finally:
        connection.close()
    return found, version, limits


def _container(row, rows, user, default):
    network = container.text(_object(row.get("HostConfig")).get("NetworkMode")) or "default"
    publisher = rows.get(network[len("container:") :], row)
    state, config = _object(row.get("State")), _object(row.get("Config"))
    labels = container.labels(config.get("Labels"))
    ports = _ports(publisher, default)
    exposed = {str(name).partition("/")[0] for name in _object(config.get("ExposedPorts"))}
    if publisher is not row:
        shared = _object(publisher.get("HostConfig")).get("NetworkMode")
        name = container.text(publisher.get("Name")).lstrip("/")
        network = "host" if shared == "host" else "container:" + name
        ports = [p for p in ports if not exposed or str(p["container_port"]) in exposed]
    return container.container(
        engine="docker",
        user=user,
        id=row.get("Id"),
        name=row.get("Name"),
        image=config.get("Image"),
        running=state.get("Running") is True,
        network="bridge" if network == "default" else network,
        ports=ports,
        unit="",
        labels=labels,
        started=_epoch(state.get("StartedAt")) if state.get("Running") is True else None,
    )


def _ports(row, default):
    """What it publishes now, or, stopped, would."""
    host = _object(row.get("HostConfig"))
    now = _object(_object(row.get("NetworkSettings")).get("Ports"))
    running = _object(row.get("State")).get("Running") is True
    plain = host.get("NetworkMode") in ("default", "bridge")
    rows = []
    for name, bindings in (now if running else _object(host.get("PortBindings"))).items():
        inside, _, protocol = name.partition("/")
        for one in bindings if isinstance(bindings, list) else []:
            binding = _object(one)
            # the daemon's default is that of its own bridge alone
            address = binding.get("HostIp") or (default if plain else container.ANY)
            rows.append((address, binding.get("HostPort"), inside, protocol, 1))
    return container.mappings(rows)


def _object(value):
    return value if isinstance(value, dict) else {}


def _epoch(text):
    with contextlib.suppress(ValueError, TypeError):
        return datetime.fromisoformat(text[:19] + "+00:00").timestamp()
    return None


def name_units(found, running):
    """Puts the unit beside each container whose client (`docker run`, `docker start`) a unit runs."""
    for client in running:
        unit = container.unit_of(client["pid"]) if client["name"] == "docker" else ""
        for row in found if unit else []:
            if {row["name"], "--name=" + row["name"]} & set(client["arguments"]):
                row.update(container.run_by(row["unit"] or unit))


# --- the daemon --------------------------------------------------------------------------------------------


def of_system(running):
    """([containers], [daemons], limits) of the system's docker."""
    processes = [one for one in running if one["name"] == "dockerd" and one["uid"] == 0]
    if not processes and not any(os.path.exists(path) for path in (*PROGRAMS, SYSTEM_CONFIG)):
        return [], [], []
    found, daemons, limits = _daemon(None, SYSTEM_CONFIG, [SYSTEM_SOCKET], processes)
    return found, daemons, limits + ([] if processes else _asleep())


def _asleep():
    """What can't be asked while docker does not run, and may publish once it does."""
    try:
        count = len(os.listdir(SYSTEM_CONTAINERS))
    except OSError:
        return []
    reason = "docker does not run, so that its %d containers can't be seen: systemctl start docker"
    return [reason % count] if count else []


def of_user(user, home, uid, running):
    """The same of a person's own docker; called as that user."""
    processes = [one for one in running if one["name"] == "dockerd" and one["uid"] == uid]
    config = os.path.join(home, HOME_CONFIG)
    if not processes and not os.path.lexists(config):
        return [], [], []
    return _daemon(user, config, ["/run/user/%d/docker.sock" % uid], processes)


def _daemon(user, path, places, processes):
    arguments = processes[0]["arguments"] if processes else []
    path = (container.option(arguments, "--config-file") or [path])[-1]
    said, limits = _settings(path)
    hosts = container.option(arguments, "-H", "--host") + _texts(said.get("hosts"))
    default = (container.option(arguments, "--ip") or _texts([said.get("ip")]) or [container.ANY])[
        -1
    ]
    daemon = {
        "engine": "docker",
        "user": user,
        "running": bool(processes),
        "version": "",
        "default_address": container.text(default),
        "network_address": _binding(said) or container.ANY,
        "config": path,
        "arguments": [
            key for key, name in _BY_ARGUMENT.items() if container.option(arguments, name)
        ],
        "stale": False,
        "live_restore": said.get("live-restore") is True or "--live-restore" in arguments,
        "tcp": [],
    }
    found, published, pid = [], set(), None
    if processes:
        pid = processes[0]["pid"]
        daemon["stale"] = _is_older(pid, path)
        unix = [host[len("unix://") :] for host in hosts if host.startswith("unix://")]
        try:
            found, daemon["version"], more = ask((unix + places)[0], user, default)
            limits += more
        except Silent as problem:
            limits.append("docker's containers can't be seen: %s" % problem)
        published = {port["host_port"] for row in found for port in row["ports"]}
    unit = container.unit_of(pid) if pid else ""
    by_unit = "ExecStart= of " + unit if unit else "the arguments of dockerd"
    place = path if _texts(said.get("hosts")) else by_unit
    verifies = said.get("tlsverify") is True or "--tlsverify" in arguments
    daemon["tcp"] = tcp(pid, hosts, published, place, verifies)
    return found, [daemon], limits


def _is_older(pid, path):
    """Whether a process runs since before the file was written."""
    try:
        return (sockets.started(pid) or 0) < os.lstat(path).st_mtime
    except OSError:
        return False


def _settings(path):
    """(the keys of daemon.json that we look at, limits)."""
    try:
        text = userio.read(path).decode("utf-8")
        keys = ("hosts", "ip", "tls", "tlsverify", "live-restore", "default-network-opts")
        return {key: edit_json.get(text, [key])[1] for key in keys}, []
    except Refusal as problem:
        return {}, [] if problem.code == "missing" else [problem.about(path)]
    except UnicodeDecodeError:
        return {}, ["%s is not UTF-8" % path]


def _binding(said):
    """The address at which networks that compose makes publish, since docker 24."""
    bridge = _object(_object(said.get("default-network-opts")).get("bridge"))
    return container.text(bridge.get(BINDING))


def _texts(value):
    return [one for one in value if container.text(one)] if isinstance(value, list) else []


# --- its API on the network --------------------------------------------------------------------------------


def tcp(pid, hosts, published, place, verifies=False):
    """[{address, port, tls, place}] of a daemon's listeners, and of TCP hosts that it was told.

    `tls`: True, it asks clients for a certificate, or will; False, it answered without; None, nobody
    answers, and it will not ask for one.
    """
    named = [_place_of(host) for host in hosts if host.startswith(("tcp:", "http:"))]
    wanted = {port for _, port in named}
    inodes = sockets.inodes_of(pid) if pid else set()
    found = []
    for row in sockets.table():
        own = row["inode"] in inodes and row["port"] not in published
        if row["state"] != sockets.LISTEN or not (own or row["port"] in wanted):
            continue
        if len(found) < MOST_ASKED:
            verdict = _verifies(row["address"], row["port"])
            if verdict is not None:
                found.append(_tcp(row["address"], row["port"], verdict, place))
    there = {row["port"] for row in found}
    return found + [_tcp(*one, verifies or None, place) for one in named if one[1] not in there]


def _tcp(address, port, tls, place):
    return {"address": address, "port": port, "tls": tls, "place": place}


def _place_of(host):
    """(address, port) of tcp://0.0.0.0:2375 or tcp:host:port."""
    address, _, port = host.partition(":")[2].lstrip("/").rpartition(":")
    port = port.strip("/")
    if not address and not port.isdigit():
        address, port = port, "2375"
    return container.text(address).strip("[]") or container.ANY, int(port) if port.isdigit() else 0


def _verifies(address, port):
    """Whether the Docker API there asks for a client's certificate; None where it is none."""
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
    plain = http.client.HTTPConnection(target, port, timeout=SECONDS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    secure = http.client.HTTPSConnection(target, port, timeout=SECONDS, context=context)
    for connection in (plain, secure):
        with contextlib.suppress(Silent), contextlib.closing(connection):
            if "ApiVersion" in _object(_get(connection, "/version")):
                return False
    return _speaks_tls(target, port, context)


def _speaks_tls(target, port, context):
    """True where a handshake, or the silence after it, says that we lack a certificate."""
    try:
        with socket.create_connection((target, port), timeout=SECONDS) as raw:
            with context.wrap_socket(raw) as wrapped:
                wrapped.recv(1)
                return None
    except ssl.SSLError as error:
        return True if "certificate" in str(error).lower() else None
    except OSError:
        return None
