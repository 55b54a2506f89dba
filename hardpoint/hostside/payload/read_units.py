"""Services of the system manager and of each user's manager: what is set, what runs, who is served."""

import os
import pwd

from . import (
    find_units,
    managers,
    read_host,
    sockets,
    unit_commands,
    unit_files,
    unit_settings,
    userio,
)
from .errors import Refusal

PROPERTIES = (
    "Id,LoadState,ActiveState,SubState,UnitFileState,FragmentPath,DropInPaths,NeedDaemonReload,"
    "MainPID,ControlGroup"
)


def read(request):
    """{units: [...], limits: [...]}.

    A unit: {manager, unit, running_manager, load, active, sub, failed, enabled, installed, fragment,
    files, newest, reload_needed, pid, started, settings: {name: [{value, place}]},
    running: {name: value} | None, alive: any process, clients: [text]}. Units that don't exist are left out.
    With "programs" (command_line.py) also every service that runs one, whatever its name, masked ones
    that are named in "units", and in each row `commands` and `running_commands` (unit_commands.py).
    The values of "masked" variables and flags leave as "set", or "" where they are empty.
    """
    found, limits = [], list(read_host.limits())
    if os.path.isdir("/run/systemd/system"):
        _add(_managed("system", None, request), found, limits)
    for user in read_host.visible_people():
        try:
            theirs = userio.as_user(user.pw_name, _of_user, user.pw_name, request, timeout=15)
        except Refusal as problem:
            limits.append({"subject": user.pw_name, "reason": problem.message})
            continue
        _add(theirs, found, limits)
    _add_processes(found, request)
    unit_commands.mask(found, request.get("masked", []))
    return {"units": found, "limits": limits}


def _add(theirs, found, limits):
    found += theirs[0]
    limits += [limit for limit in theirs[1] if limit not in limits]


def _of_user(name, request):
    user = pwd.getpwnam(name)
    if managers.running(user):
        try:
            return _managed(name, user, request)
        except OSError as error:
            if not managers.unreachable(error):
                raise
    base = unit_files.environment_d(user)
    names, limits = _candidates(name, user, request)
    named = [one for one in names if not find_units.is_template(one)]
    rows = {unit: _asleep(user, unit, request, base) for unit in _both(request["units"], named)}
    return [row for unit, row in rows.items() if row and _wanted(unit, row, request)], limits


def _managed(manager, user, request):
    """(units as a running manager knows them, limits)."""
    base = managers.environment(manager, user)
    names, limits = _candidates(manager, user, request)
    named = [name for name in names if not find_units.is_template(name)]
    if len(named) < len(names):
        named = _both(named, _instances(user, set(names) - set(named)))
    found, seen, wanted = [], set(), _both(request["units"], named)
    for name, shown in zip(wanted, _show(user, wanted)):
        masked = "programs" in request and shown.get("LoadState") == "masked"
        if shown["Id"] in seen or (_cannot_run(shown) and not masked):
            continue
        seen.add(shown["Id"])
        files = [p for p in [shown.get("FragmentPath")] + shown.get("DropInPaths", "").split() if p]
        on_disk = unit_files.on_disk(user, shown["Id"], files)
        unit = _unit(manager, user, shown["Id"], files, request, base)
        unit.update(
            running_manager=True,
            load=shown.get("LoadState", ""),
            active=shown.get("ActiveState", ""),
            sub=shown.get("SubState", ""),
            failed=shown.get("ActiveState") == "failed",
            enabled=shown.get("UnitFileState", ""),
            reload_needed=shown.get("NeedDaemonReload") == "yes" or _unread(files, on_disk),
            pid=int(shown.get("MainPID") or 0),
            cgroup=shown.get("ControlGroup", ""),
        )
        if unit["reload_needed"] or not unit["pid"]:
            unit.update(_unit(manager, user, shown["Id"], on_disk, request, base))
        if _wanted(name, unit, request):
            found.append(unit)
    return found, limits


