"""Which coding agents are installed, for whom, where and in which version; none of them is started."""

import glob
import os
import pwd
import stat

from . import homes, install_places, installs, prefixes, projects, userio
from .errors import Refusal

MAX_STEPS = 100


def read(request):
    """{agents: [{agent, user, path, version, how, running}], limits: [...]}.

    `request["agents"]` is the catalogue's part (see installs.py). `user`: in whose home, None for the
    system. `path`: the program on a path where there is one, else the package or the installer's folder.
    `version`: None where no file says it. `how`: npm, installer, python, application, program; project
    for an npm package of a project; kept for an older version that an installer keeps beside the one in use.
    """
    agents = request["agents"]
    found, limits = homes.look(_in_home, agents)
    for owner, places in _of_system(agents).items():
        try:
            found = userio.as_user(owner, _judge, agents, None, places) + found
        except Refusal as problem:
            limits.append({"subject": None, "reason": problem.message})
    rows, running = _once(found), _running()
    for row in rows:
        places = (row["path"], row["key"], row.pop("key") + "/")
        row["running"] = any(one in places or one.startswith(places[2]) for one in running)
    return {"agents": rows, "limits": limits}


def _running():
    """Paths of what runs now, and of the scripts that interpreters run; one that was replaced still counts."""
    found = set()
    for process in glob.glob("/proc/[0-9]*"):
        try:
            with open(process + "/cmdline", "rb") as file:
                words = file.read(8192).decode("utf-8", "replace").split("\0")[:3]
            found.update(word for word in words if word.startswith("/"))
            found.add(os.readlink(process + "/exe").removesuffix(" (deleted)"))
        except OSError:
            continue
    return found


def _of_system(agents):
    """What to look at outside the homes, by whom to look as: {owner: {agent: [programs, packages]}}."""
    bins, modules = install_places.of_system()
    found = {}
    for agent in agents:
        for number, paths in enumerate(_candidates(agent, bins, modules)):
            for path in paths:
                places = found.setdefault(_whose(path), {})
                places.setdefault(agent["id"], [[], []])[number].append(path)
    return found


def _candidates(agent, bins, modules):
    programs = [os.path.join(folder, name) for folder in bins for name in agent["programs"]]
    return programs, [
        os.path.join(folder, name) for folder in modules for name in agent["packages"]
    ]


def _whose(path):
    """Whom to be for looking at a path of the system: links may lead out of what is root's alone."""
    if os.geteuid():
        return None
    done, ahead = "/", path.split("/")
    for _ in range(MAX_STEPS):
        if not ahead:
            break
        part = ahead.pop(0)
        if part in ("", "."):
            continue
        here = os.path.dirname(done) if part == ".." else os.path.join(done, part)
        try:
            info = os.lstat(here)
        except OSError:
            break
        if info.st_uid:
            return prefixes.account(info.st_uid)
        if stat.S_ISLNK(info.st_mode):
            target = os.readlink(here)
            done, ahead = "/" if target.startswith("/") else done, [*target.split("/"), *ahead]
        else:
            done = here
    return None


def _in_home(name, agents):
    home = pwd.getpwnam(name).pw_dir
    bins, modules = install_places.of_home(home)
    places = {agent["id"]: _candidates(agent, bins, modules) for agent in agents}
    rows = _judge(agents, name, places)
    folders, more = projects.below([home], marks=("node_modules",))
    inner = [os.path.join(folder, "node_modules") for folder in folders if folder != home]
    for agent in agents:
        for row in installs.by_package(_candidates(agent, (), inner)[1]):
            rows.append({"agent": agent["id"], "user": name, **row, "how": "project"})
    if not more:
        return rows, []
    reason = "%s has too many folders to look for agents in all projects" % home
    return rows, [{"subject": name, "reason": reason}]


def _judge(agents, user, places):
    """The installs of a user, or of the system for user None; the home is that of who looks."""
    home = pwd.getpwuid(os.geteuid()).pw_dir
    found = []
    for agent in agents:
        programs, packages = places.get(agent["id"], ([], []))
        started = list(installs.by_program(agent, home, programs))
        rows = [*started, *installs.by_package(packages)]
        rows += _kept(started, installs.by_place(agent, home if user else "/"))
        found += [{"agent": agent["id"], "user": user, **row} for row in rows]
    return found


def _kept(started, placed):
    """What an installer left beside the version that its program starts is only kept."""
    used = {os.path.dirname(row["key"]) for row in started if row["how"] == "installer"}
    return [
        {**row, "how": "kept"} if os.path.dirname(row["key"]) in used else row for row in placed
    ]


def _once(rows):
    """Each install once for the system or a user, by the first path that leads to it."""
    system = {(row["agent"], row["key"]) for row in rows if row["user"] is None}
    found = {}
    for row in rows:
        key = (row["agent"], row["key"])
        if row["user"] is None or key not in system:
            found.setdefault((row["user"], *key), row)
    return sorted(found.values(), key=lambda row: (row["user"] or "", row["agent"], row["path"]))
