"""Where login environments and shell profiles set a variable: system files, and every home."""

import glob
import os
import pwd

from . import edit_lines, read_host, userio

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
    ("/etc/zshrc", "shell"),
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
    (".config/fish/config.fish", "fish"),
    (".config/fish/conf.d/*.fish", "fish"),
)


def read(request):
    """{assignments: [{user, path, format, line, name, value}], limits: [...]}; value None: dynamic."""
    names = request["variables"]
    found, limits = [], list(read_host.limits())
    for pattern, form in SYSTEM_FILES:
        for path in sorted(glob.glob(pattern)):
            found += _scan(None, path, form, userio.read_file(None, path), names)
    for user in read_host.visible_people():
        reply = userio.as_user(user.pw_name, _in_home, user.pw_name, names)
        if "error" in reply:
            limits.append({"subject": user.pw_name, "reason": reply["message"]})
            continue
        found += reply["assignments"]
        limits += reply["limits"]
    return {"assignments": found, "limits": limits}


def _in_home(name, names):
    home = pwd.getpwnam(name).pw_dir
    found, limits = [], []
    for pattern, form in HOME_FILES:
        for path in sorted(glob.glob(os.path.join(glob.escape(home), pattern))):
            content = userio.read_file(name, path)
            if "error" in content:
                limits.append({"subject": name, "reason": content["message"]})
            else:
                found += _scan(name, path, form, content, names)
    return {"assignments": found, "limits": limits}


def _scan(user, path, form, content, names):
    text = content.get("text") or ""
    return [
        {"user": user, "path": path, "format": form, "line": line, "name": name, "value": value}
        for name in names
        for line, _, value in edit_lines.find(text, name, form)
    ]
