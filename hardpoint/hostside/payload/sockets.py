"""TCP sockets and the processes that own them, from /proc alone: no tool has to be installed."""

import os
import pwd
import re
import time

from .read_host import native_address

LISTEN, ESTABLISHED = "0A", "01"


def table():
    """All TCP sockets: [{state, address, port, remote, remote_port, uid, inode}]."""
    rows = []
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(name, encoding="ascii") as lines:
                next(lines)
                rows += [_row(line.split()) for line in lines]
        except (OSError, StopIteration):
            continue
    return rows


def _row(words):
    address, port = words[1].split(":")
    remote, remote_port = words[2].split(":")
    return {
        "state": words[3],
        "address": native_address(address),
        "port": int(port, 16),
        "remote": native_address(remote),
        "remote_port": int(remote_port, 16),
        "uid": int(words[7]),
        "inode": words[9],
    }


def inodes_of(pid):
    """The inodes of the sockets that a process holds; empty where we may not look."""
    found = set()
    try:
        for entry in os.scandir("/proc/%s/fd" % pid):
            try:
                target = os.readlink(entry.path)
            except OSError:
                continue
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:
        pass
    return found


def owners(inodes):
    """inode -> pid of the first process that holds it, of those that we may look into."""
    found, missing = {}, set(inodes)
    for pid in os.listdir("/proc"):
        if pid.isdigit() and missing:  # browsers hold thousands of others
            held = inodes_of(pid) & missing
            found.update(dict.fromkeys(held, int(pid)))
            missing -= held
    return found


def describe(pid):
    """{pid, comm, program, user, unit, manager, container, started}; manager is system, a user's name,
    or "".

    Arguments and environment stay on the host: they can hold keys.
    """
    owner = _owner(pid)
    cgroup = _text("/proc/%d/cgroup" % pid)
    unit, manager = unit_of(cgroup, owner)
    return {
        "pid": pid,
        "comm": _text("/proc/%d/comm" % pid).strip(),
        "program": _link("/proc/%d/exe" % pid),
        "user": owner,
        "unit": unit,
        "manager": manager,
        "container": container_of(cgroup),
        "started": started(pid),
    }


def unit_of(cgroup, owner):
    """(unit, manager) of a process, by the innermost unit in its cgroup path."""
    path = cgroup.strip().splitlines()[-1] if cgroup.strip() else ""
    inside_user = re.search(r"/user@\d+\.service/(.*)", path)
    services = re.findall(r"([^/]+\.service)", inside_user.group(1) if inside_user else path)
    # Desktops and systemd-run wrap what a person starts in units of their own.
    if not services or services[-1].startswith(("user@", "app-", "run-")):
        return "", ""
    return services[-1], owner if inside_user else "system"


def container_of(cgroup):
    """The short id of the container that a process is in; "" outside."""
    ids = re.findall(r"(?:docker|libpod|crio|cri-containerd)[-/]([0-9a-f]{12})[0-9a-f]{52}", cgroup)
    return ids[-1] if ids else ""


def started(pid):
    """When a process started, seconds since the epoch; None when it is gone."""
    stat = _text("/proc/%d/stat" % pid)
    if not stat:
        return None
    ticks = int(stat.rpartition(")")[2].split()[19])
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.time() - age


def environment(pid, names):
    """The values that a process was started with, of the named variables only; None: not allowed."""
    try:
        with open("/proc/%d/environ" % pid, "rb") as environ:
            pairs = [pair.partition(b"=") for pair in environ.read().split(b"\0") if b"=" in pair]
    except OSError:
        return None
    found = {name.decode("utf-8", "replace"): value for name, _, value in pairs}
    return {n: found[n].decode("utf-8", "replace")[:4096] for n in names if n in found}


def arguments(pid):
    """The words that a process was started with, as it shows them now, a script's with its folder;
    [] where it is gone. For the host alone: they can hold keys."""
    words = _text("/proc/%d/cmdline" % pid).rstrip("\0").split("\0")
    script = next((n for n in range(1, len(words)) if not words[n].startswith("-")), 0)
    if words[script].endswith((".py", ".js")):
        words[script] = os.path.join(_link("/proc/%d/cwd" % pid), words[script])
    return words if words[0] else []


def program(pid):
    """The path of a process's program; "" where it is gone, or we may not know."""
    return _link("/proc/%d/exe" % pid)


def _owner(pid):
    try:
        uid = os.stat("/proc/%d" % pid).st_uid
    except OSError:
        return ""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(65536)
    except OSError:
        return ""


def _link(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""
