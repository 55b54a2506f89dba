"""Services of the system manager and of each user's manager: what is set, what runs, who is served."""

import os
import pwd
import subprocess

from . import read_host, sockets, unit_settings, userio
from .errors import Refusal

PROPERTIES = (
    "Id,LoadState,ActiveState,SubState,UnitFileState,FragmentPath,DropInPaths,NeedDaemonReload,"
    "MainPID,ControlGroup"
)
SECONDS = 8
USER_UNIT_PATHS = (
    "{home}/.config/systemd/user",
    "/etc/systemd/user",
    "/run/systemd/user",
    "{home}/.local/share/systemd/user",
    "/usr/local/share/systemd/user",
    "/usr/share/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user",
)
SYSTEM_UNIT_PATHS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
)


def read(request):
    """{units: [...], limits: [...]}.

    A unit: {manager, unit, running_manager, load, active, enabled, fragment, files, newest,
    reload_needed, pid, started, settings: {name: [{value, place}]}, running: {name: value} | None,
    clients: [text]}. Units that don't exist are left out.
    """
    names, units = request["variables"], request["units"]
    found, limits = [], list(read_host.limits())
    if os.path.isdir("/run/systemd/system"):
        found += _managed("system", None, units, names)
    for user in read_host.visible_people():
        try:
            found += userio.as_user(user.pw_name, _of_user, user.pw_name, units, names, timeout=15)
        except Refusal as problem:
            limits.append({"subject": user.pw_name, "reason": problem.message})
    _add_processes(found, names)
    return {"units": found, "limits": limits}


def _of_user(name, units, names):
    user = pwd.getpwnam(name)
    runtime = "/run/user/%d" % user.pw_uid
    if os.path.exists(runtime + "/systemd/private"):
        try:
            return _managed(name, user, units, names)
        except OSError as error:  # the socket outlives a manager that ends, and is there before it
            if "connect" not in str(error).lower():
                raise
    return [found for found in (_asleep(user, unit, names) for unit in units) if found]


def _managed(manager, user, units, names):
    """Units as a running manager knows them."""
    base = _manager_environment(manager, user, names)
    found = []
    for shown in _show(user, units):
        if _cannot_run(shown):
            continue
        files = [p for p in [shown.get("FragmentPath")] + shown.get("DropInPaths", "").split() if p]
        on_disk = _on_disk(manager, user, shown["Id"], files)
        unit = _unit(manager, user, shown["Id"], files, names, base)
        unit.update(
            running_manager=True,
            load=shown.get("LoadState", ""),
            active=shown.get("ActiveState", ""),
            enabled=shown.get("UnitFileState", ""),
            reload_needed=shown.get("NeedDaemonReload") == "yes" or _unread(files, on_disk),
            pid=int(shown.get("MainPID") or 0),
            cgroup=shown.get("ControlGroup", ""),
        )
        if unit["reload_needed"] or not unit["pid"]:
            unit.update(_unit(manager, user, shown["Id"], on_disk, names, base))
        found.append(unit)
    return found


def _cannot_run(shown):
    """Nothing is installed under that name, or it is masked and has stopped."""
    load, active = shown.get("LoadState"), shown.get("ActiveState")
    return load == "not-found" or (load == "masked" and active in ("inactive", "failed"))


def _on_disk(manager, user, name, files):
    """The files that the manager will read when it is told to read again."""
    return files[:1] + _drop_ins(_drop_in_directories(manager, user, name)) if files else []


def _unread(files, on_disk):
    """Whether there are drop-ins that the manager hasn't read: NeedDaemonReload doesn't tell while
    their folder is younger than the manager's list of folders."""
    known = {os.path.basename(path) for path in files}
    return any(os.path.basename(path) not in known for path in on_disk)


def _asleep(user, unit, names):
    """A unit of a user whose manager doesn't run: from its files alone."""
    fragment = next(
        (p for p in (_path(d, user) + "/" + unit for d in USER_UNIT_PATHS) if os.path.lexists(p)),
        None,
    )
    if fragment is None or os.path.realpath(fragment) == "/dev/null":  # absent, or masked
        return None
    files = [fragment] + _drop_ins(_drop_in_directories(user.pw_name, user, unit))
    found = _unit(user.pw_name, user, unit, files, names, _environment_d(user, names))
    found.update(
        running_manager=False, load="", active="inactive", enabled="", reload_needed=False, pid=0
    )
    return found


def _unit(manager, user, name, files, names, base):
    specifiers = _specifiers(name, user)
    chain, environment_files = unit_settings.effective(files, names, base, _text, specifiers)
    everything = files + environment_files
    return {
        "manager": manager,
        "unit": name,
        "fragment": files[0] if files else "",
        "files": everything,
        "newest": unit_settings.newest(everything),
        "settings": chain,
    }


