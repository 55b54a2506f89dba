"""Where systemd looks for the files of a service, and what their specifiers mean."""

import os

from . import unit_settings

_USER = (
    "{home}/.config/systemd/user",
    "/etc/systemd/user",
    "/run/systemd/user",
    "{home}/.local/share/systemd/user",
    "/usr/local/share/systemd/user",
    "/usr/share/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user",
)
_SYSTEM = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
)


def fragment(unit, user):
    """The file that a user's manager would take for a service, or None: its own, else its template's."""
    stem, at, _ = unit.partition("@")
    names = [unit] + ([stem + "@.service"] if at else [])
    paths = [root + "/" + name for name in names for root in roots(user)]
    return next((path for path in paths if os.path.lexists(path)), None)


def roots(user):
    """The folders of unit files, first one first; `user`: a passwd entry, None for the system."""
    if not user:
        return list(_SYSTEM)
    return [template.replace("{home}", user.pw_dir) for template in _USER]


def on_disk(user, name, files):
    """The files that the manager will read when it is told to read again."""
    return files[:1] + drop_ins(user, name) if files else []


def specifiers(unit, user):
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


def drop_ins(user, unit):
    """The drop-ins of a service, in the order in which systemd reads them."""
    names = _drop_in_names(unit)
    return _by_name(["%s/%s.d" % (root, name) for name in names for root in roots(user)])


def _drop_in_names(unit):
    """ollama-gpu@1.service: itself, ollama-gpu@.service, ollama-.service, and service."""
    stem, _, kind = unit.rpartition(".")
    prefix, at, _ = stem.partition("@")
    dashed = prefix.split("-")[:-1]
    shorter = ["-".join(dashed[:n]) + "-" for n in range(len(dashed), 0, -1)]
    template = [prefix + "@"] if at else []
    return [unit] + ["%s.%s" % (name, kind) for name in template + shorter] + [kind]


def _by_name(directories):
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


def environment_d(user):
    """environment.d as the user's manager will read it at the next login (environment.d(5))."""
    directories = [
        user.pw_dir + "/.config/environment.d",
        "/etc/environment.d",
        "/run/environment.d",
        "/usr/lib/environment.d",
    ]
    pairs = []
    for path in ["/etc/environment"] + _by_name(directories):
        pairs += unit_settings.file_pairs(path, text(path))
    return pairs


def text(path):
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            return file.read(1024 * 1024).decode("utf-8", "replace")
    except OSError:
        return None