def _candidates(manager, user, request):
    """(services whose files name one of the programs, limits)."""
    if not request.get("programs"):
        return [], []
    runtime = "/run/user/%d" % user.pw_uid if user else "/run"
    folders = unit_files.roots(user)
    folders += ["%s/systemd/%s" % (runtime, folder) for folder in find_units.TRANSIENT]
    names, unread = find_units.candidates(folders, request["programs"])
    reason = "%s can't be read: which program it runs is not known"
    return names, [{"subject": manager, "reason": reason % path} for path in unread]


def _both(one, other):
    return list(dict.fromkeys([*one, *other]))


def _instances(user, templates):
    """Instances of templates that the manager has loaded."""
    patterns = [name.replace("@.", "@*.") for name in sorted(templates)]
    command = ["list-units", "--all", "--plain", "--no-legend", "--no-pager", *patterns]
    lines = managers.systemctl(user, command).splitlines()
    return [line.split()[0] for line in lines if line.split()]


def _wanted(name, row, request):
    """Whether it was named, or runs one of the programs."""
    return name in request["units"] or bool(row.get("commands"))


def _cannot_run(shown):
    """Nothing is installed under that name, or it is masked and has stopped."""
    load, active = shown.get("LoadState"), shown.get("ActiveState")
    return load == "not-found" or (load == "masked" and active in ("inactive", "failed"))


def _unread(files, on_disk):
    """Whether there are drop-ins that the manager hasn't read: NeedDaemonReload doesn't tell while
    their folder is younger than the manager's list of folders."""
    known = {os.path.basename(path) for path in files}
    return any(os.path.basename(path) not in known for path in on_disk)


def _asleep(user, unit, request, base):
    """A unit of a user whose manager doesn't run: from its files alone."""
    fragment = unit_files.fragment(unit, user)
    masked = fragment is not None and os.path.realpath(fragment) == "/dev/null"
    if fragment is None or (masked and "programs" not in request):
        return None
    files = [fragment] + unit_files.drop_ins(user, unit)
    found = _unit(user.pw_name, user, unit, files, request, base)
    found.update(
        running_manager=False, load="masked" if masked else "", active="inactive", sub="",
        failed=False, enabled="", reload_needed=False, pid=0,
    )  # fmt: skip
    return found


def _unit(manager, user, name, files, request, base):
    names = request["variables"]
    commands = unit_commands.Commands(files, user, name, base, request)
    return {
        "manager": manager,
        "unit": name,
        "fragment": files[0] if files else "",
        "files": files + commands.environment_files,
        "newest": unit_settings.newest(files + commands.environment_files),
        "settings": {name: commands.chain[name] for name in names},
        "installed": commands.installed(),
        **({"commands": commands.rows()} if request.get("programs") else {}),
    }


def _show(user, units):
    if not units:  # systemctl would show the manager
        return []
    blocks = managers.systemctl(user, ["show", "-p", PROPERTIES, "--", *units]).split("\n\n")
    return [dict(line.split("=", 1) for line in b.splitlines() if "=" in line) for b in blocks if b]


def _add_processes(found, request):
    """Start time, environment and clients of what runs, asked as who we are (root sees them all)."""
    rows = sockets.table()
    for unit in found:
        inside = [int(pid) for pid in _processes(unit.pop("cgroup", ""))]
        # a service that leaves its program behind (Type=oneshot) has no main process
        pid = unit.get("pid", 0) or next(iter(inside), 0)
        unit["alive"] = bool(pid)
        unit["started"] = sockets.started(pid) if pid else None
        unit["running"] = sockets.environment(pid, request["variables"]) if pid else None
        if request.get("programs"):
            unit["running_commands"] = unit_commands.running(pid, request) if pid else None
        unit["clients"] = _clients(inside, rows)


def _clients(pids, rows):
    """Connections that a service is serving now, as `address:port`; its own inner ones left out."""
    inodes = set()
    for pid in pids:
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
    if not cgroup:  # it doesn't run
        return []
    for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"):
        try:
            with open(root + cgroup + "/cgroup.procs", encoding="ascii") as procs:
                return procs.read().split()
        except OSError:
            continue
    return []
