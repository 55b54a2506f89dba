"""Where login environments and shell profiles set a variable: system files, and every home.

And where desktop entries and crontabs start a program with a variable or a flag.
"""

import glob
import os
import pwd
import re

from . import edit_launchers, edit_lines, find_units, homes, read_host, userio
from .errors import Refusal

MAX_RAW = 200
SYSTEM_FILES = (
    ("/etc/environment", "environment"),
    ("/etc/environment.d/*.conf", "environment"),
    ("/etc/profile", "shell"),
    ("/etc/profile.d/*.sh", "shell"),
    ("/etc/bash.bashrc", "shell"),
    ("/etc/bashrc", "shell"),
    ("/etc/zsh/zshenv", "shell"),
    ("/etc/zsh/zshrc", "shell"),
    ("/etc/zsh/zprofile", "shell"),
    ("/etc/zshenv", "shell"),
    ("/etc/zprofile", "shell"),
    ("/etc/zshrc", "shell"),
    ("/etc/zlogin", "shell"),
    ("/etc/fish/config.fish", "fish"),
)
HOME_FILES = (
    (".config/environment.d/*.conf", "environment"),
    (".pam_environment", "environment"),
    (".profile", "shell"),
    (".bash_profile", "shell"),
    (".bash_login", "shell"),
    (".bashrc", "shell"),
    (".zshenv", "shell"),
    (".zprofile", "shell"),
    (".zshrc", "shell"),
    (".zlogin", "shell"),
    (".config/fish/config.fish", "fish"),
    (".config/fish/conf.d/*.fish", "fish"),
)
SYSTEM_LAUNCHERS = (
    ("/etc/xdg/autostart/*.desktop", "desktop"),
    ("/usr/local/share/applications/*.desktop", "desktop"),
    ("/usr/share/applications/*.desktop", "desktop"),
    ("/etc/crontab", "system-crontab"),
    ("/etc/cron.d/*", "system-crontab"),
)
HOME_LAUNCHERS = (
    (".config/autostart/*.desktop", "desktop"),
    (".local/share/applications/*.desktop", "desktop"),
)
SPOOLS = ("/var/spool/cron/crontabs", "/var/spool/cron")
LEFT_OVER = ("~", ".rpmsave", ".rpmorig", ".rpmnew", ".dpkg-old", ".dpkg-dist", ".dpkg-new")


def read(request):
    """{assignments: [{user, path, format, line, key, name, value, raw}], limits: [...]}.

    With "commands", [{programs, flags}], also desktop entries and crontabs. The key is [variable] or
    [program, flag]; `value` is True for a flag without one, and None where the shell computes it: only
    `raw`, as it is written, is known then. Of "masked" variables leaves "set", or "" where they are empty.
    """
    found, limits = _files(request)
    if "commands" in request:
        _launchers(request, found, limits)
    for row in found:
        if row["name"] in request.get("masked", []):
            row["value"], row["raw"] = "set" if row["value"] or row["value"] is None else "", ""
    return {"assignments": found, "limits": limits}


def _files(request):
    names = request["variables"]
    found, limits = [], []
    for pattern, form in SYSTEM_FILES:
        # A distribution's own links (profile.d on Debian 13) lead to files of root's.
        paths = {os.path.realpath(path) for path in glob.glob(pattern)}
        _add(None, paths, form, names, found, limits)
    theirs, unseen = homes.look(_in_home, request)
    return found + theirs, limits + unseen


def _in_home(name, request):
    home = pwd.getpwnam(name).pw_dir
    found, limits = [], []
    for pattern, form in HOME_FILES:
        paths = glob.glob(os.path.join(glob.escape(home), pattern))
        _add(name, paths, form, request["variables"], found, limits)
    for pattern, form in HOME_LAUNCHERS if "commands" in request else ():
        paths = glob.glob(os.path.join(glob.escape(home), pattern))
        _add_launchers(name, paths, form, request, found, limits)
    return found, limits


def _launchers(request, found, limits):
    for pattern, form in SYSTEM_LAUNCHERS:
        paths = {os.path.realpath(path) for path in glob.glob(pattern)}
        _add_launchers(None, paths, form, request, found, limits)
    for user in read_host.visible_people():
        paths = [spool + "/" + user.pw_name for spool in SPOOLS]
        there = [path for path in paths if os.path.isfile(path)]
        _add_launchers(user.pw_name, there, "crontab", request, found, limits)
        if os.geteuid() != 0 and os.path.isdir(SPOOLS[1]):
            reason = "only root can read the crontab of %s" % user.pw_name
            limits.append({"subject": user.pw_name, "reason": reason})


def _add_launchers(user, paths, form, request, found, limits):
    for path in sorted(path for path in paths if not path.endswith(LEFT_OVER)):
        try:
            text = userio.read(path).decode("utf-8", "replace")
        except Refusal as problem:
            limits.append({"subject": user or "system", "reason": problem.about(path)})
            continue
        there = _mentioned(text, request)
        for key in _keys(text, there, request):
            for line, raw, value in edit_launchers.find(text, key, form):
                _note(user, path, form, line, key, raw, value, found, limits)
        if there:
            for program, line in edit_launchers.hidden(text, there, form):
                reason = "%s:%d gives %s arguments that a shell computes" % (path, line, program)
                limits.append({"subject": user or "system", "reason": reason})


def _mentioned(text, request):
    """The programs that may be in the text, by a quick look."""
    programs = dict.fromkeys(one for command in request["commands"] for one in command["programs"])
    content = text.encode()
    return [program for program in programs if re.search(find_units.telling(program), content)]


def _keys(text, programs, request):
    """The keys that may be in the text, each once."""
    keys = {(name,): None for name in request["variables"] if name in text}
    for command in request["commands"]:
        there = [program for program in command["programs"] if program in programs]
        keys.update({(program, flag): None for program in there for flag in command["flags"]})
    return [list(key) for key in keys]


def _add(user, paths, form, names, found, limits):
    for path in sorted(paths):
        try:
            text = userio.read(path).decode("utf-8", "replace")
            there = [name for name in names if name in text]
            rows = [(name, *row) for name in there for row in edit_lines.find(text, name, form)]
        except Refusal as problem:
            limits.append({"subject": user or "system", "reason": problem.about(path)})
            continue
        for name, line, raw, value in rows:
            _note(user, path, form, line, [name], raw, value, found, limits)


def _note(user, path, form, line, key, raw, value, found, limits):
    row = {"user": user, "path": path, "format": form, "line": line, "key": key, "name": key[-1]}
    found.append({**row, "value": value, "raw": raw[:MAX_RAW]})
    if value is None:
        reason = "%s:%d computes %s when a shell starts" % (path, line, key[-1])
        limits.append({"subject": user or "system", "reason": reason})
