"""macOS: what launchd sessions, launch agents and the switches of apps give to a service.

Tested with fixtures only: nothing of it has run on a Mac.
"""

import glob
import os
import plistlib
import pwd
import re
import shlex
import sqlite3
import stat
import urllib.parse

from . import darwin, read_host, userio
from .errors import Refusal

SYSTEM_JOBS = ("/Library/LaunchAgents/*.plist", "/Library/LaunchDaemons/*.plist")
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
_SETENV = re.compile(r"\blaunchctl\s+setenv\s+(\w+)\s+(\S+)")


def read(request):
    """{sessions: [{user, values: {name: value | None}}], jobs: [{user, path, label, name, value, how}],
    switches: [{user, path, column, on}], apps: [{user, path}], limits: [...]}.

    A session is that of a user who is logged in at the screen. `how` is environment, or setenv for a
    job that sets it for all. request: {variables, apps: [bundle names], switches: [{path, table, column}]}.
    """
    names, limits = request["variables"], list(read_host.limits())
    paths = [path for pattern in SYSTEM_JOBS for path in glob.glob(pattern)]
    found = {
        "sessions": [],
        "jobs": _jobs(None, paths, names, limits),
        "switches": [],
        "apps": _apps(None, "/Applications", request["apps"]),
    }
    for user in read_host.visible_people():
        if user.pw_uid == 0:  # nobody logs in at the screen as root
            continue
        try:
            if names and darwin.has_session(user.pw_uid):
                values = {name: darwin.getenv(user.pw_uid, name) for name in names}
                found["sessions"].append({"user": user.pw_name, "values": values})
            theirs = userio.as_user(user.pw_name, _in_home, user.pw_name, request)
        except Refusal as problem:
            limits.append({"subject": user.pw_name, "reason": problem.message})
            continue
        for part in theirs:
            (limits if part == "limits" else found[part]).extend(theirs[part])
    return {**found, "limits": limits}


def _in_home(name, request):
    home, limits = pwd.getpwnam(name).pw_dir, []
    paths = glob.glob(os.path.join(glob.escape(home), "Library/LaunchAgents/*.plist"))
    return {
        "jobs": _jobs(name, paths, request["variables"], limits),
        "switches": _switches(name, home, request["switches"], limits),
        "apps": _apps(name, home + "/Applications", request["apps"]),
        "limits": limits,
    }


def _apps(user, folder, names):
    paths = [os.path.join(folder, name) for name in names]
    return [{"user": user, "path": path} for path in paths if os.path.isdir(path)]


# --- jobs ----------------------------------------------------------------------------------


def _jobs(user, paths, names, limits):
    found = []
    for path in sorted(paths):
        try:
            job = plistlib.loads(userio.read(path))
        except Refusal as problem:
            limits.append({"subject": user or "system", "reason": problem.message})
            continue
        except Exception:  # plistlib's parsers raise whatever they meet
            limits.append({"subject": user or "system", "reason": "%s is no property list" % path})
            continue
        if isinstance(job, dict):
            label = str(job.get("Label", ""))
            found += [
                {
                    "user": user,
                    "path": path,
                    "label": label,
                    "name": name,
                    "value": value,
                    "how": how,
                }
                for name, value, how in assignments(job)
                if name in names
            ]
    return found


def assignments(job):
    """[(name, value, how)]: what a launchd job gives to its own process, or sets for a session."""
    own = job.get("EnvironmentVariables")
    found = [(n, str(v), "environment") for n, v in own.items()] if isinstance(own, dict) else []
    words = [word for word in _list(job.get("ProgramArguments")) if isinstance(word, str)]
    if len(words) == 4 and words[0].endswith("launchctl") and words[1] == "setenv":
        found.append((words[2], words[3], "setenv"))
    elif words:
        scripts = (match.groups() for word in words for match in _SETENV.finditer(word))
        found += [(name, _unquoted(value), "setenv") for name, value in scripts]
    return found


def _list(value):
    return value if isinstance(value, list) else []


def _unquoted(word):
    try:
        return (shlex.split(word.rstrip(";")) or [""])[0]
    except ValueError:
        return word


# --- switches ------------------------------------------------------------------------------


def _switches(user, home, wanted, limits):
    found = []
    for one in wanted:
        path = os.path.join(home, one["path"])
        try:
            if not stat.S_ISREG(os.lstat(path).st_mode):
                raise Refusal("not-regular", "%s is not a regular file" % path)
            on = switch(path, one["table"], one["column"])
        except FileNotFoundError:
            continue
        except (Refusal, OSError, sqlite3.Error) as problem:
            text = getattr(problem, "message", None) or "%s: %s" % (path, problem)
            limits.append({"subject": user, "reason": text})
            continue
        if on is not None:
            found.append({"user": user, "path": path, "column": one["column"], "on": on})
    return found


def switch(path, table, column):
    """The truth of a column of the one row of a table; None where there is no such column yet.

    The app may be running, with changes that are in its -wal file alone. readonly_shm reads both and
    writes neither; without a -wal file nobody has the database open, and immutable makes no -shm."""
    if not _IDENTIFIER.fullmatch(table) or not _IDENTIFIER.fullmatch(column):
        raise Refusal("bad-request", "not the name of a table or column")
    pending = os.path.exists(path + "-wal") and os.path.getsize(path + "-wal") > 0
    if pending and not os.path.exists(path + "-shm"):
        raise Refusal("busy", "%s has changes that its app must read first: open it once" % path)
    how = "mode=ro&readonly_shm=1" if pending else "mode=ro&immutable=1"
    uri = "file:%s?%s" % (urllib.parse.quote(path), how)
    database = sqlite3.connect(uri, uri=True, timeout=2)
    try:
        columns = [row[1] for row in database.execute('PRAGMA table_info("%s")' % table)]
        if column not in columns:  # sqlite reads an unknown name in quotes as a text
            return None
        row = database.execute('SELECT "%s" FROM "%s" LIMIT 1' % (column, table)).fetchone()
    finally:
        database.close()
    return None if row is None else bool(row[0])