def _specifiers(unit, user):
    """Those of systemd.unit(5) that paths and addresses are made of."""
    home, name, uid = (user.pw_dir, user.pw_name, user.pw_uid) if user else ("/root", "root", 0)
    stem, host = unit.rpartition(".")[0], os.uname().nodename
    folders = (
        {"t": "/run/user/%d" % uid, "E": home + "/.config", "C": home + "/.cache"}
        if user
        else {"t": "/run", "E": "/etc", "C": "/var/cache", "S": "/var/lib", "L": "/var/log"}
    )
    return {
        "%": "%", "h": home, "u": name, "U": str(uid), "n": unit, "N": stem,
        "p": stem.partition("@")[0], "i": stem.partition("@")[2], "H": host,
        "l": host.partition(".")[0], **folders,
    }  # fmt: skip


def _drop_in_directories(manager, user, unit):
    system = manager == "system"
    roots = SYSTEM_UNIT_PATHS if system else [_path(root, user) for root in USER_UNIT_PATHS]
    return ["%s/%s.d" % (root, name) for name in _drop_in_names(unit) for root in roots]


def _drop_in_names(unit):
    """ollama-gpu@1.service: itself, ollama-gpu@.service, ollama-.service, and service."""
    stem, _, kind = unit.rpartition(".")
    prefix, at, _ = stem.partition("@")
    dashed = prefix.split("-")[:-1]
    shorter = ["-".join(dashed[:n]) + "-" for n in range(len(dashed), 0, -1)]
    template = [prefix + "@"] if at else []
    return [unit] + ["%s.%s" % (name, kind) for name in template + shorter] + [kind]


def _drop_ins(directories):
    """Drop-ins in the order in which systemd reads them: by name, the first directory's copy wins."""
    chosen = {}
    for directory in directories:
        try:
            names = os.listdir(directory)
        except OSError:
            continue
        for name in names:
            if name.endswith(".conf"):
                chosen.setdefault(name, directory + "/" + name)
    return [chosen[name] for name in sorted(chosen)]


def _path(template, user):
    return template.replace("{home}", user.pw_dir)


def _show(user, units):
    command = ["systemctl"] + (["--user"] if user else []) + ["show", "-p", PROPERTIES] + units
    blocks = _run(command, user).split("\n\n")
    return [dict(line.split("=", 1) for line in b.splitlines() if "=" in line) for b in blocks if b]


def _manager_environment(manager, user, names):
    """What the manager itself hands to every service: set-environment, DefaultEnvironment=, ..."""
    command = ["systemctl"] + (["--user"] if user else []) + ["show-environment"]
    place = "the environment of %s (%s)" % (
        "%s's manager" % manager if user else "the system manager",
        " ".join(command),
    )
    pairs = [line.partition("=")[::2] for line in _run(command, user).splitlines()]
    return [(name, _unquoted(value), place) for name, value in pairs if name in names]


def _unquoted(value):
    """show-environment writes what a shell could misread as $'...'."""
    words = unit_settings.words(value[1:]) if value.startswith("$'") else []
    return words[0] if words else value


def _environment_d(user, names):
    """environment.d as the user's manager will read it at the next login (environment.d(5))."""
    directories = [
        user.pw_dir + "/.config/environment.d",
        "/etc/environment.d",
        "/run/environment.d",
        "/usr/lib/environment.d",
    ]
    pairs = []
    for path in ["/etc/environment"] + _drop_ins(directories):
        pairs += [p for p in unit_settings.file_pairs(path, _text(path)) if p[0] in names]
    return pairs


def _run(command, user):
    environment = dict(os.environ, LC_ALL="C", SYSTEMD_COLORS="0", SYSTEMD_PAGER="")
    if user:
        runtime = "/run/user/%d" % user.pw_uid
        environment["XDG_RUNTIME_DIR"] = runtime
        environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=%s/bus" % runtime
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise OSError("%s: no answer within %d s" % (" ".join(command), SECONDS)) from None
    if done.returncode != 0:
        raise OSError(
            "%s: %s" % (" ".join(command), done.stderr.decode("utf-8", "replace").strip())
        )
    return done.stdout.decode("utf-8", "replace")


def _text(path):
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            return file.read(1024 * 1024).decode("utf-8", "replace")
    except OSError:
        return None


def _add_processes(found, names):
    """Start time, environment and clients of what runs, asked as who we are (root sees them all)."""
    rows = sockets.table()
    for unit in found:
        pid = unit.get("pid", 0)
        unit["started"] = sockets.started(pid) if pid else None
        unit["running"] = sockets.environment(pid, names) if pid else None
        unit["clients"] = _clients(unit.pop("cgroup", ""), rows) if pid else []


def _clients(cgroup, rows):
    """Connections that a service is serving now, as `address:port`; its own inner ones left out."""
    inodes = set()
    for pid in _processes(cgroup):
        inodes |= sockets.inodes_of(pid)
    own = [row for row in rows if row["inode"] in inodes]
    listening = {row["port"] for row in own if row["state"] == sockets.LISTEN}
    inside = {(row["address"], row["port"]) for row in own}
    return [
        ("[%s]:%d" if ":" in row["remote"] else "%s:%d") % (row["remote"], row["remote_port"])
        for row in own
        if row["state"] == sockets.ESTABLISHED
        and row["port"] in listening
        and (row["remote"], row["remote_port"]) not in inside
    ]


def _processes(cgroup):
    for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"):
        try:
            with open(root + cgroup + "/cgroup.procs", encoding="ascii") as procs:
                return procs.read().split()
        except OSError:
            continue
    return []
