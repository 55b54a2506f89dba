"""What a container looks like in our answers, whichever engine runs it, and which processes run it.

An engine's answers are hostile: every value is checked, bounded, and only what is named here leaves
the host. Environments, arguments and other labels stay.
"""

import glob
import os
import re

from . import sockets

MOST = 1000  # containers of one engine
MOST_PORTS = 1000  # of one container
LONGEST = 400
ANY = "0.0.0.0"


def text(value):
    return value[:LONGEST] if isinstance(value, str) and value.isprintable() else ""


def labels(value):
    """The labels that are texts."""
    if not isinstance(value, dict):
        return {}
    return {k: text(v) for k, v in value.items() if isinstance(k, str) and text(v)}


def container(engine, user, id, name, image, running, network, ports, unit, labels, started):
    """One row of the read; arguments that an engine gave may be anything."""
    return {
        "engine": engine,
        "user": user,
        "id": text(id)[:12],
        "name": text(name).lstrip("/"),
        "image": text(image),
        "running": running,
        "network": text(network) or "unknown",
        "ports": ports,
        **run_by(text(unit)),
        "compose": _compose(labels),
        "started": started,
    }


def run_by(unit):
    """{unit, transient}: whether systemd-run made it, so that no file says what it runs."""
    places = ["/run/systemd/transient/", *glob.glob("/run/user/*/systemd/transient/")]
    made = "/" not in unit and any(os.path.isfile(place + unit) for place in places)
    return {"unit": unit, "transient": made}


def _compose(labels):
    """{project, service, files} by the labels that docker compose and podman-compose leave."""
    service = labels.get("com.docker.compose.service") or labels.get("io.podman.compose.service")
    if not service:
        return None
    prefix = "com.docker.compose.project"
    folder = labels.get(prefix + ".working_dir", "")
    names = labels.get(prefix + ".config_files", "").split(",")
    paths = [os.path.normpath(os.path.join(folder, name)) for name in names if name]
    return {
        "project": labels.get(prefix) or labels.get("io.podman.compose.project", ""),
        "service": service,
        "files": [path for path in paths if path.startswith("/")],
    }


def mappings(rows):
    """Ports from (address, port of the host, port of the container, protocol, how many)."""
    found = []
    for address, outside, inside, protocol, count in rows:
        inner = _number(inside)
        if inner is None:
            continue
        outer, many = _number(outside) or 0, _number(count) or 1
        for step in range(min(many, MOST_PORTS - len(found))):
            found.append(
                {
                    "host_ip": text(address) or ANY,
                    "host_port": outer and outer + step,
                    "container_port": inner + step,
                    "protocol": text(protocol) or "tcp",
                }
            )
    return found


def _number(value):
    """A port; None for what is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:6])
    return value if type(value) is int and 0 <= value < 65536 else None


def processes():
    """[{pid, name, uid, arguments}] of the programs that run containers, as far as we may look.

    Those inside of a container are left out: what they run is not this host's.
    """
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/comm" % pid, encoding="utf-8", errors="replace") as file:
                name = file.read().strip()
            if name not in ("conmon", "dockerd", "docker", "podman"):
                continue
            with open("/proc/%s/status" % pid, encoding="utf-8", errors="replace") as file:
                if is_inside(file.read()):
                    continue
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                words = file.read(1 << 20).decode("utf-8", "replace").split("\0")
            uid = os.stat("/proc/" + pid).st_uid
        except OSError:
            continue
        found.append({"pid": int(pid), "name": name, "uid": uid, "arguments": words[:-1]})
    return found


def is_inside(status):
    """Whether a process has a number in a namespace of its own too, by its /proc/PID/status."""
    numbers = re.search(r"(?m)^NSpid:(.*)", status)
    return numbers is not None and len(numbers.group(1).split()) > 1


def unit_of(pid):
    """The unit that a process belongs to, transient ones included; "" for a login."""
    try:
        with open("/proc/%d/cgroup" % pid, encoding="utf-8", errors="replace") as file:
            path = file.read().strip().splitlines()[-1]
    except (OSError, IndexError):
        return ""
    last = [part for part in path.split("/") if part.endswith(".service")][-1:]
    return "" if not last or last[0].startswith("user@") else last[0]


def add_listeners(rows):
    """Puts what the processes of a container on the host's network listen on in the place of ports."""
    on_host = {row["id"]: row for row in rows if row["network"] == "host" and row["running"]}
    inodes = {}
    for pid in filter(str.isdigit, os.listdir("/proc") if on_host else []):
        try:
            with open("/proc/%s/cgroup" % pid, encoding="ascii", errors="replace") as file:
                ids = {one[:12] for one in re.findall("[0-9a-f]{64}", file.read())}
        except OSError:
            continue
        for one in ids & set(on_host):
            inodes.update(dict.fromkeys(sockets.inodes_of(pid), one))
    for row in sockets.table() if inodes else []:
        if row["state"] == sockets.LISTEN and row["inode"] in inodes:
            ports = on_host[inodes[row["inode"]]]["ports"]
            ports += mappings([(row["address"], row["port"], row["port"], "tcp", 1)])


def option(arguments, *names):
    """All values of an option, written `--name value` or `--name=value`."""
    found = []
    for word, following in zip(arguments, arguments[1:] + [""]):
        if word in names:
            found.append(following)
        found += [word[len(n) + 1 :] for n in names if n[:2] == "--" and word.startswith(n + "=")]
    return found


def conmons(running):
    """{container's id: {pid, uid, name, root, unit}} of podman's conmon processes."""
    found = {}
    for one in running:
        words = one["arguments"]
        ids = option(words, "-c", "--cid")
        after = words[words.index("--root") + 1 :] if "--root" in words else []
        by = [os.path.basename(word) for word in option(words, "--exit-command")]
        if one["name"] != "conmon" or not ids or "podman" not in by:  # CRI-O has conmons too
            continue
        # what follows --exit-command is podman's own command line, in --exit-command-arg each
        unit = unit_of(one["pid"])
        root = next((word for word in after if word != "--exit-command-arg"), "")
        found[ids[0]] = {
            "pid": one["pid"],
            "uid": one["uid"],
            "name": (option(words, "-n", "--name") or [""])[0],
            "root": root if root.startswith("/") else "",
            "unit": unit if unit != "podman.service" else "",  # its API, for whoever asked
        }
    return found
