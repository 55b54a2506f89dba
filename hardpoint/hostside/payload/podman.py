"""podman's containers, from its own database: `podman ps` takes locks, and writes files even so.

A database is read without a lock, and again if it was written meanwhile. What runs is told by
conmon, the process that podman leaves beside each container.
"""

import contextlib
import json
import os
import re
import time
import urllib.parse

from . import bolt, container, sockets, userio
from .errors import Refusal

SYSTEM_ROOT = "/var/lib/containers/storage"
HOME_ROOT = ".local/share/containers/storage"
SYSTEM_STORAGE = ("/etc/containers/storage.conf", "/usr/share/containers/storage.conf")
HOME_STORAGE = ".config/containers/storage.conf"
RUNNING, PAUSED = 3, 5  # libpod's numbers of states
READS, PAUSE = 6, 0.05


def containers(roots, conmons, user):
    """([containers], limits) of one user's storage; called as that user.

    `roots` are folders of storage that may exist; `conmons`: {container's id: its conmon}.
    """
    found, limits, known = [], [], set()
    places = dict.fromkeys(roots + [one["root"] for one in conmons.values() if one["root"]])
    for root in places:
        try:
            rows = _rows(root)
        except (Refusal, ValueError) as problem:
            reason = problem.about(root) if isinstance(problem, Refusal) else str(problem)
            limits.append("podman's database in %s can't be read: %s" % (root, reason))
            continue
        found += [_container(row, rows, conmons, user) for row in rows.values()]
        known |= set(rows)
    for one in set(conmons) - known:
        name = conmons[one]["name"] or one[:12]
        limits.append("podman runs the container %s, which no database that we can read has" % name)
    return [row for row in found if row], limits


def roots_of(home, extra=()):
    """Where storage may lie: the default, what storage.conf says, and `extra`."""
    if home is None:
        places, names, root = SYSTEM_STORAGE, ("graphroot",), SYSTEM_ROOT
    else:
        places = (os.path.join(home, HOME_STORAGE),) + SYSTEM_STORAGE
        names, root = ("rootless_storage_path",), os.path.join(home, HOME_ROOT)
    said = [
        value
        for place in places
        for value in _said(place, names + (("graphroot",) if home and home in place else ()))
    ]
    return list(dict.fromkeys([root, *said, *extra]))


def _said(path, names):
    """The values of simple keys of a TOML file that are whole paths."""
    with contextlib.suppress(Refusal, OSError):
        text = userio.read(path).decode("utf-8", "replace")
        found = re.findall(r'(?m)^\s*(\w+)\s*=\s*["\'](/[^"\'$]+)["\']', text)
        return [os.path.normpath(value) for name, value in found if name in names]
    return []


# --- the database ------------------------------------------------------------------------------------------


def _rows(root):
    """{id: {"config", "state"}} of all containers of a storage folder; {} where there is none."""
    rows = _steady(root + "/db.sql", _of_sqlite)
    return _steady(root + "/libpod/bolt_state.db", _of_bolt) or {} if rows is None else rows


def _steady(path, parse):
    """What `parse` makes of a file while nobody writes it; None where there is none."""
    problem = ValueError("it changes all the time")
    for _ in range(READS):
        before = userio.snapshot(path)
        if before["kind"] == "absent":
            return None
        if before["kind"] != "regular":
            raise ValueError("it is no regular file")
        try:
            rows = parse(path, before["content"])
            # SQLite's journal is there while it writes
            if userio.snapshot(path + "-journal").get("content", b"") == b"":
                if userio.snapshot(path).get("mark") == before["mark"]:
                    return rows
        except ValueError as error:  # torn, or really malformed
            problem = error
        time.sleep(PAUSE)
    raise problem


def _of_sqlite(path, content):
    """By the file itself, but immutable: SQLite takes no lock and writes nothing then."""
    import sqlite3

    place = "file:%s?mode=ro&immutable=1" % urllib.parse.quote(path)
    try:
        with contextlib.closing(sqlite3.connect(place, uri=True)) as database:
            rows = database.execute(
                "SELECT c.ID, c.JSON, s.JSON FROM ContainerConfig c"
                " JOIN ContainerState s ON s.ID = c.ID LIMIT %d" % container.MOST
            ).fetchall()
    except sqlite3.Error as error:
        raise ValueError("SQLite: %s" % error) from None
    return {one: {"config": _json(config), "state": _json(state)} for one, config, state in rows}


def _of_bolt(path, data):
    found = {}
    for one, _ in bolt.items(data, b"ctr")[: container.MOST]:
        parts = dict(bolt.items(data, b"ctr", one))
        found[one.decode("ascii", "replace")] = {
            "config": _json(parts.get(b"config") or b""),
            "state": _json(parts.get(b"state") or b""),
        }
    return found


def _json(text):
    """An object, or {}: a row that we don't understand is a container of which we know little."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {}


# --- one container -----------------------------------------------------------------------------------------


def _container(row, rows, conmons, user):
    """A container as the read tells it; None for the pause container of a pod."""
    config, state = row["config"], row["state"]
    if config.get("pause"):
        return None
    one = container.text(config.get("id"))
    conmon = conmons.get(one)
    publisher = rows.get(container.text(config.get("netNsCtr")), row)["config"]
    labels = container.labels(config.get("labels"))
    unit = container.labels(publisher.get("labels")).get("PODMAN_SYSTEMD_UNIT")
    return container.container(
        engine="podman",
        user=user,
        id=one,
        name=config.get("name"),
        image=config.get("rootfsImageName") or config.get("RawImageName"),
        running=conmon is not None and state.get("state") in (RUNNING, PAUSED),
        network=_network(config, publisher),
        ports=_ports(config, publisher),
        unit=unit or labels.get("PODMAN_SYSTEMD_UNIT") or (conmon or {}).get("unit"),
        labels=labels,
        started=sockets.started(conmon["pid"]) if conmon else None,
    )


def _network(config, publisher):
    if publisher is not config and _network(publisher, publisher) != "host":
        return "container:%s" % container.text(publisher.get("name"))
    if publisher.get("createNetNS"):
        return publisher.get("networkMode") or "bridge"
    spec = publisher.get("spec")
    linux = spec.get("linux") if isinstance(spec, dict) else None
    spaces = linux.get("namespaces") if isinstance(linux, dict) else None
    if not isinstance(spaces, list):
        return "unknown"
    own = [s for s in spaces if isinstance(s, dict) and s.get("type") == "network"]
    if not own:
        return "host"
    return "ns:%s" % own[0]["path"] if own[0].get("path") else "none"


def _ports(config, publisher):
    """What its network publishes: of a pod's, what the image of this container exposes."""
    mappings = publisher.get("newPortMappings") or publisher.get("portMappings") or []
    exposed = config.get("exposedPorts") if publisher is not config else None
    ports = container.mappings(
        (
            mapping.get("host_ip", mapping.get("hostIP")),
            mapping.get("host_port", mapping.get("hostPort")),
            mapping.get("container_port", mapping.get("containerPort")),
            mapping.get("protocol"),
            mapping.get("range"),
        )
        for mapping in (mappings if isinstance(mappings, list) else [])
        if isinstance(mapping, dict)
    )
    if isinstance(exposed, dict) and exposed:
        ports = [port for port in ports if str(port["container_port"]) in exposed]
    return ports
