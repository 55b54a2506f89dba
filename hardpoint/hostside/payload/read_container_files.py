"""Compose files and Quadlet files: of containers that there are, and in the places where people keep them."""

import glob
import os
import pwd
import time

from . import compose, homes, quadlet, read_containers, read_host, userio
from .errors import Refusal

PLACES = ("/opt/*/", "/srv/*/", "/etc/*/")
DEEPEST, MOST_FOLDERS, SECONDS = 2, 4000, 4
MOST_PROJECTS = 200


def read(request):
    """{projects: [{owner, files, services, notes}], quadlets: [...], limits}.

    `request["compose_files"]`: patterns of paths, absolute or in each home (~/...). A service:
    {name, image, network_mode, line, file, profiles, ports: [{file, line, key, own, said,
    ports}]}; `own`: whether the entry stands there itself, not through an alias. A quadlet: {path,
    user: None | "alice" | "*", owner, kind, name, unit, image, pod, networks,
    network_place, ports}. A file is read as its owner; None: root, or whoever asks.
    """
    patterns = request.get("compose_files", [])
    wanted = {}
    for files in _started() + _of_system(patterns):
        wanted.setdefault(_owner(files[0]), []).append(files)
    projects, limits = _projects(None, wanted.pop(None, []))
    quadlets, reasons = [], []
    for folder, user in [(one, None) for one in quadlet.SYSTEM] + [
        (one, "*") for one in quadlet.USERS
    ]:
        rows, more = quadlet.below(folder, user, None)
        quadlets, reasons = quadlets + rows, reasons + more
    limits += [{"subject": "system", "reason": reason} for reason in reasons]
    rows, unseen = homes.look(_in_home, patterns, wanted)
    for row in rows:
        projects += row["projects"]
        quadlets += row["quadlets"]
    limits += unseen
    for name in sorted(set(wanted) - {user.pw_name for user in read_host.people()}):
        try:  # a service's account, with files of its own
            found, unseen = userio.as_user(name, _projects, name, wanted[name])
        except Refusal as problem:
            found, unseen = [], [{"subject": name, "reason": problem.message}]
        projects, limits = projects + found, limits + unseen
    return {"projects": projects, "quadlets": quadlets, "limits": limits}


def _started():
    """The files of every container that compose has started, most specific lists first."""
    found = [
        tuple(row["compose"]["files"])
        for row in read_containers.read({})["containers"]
        if row["compose"] and row["compose"]["files"]
    ]
    return sorted(set(found), key=lambda files: -len(files))


def _of_system(patterns):
    folders = [folder for place in PLACES for folder in sorted(glob.glob(place))]
    return _in_folders(folders) + [
        (path,) for one in patterns if one.startswith("/") for path in sorted(glob.glob(one))
    ]


def _in_folders(folders):
    found = []
    for folder in folders[:MOST_FOLDERS]:
        try:
            names = compose.files_in(os.listdir(folder))
        except OSError:
            continue
        if names:
            found.append(tuple(os.path.join(folder, name) for name in names))
    return found


def _owner(path):
    """Whose a file is: that of the home it lies in, or else its owner's; None for root's."""
    for user in read_host.people():
        if user.pw_uid and path.startswith(user.pw_dir.rstrip("/") + "/"):
            return user.pw_name
    try:
        uid = os.lstat(path).st_uid
        return pwd.getpwuid(uid).pw_name if uid and os.geteuid() == 0 else None
    except (OSError, KeyError):
        return None


def _in_home(name, patterns, wanted):
    """([{projects, quadlets}], limits) of one user; called as that user."""
    user = pwd.getpwnam(name)
    folders, reasons = _folders(user.pw_dir)
    inside = [
        os.path.join(glob.escape(user.pw_dir), one[2:]) for one in patterns if one[:2] == "~/"
    ]
    named = [(path,) for one in inside for path in sorted(glob.glob(one))]
    projects, limits = _projects(name, wanted.get(name, []) + _in_folders(folders) + named)
    quadlets = []
    places = [
        os.path.join(user.pw_dir, quadlet.HOME),
        "/run/user/%d/containers/systemd" % user.pw_uid,
    ]
    for folder in places if user.pw_uid else []:  # root's are the system's
        rows, more = quadlet.below(folder, name, name)
        quadlets, reasons = quadlets + rows, reasons + more
    limits += [{"subject": name, "reason": reason} for reason in reasons]
    return [{"projects": projects, "quadlets": quadlets}], limits


def _folders(home):
    """(the home and the folders in it to a depth, limits), hidden ones and links left out."""
    found, level, until = [home], [home], time.monotonic() + SECONDS
    for _ in range(DEEPEST):
        below = []
        for folder in level:
            if len(found) + len(below) > MOST_FOLDERS or time.monotonic() > until:
                return found + below, [
                    "%s has too many folders to look for compose files in all" % home
                ]
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except OSError:
                continue
            below += [
                entry.path
                for entry in entries
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            ]
        found, level = found + below, below
    return found, []


def _projects(owner, lists):
    """([projects], limits) of lists of files, each file once: the first list that names it wins."""
    found, limits, seen = [], [], set()
    for files in lists[:MOST_PROJECTS]:
        if files[0] in seen:
            continue
        seen.update(files)
        row, reasons = compose.project(list(files), os.path.dirname(files[0]))
        found.append({"owner": owner, **row})
        limits += [{"subject": owner or "system", "reason": reason} for reason in reasons]
    return found, limits
