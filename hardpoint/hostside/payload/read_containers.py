"""Containers of docker and podman, of the system and of every user, and what they publish."""

import os
import pwd

from . import container, docker, homes, podman, read_host, userio
from .errors import Refusal


def read(request):
    """{containers: [...], daemons: [...], limits}.

    A container: {engine: docker | podman, user: None | "alice", id, name, image, running, network:
    host | bridge | container:NAME | ..., ports: [{host_ip, host_port, container_port, protocol}],
    unit, transient: bool, compose: {project, service, files} | None, started}. Ports on the network "host" are what its
    processes listen on. A daemon: {engine, user, running, version, default_address,
    network_address, config, arguments: [names of keys], stale, live_restore, tcp: [{address, port,
    tls, place}]}. An engine that is not there has no rows.
    """
    running = container.processes()
    conmons = container.conmons(running)
    found, daemons, limits = _of_system(running, conmons)
    for one in _others(running):
        theirs, unseen = _looked_at(one, running, conmons)
        found, limits = found + theirs["containers"], limits + unseen
        daemons += theirs["daemons"]
    rows, unseen = homes.look(_in_home, running, conmons)
    for row in rows:
        found += row["containers"]
        daemons += row["daemons"]
    docker.name_units([row for row in found if row["engine"] == "docker"], running)
    container.add_listeners(found)
    limits += unseen + [limit for row in found for limit in _cut(row)]
    return {"containers": found, "daemons": daemons + _services(running), "limits": limits}


def _cut(row):
    if len(row["ports"]) >= container.MOST_PORTS:
        reason = "%s publishes more than the %d ports that were looked at"
        subject = row["user"] or "system"
        yield {"subject": subject, "reason": reason % (row["name"], container.MOST_PORTS)}


def _of_system(running, conmons):
    found, daemons, limits = docker.of_system(running)
    theirs = {one: row for one, row in conmons.items() if row["uid"] == 0}
    if os.geteuid() == 0:
        rows, unseen = podman.containers(podman.roots_of(None), theirs, None)
        found, limits = found + rows, limits + unseen
    elif theirs or os.path.isdir(os.path.dirname(podman.SYSTEM_ROOT)):
        limits.append("needs root to see the system's podman containers: run with sudo")
    return found, daemons, [{"subject": "system", "reason": reason} for reason in limits]


def _in_home(name, running, conmons):
    """([{containers, daemons}], limits) of one user; called as that user."""
    user = pwd.getpwnam(name)
    if user.pw_uid == 0:
        return [], []  # root's own are the system's
    theirs = {one: row for one, row in conmons.items() if row["uid"] == user.pw_uid}
    found, reasons = podman.containers(podman.roots_of(user.pw_dir), theirs, name)
    rows, daemons, more = docker.of_user(name, user.pw_dir, user.pw_uid, running)
    limits = [{"subject": name, "reason": reason} for reason in reasons + more]
    return [{"containers": found + rows, "daemons": daemons}], limits


def _others(running):
    """Accounts that run containers and are no people: a service's own."""
    people = {user.pw_uid for user in read_host.people()} | {0}
    found = []
    for uid in sorted({one["uid"] for one in running} - people):
        try:
            found.append(pwd.getpwuid(uid))
        except KeyError:
            continue  # of a namespace of its own: a container in a container
    return [user for user in found if os.geteuid() in (0, user.pw_uid)]


def _looked_at(user, running, conmons):
    name = user.pw_name
    nothing = {"containers": [], "daemons": []}
    try:
        rows, limits = userio.as_user(name, _in_home, name, running, conmons)
    except Refusal as problem:
        return nothing, [{"subject": name, "reason": problem.message}]
    return rows[0] if rows else nothing, limits


def _services(running):
    """podman's API, where somebody serves it on the network."""
    found = []
    for one in running:
        words = one["arguments"]
        hosts = [word for word in words if word.startswith("tcp:")]
        if one["name"] != "podman" or "service" not in words or not hosts:
            continue
        unit = container.unit_of(one["pid"])
        place = "ExecStart= of " + unit if unit else "podman system service"
        found.append(
            {
                "engine": "podman",
                "user": None if one["uid"] == 0 else _name(one["uid"]),
                "running": True,
                "version": "",
                "default_address": container.ANY,
                "network_address": container.ANY,
                "config": "",
                "arguments": [],
                "stale": False,
                "live_restore": True,
                "tcp": docker.tcp(one["pid"], hosts, set(), place),
            }
        )
    return found


def _name(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
