"""Where login environments and shell profiles set a variable: system files, and every home."""

import glob
import os
import pwd

from . import edit_lines, homes, userio
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


def read(request):
    """{assignments: [{user, path, format, line, key, name, value, raw}], limits: [...]}.

    `value` is None where the shell computes it: only `raw`, as it is written, is known then.
    """
    names = request["variables"]
    found, limits = [], []
    for pattern, form in SYSTEM_FILES:
        # A distribution's own links (profile.d on Debian 13) lead to files of root's.
        paths = {os.path.realpath(path) for path in glob.glob(pattern)}
        _add(None, paths, form, names, found, limits)
    theirs, unseen = homes.look(_in_home, names)
    return {"assignments": found + theirs, "limits": limits + unseen}


def _in_home(name, names):
    home = pwd.getpwnam(name).pw_dir
    found, limits = [], []
    for pattern, form in HOME_FILES:
        paths = glob.glob(os.path.join(glob.escape(home), pattern))
        _add(name, paths, form, names, found, limits)
    return found, limits


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
            found.append(
                {
                    "user": user,
                    "path": path,
                    "format": form,
                    "line": line,
                    "key": [name],
                    "name": name,
                    "value": value,
                    "raw": raw[:MAX_RAW],
                }
            )
            if value is None:
                reason = "%s:%d computes %s when a shell starts" % (path, line, name)
                limits.append({"subject": user or "system", "reason": reason})
