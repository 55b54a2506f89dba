"""Quadlet files: which containers systemd will run with podman, and what they publish.

Source: podman-systemd.unit(5). The text after %, systemd's specifiers, stays as it is written.
"""

import os

from . import container, edit_ini, published, userio
from .errors import Refusal

SYSTEM = ("/etc/containers/systemd", "/run/containers/systemd", "/usr/share/containers/systemd")
USERS = ("/etc/containers/systemd/users", "/usr/share/containers/systemd/users")
HOME = ".config/containers/systemd"
SECTIONS = {".container": "Container", ".pod": "Pod"}
MOST_FILES, DEEPEST = 200, 4


def below(folder, user, owner):
    """([quadlets], limits) of a folder and its folders, read as whoever calls."""
    found, limits = [], []
    for path in list(_files(folder, 0))[:MOST_FILES]:
        try:
            found.append(_quadlet(path, user, owner))
        except UnicodeDecodeError:
            limits.append("%s is not UTF-8" % path)
        except Refusal as problem:
            limits.append(problem.about(path))
    return found, limits


def _files(folder, depth):
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if os.path.splitext(entry.name)[1] in SECTIONS:
            yield entry.path
        elif depth < DEEPEST and not entry.name.endswith(".d") and entry.path not in USERS:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path, depth + 1)


def _quadlet(path, user, owner):
    stem, kind = os.path.splitext(os.path.basename(path))
    suffix = "-pod" if kind == ".pod" else ""
    row = {
        "path": path,
        "user": user,
        "owner": owner,
        "kind": kind[1:],
        "name": stem + kind,
        "unit": stem + suffix + ".service",
        "image": "",
        "pod": "",
        "networks": [],
        "network_place": "",
        "ports": [],
    }
    for one in [path] + _drop_ins(path):
        _read(row, one, SECTIONS[kind])
    return row


def _drop_ins(path):
    try:
        names = sorted(os.listdir(path + ".d"))
    except OSError:
        return []
    return [os.path.join(path + ".d", name) for name in names if name.endswith(".conf")]


def _read(row, path, section):
    text = userio.read(path).decode("utf-8")
    entries = edit_ini.editor("ini").parse(text).child(section)
    simple = {"Image": "image", "Pod": "pod"}
    for name, many in entries.members if entries else ():
        values = [(number, node, container.text(node.value)) for number, node in many.members]
        if name in simple:
            row[simple[name]] = values[-1][2] or row[simple[name]]
        elif name == "ServiceName":
            row["unit"] = values[-1][2] + ".service"
        elif name == "Network":
            row["networks"] += [value for _, _, value in values if value]
            row["network_place"] = "%s:%d" % (path, _line(text, values[-1][1]))
        elif name == "PublishPort":
            for number, node, value in values:
                if not value:  # an empty line forgets those before it
                    row["ports"] = []
                    continue
                row["ports"].append(
                    {
                        "file": path,
                        "line": _line(text, node),
                        "key": [section, name, number],
                        "own": True,
                        "said": value,
                        "ports": published.ports(value),
                    }
                )


def _line(text, node):
    return text.count("\n", 0, node.at) + 1
