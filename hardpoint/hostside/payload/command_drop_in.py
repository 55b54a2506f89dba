"""Our drop-in that repeats a unit's ExecStart= with other flags, made on the host: arguments can hold keys.

It is made from the ExecStart= lines that would be in force without it, so that what a person changes in
his unit later is followed. Where those lines say what is wanted by themselves, there is none.
"""

import grp
import hashlib
import hmac
import os
import pwd
import stat

from . import exec_lines, managers, read_host, unit_commands, unit_files, userio
from .errors import Refusal

HEAD = """\
# Managed by hardpoint, control %s: the command of the unit, with other flags.
# Take it back: hardpoint rollback --control %s
[Service]
ExecStart=
"""


def compose(request):
    """{"content": bytes or None (no drop-in), "mode": 0o644, "owner": "root:root"}; Refusal with the reason.

    request: {"unit", "scope": system | user, "path": of our drop-in, "control", "programs",
    "flags": {name: value, or None to take it away}, "add": whether to add flags that are not there}"""
    if request["scope"] == "system":
        made = _made("system", None, request)
        if made is None:
            raise Refusal(
                "missing", "%s has no file: it can't be given another command" % request["unit"]
            )
        return {**made, "owner": "root:root"}
    return _of_users(request)


def fingerprint(content):
    """Tells contents apart, and off this host nothing can be guessed from it."""
    try:
        with open("/etc/machine-id", "rb") as file:
            key = file.read()
    except OSError:
        key = b""
    return hmac.new(key, content, hashlib.sha256).hexdigest()


def _of_users(request):
    """One drop-in serves the managers of all users, so it must suit everybody who has such a unit."""
    made = {}
    for user in read_host.visible_people():
        one = userio.as_user(user.pw_name, _of_user, user.pw_name, request)
        if one is not None:
            made[user.pw_name] = one
    unit, names = request["unit"], ", ".join(sorted(made))
    if not made:
        raise Refusal("missing", "no user has a %s" % unit)
    contents = {one["content"] for one in made.values()}
    if len(contents) > 1:
        raise Refusal(
            "conflict",
            "%s of %s run different commands, and one drop-in in /etc/systemd/user would be read by all of"
            " them: let each change the command in his own unit" % (unit, names),
        )
    return {"content": contents.pop(), **_readers(made, unit)}


def _of_user(name, request):
    return _made(name, pwd.getpwnam(name), request)


def _readers(made, unit):
    """Mode and owner: readable for whoever has the unit, and if it can be for nobody else."""
    modes = [one["mode"] for one in made.values()]
    if all(mode & stat.S_IROTH for mode in modes):
        return {"mode": 0o644, "owner": "root:root"}
    groups = {name: _own_group(name) for name in made}
    if len(made) == 1 and all(groups.values()):
        return {"mode": 0o640, "owner": "root:%s" % next(iter(groups.values()))}
    if all(one["files_open"] for one in made.values()):
        return {"mode": 0o644, "owner": "root:root"}
    raise Refusal(
        "permission",
        "%s of %s is private, and a drop-in that repeats its command could be read by others: change the"
        " command in the unit" % (unit, ", ".join(sorted(made))),
    )


def _own_group(name):
    """The group that a user shares with nobody, or None."""
    entry = pwd.getpwnam(name)
    shared = [one for one in pwd.getpwall() if one.pw_gid == entry.pw_gid and one.pw_name != name]
    try:
        group = grp.getgrgid(entry.pw_gid)
    except KeyError:
        return None
    return None if shared or set(group.gr_mem) - {name} else group.gr_name


# --- one manager's unit ------------------------------------------------------------------------------------


def _made(manager, user, request):
    """{"content", "mode", "files_open"}, or None where this manager has no such unit."""
    unit = request["unit"]
    fragment = unit_files.fragment(unit, user)
    if fragment is None or os.path.realpath(fragment) == "/dev/null":
        return None
    every = [fragment, *unit_files.drop_ins(user, unit)]
    files = [path for path in every if path != request["path"]]
    _demand_last(files, request)
    query = {"variables": [], "programs": request["programs"]}
    commands = unit_commands.Commands(files, user, unit, _environment(manager, user), query)
    unread = [path for path, text in commands.texts.items() if text is None]
    if unread:
        raise Refusal("permission", "%s can't be read" % unread[0])
    lines = [
        commands.edited(value, request["flags"], request["add"]) for _, _, value in commands.lines
    ]
    content = None
    if lines != [value for _, _, value in commands.lines]:
        text = HEAD % (request["control"], request["control"])
        content = (text + "".join("ExecStart=%s\n" % line for line in lines)).encode()
    mode, files_open = _strictest(files)
    return {"content": content, "mode": mode, "files_open": files_open}


def _demand_last(files, request):
    """Ours must be the last word: Refusal where a drop-in that is read later sets ExecStart= too."""
    ours = os.path.basename(request["path"])
    for path in files[1:]:
        if os.path.basename(path) > ours and exec_lines.mentioned(unit_files.text(path) or ""):
            raise Refusal(
                "conflict",
                "%s is read after hardpoint's drop-in and sets ExecStart= itself: change it there"
                % path,
            )


def _environment(manager, user):
    if user and not managers.running(user):
        return unit_files.environment_d(user)
    try:
        return managers.environment(manager, user)
    except OSError as error:
        if not user or not managers.unreachable(error):
            raise
        return unit_files.environment_d(user)


def _strictest(files):
    """(mode that lets nobody read what a file of the unit doesn't, whether the files alone are open to all)."""
    mode, reachable = 0o644, True
    for path in files:
        real = os.path.realpath(path)
        mode &= stat.S_IMODE(os.stat(real).st_mode)
        folder = os.path.dirname(real)
        while folder != "/":
            reachable = reachable and bool(os.stat(folder).st_mode & stat.S_IXOTH)
            folder = os.path.dirname(folder)
    files_open = bool(mode & stat.S_IROTH)
    return mode if reachable else mode & ~stat.S_IROTH, files_open
