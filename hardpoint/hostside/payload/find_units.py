"""Services by what they run, whatever they are called: a look through the text of all unit files.

Only those that name a program at all are looked at closer, so that a host's few hundred units cost little.
"""

import os
import re

MAX_BYTES = 256 * 1024
# folders of a manager's runtime beyond those that people and packages use: systemd-run, generators
TRANSIENT = ("transient", "generator", "generator.late")
_NAME = re.compile(r"[A-Za-z0-9:_.\\@-]+\.service(\.d)?")


def candidates(folders, programs):
    """(names of services whose files name one of the programs, files that can't be read), sorted.

    Templates have a name that ends with @.service; instances are named where they are enabled."""
    needle = re.compile(b"|".join(telling(pattern) for pattern in programs))
    found, unread, links = set(), set(), set()
    for folder in {os.path.realpath(folder): folder for folder in folders}.values():
        for name, path, is_folder in _entries(folder):
            if name.endswith((".wants", ".requires")) and is_folder:
                links |= {one for one, _, _ in _entries(path) if _NAME.fullmatch(one)}
            elif not _NAME.fullmatch(name):
                continue
            elif not is_folder:
                _look(name, path, needle, found, unread)
            elif name.endswith(".d"):
                for one, drop_in, _ in _entries(path):
                    if one.endswith(".conf"):
                        _look(name[: -len(".d")], drop_in, needle, found, unread)
    enabled = {link for link in links if _template(link) in found}
    return sorted(found | enabled), sorted(unread)


def is_template(name):
    return name.endswith("@.service")


def _template(name):
    stem, at, _ = name.partition("@")
    return stem + "@.service" if at else None


def telling(pattern):
    """The regular expression of what a command line must hold to match a pattern: the module of `-m`, else the
    program's name."""
    parts = pattern.split()
    word = parts[1] if parts[0] == "-m" else parts[0]
    return re.escape(word.encode()).replace(rb"\*", rb"\S*").replace(rb"\?", rb"\S")


def _entries(folder):
    try:
        with os.scandir(folder) as entries:
            return [(entry.name, entry.path, entry.is_dir()) for entry in entries]
    except OSError:
        return []


def _look(name, path, needle, found, unread):
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if needle.search(file.read(MAX_BYTES)):
                found.add(name)
    except PermissionError:
        unread.add(path)
    except OSError:  # a link that leads nowhere
        pass
