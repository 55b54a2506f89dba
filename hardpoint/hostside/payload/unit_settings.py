"""What a service's environment will be, and which line of which file says so.

systemd merges a unit's fragment and its drop-ins in order: a later Environment= wins over an
earlier one, and everything from EnvironmentFile= wins over every Environment=
(systemd.exec(5), "EnvironmentFile=").
"""

import glob
import os
import re
import shlex

_ASSIGNMENT = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*=")


def effective(files, names, base, read_text, specifiers):
    """{name: [{value, place}, ...]}, the last one wins; and every file that was read.

    `base` are values of the manager's own environment [(name, value, place)]; `read_text(path)`
    returns text or None; `specifiers` maps "%h" to its text.
    """
    inline, environment_files = [], []
    for path in files:
        text = read_text(path)
        for number, key, value in _service_lines(text or ""):
            if key == "Environment":
                inline = _add(inline, value, path, number)
            elif key == "EnvironmentFile":
                value = _expand(value, specifiers)
                environment_files = environment_files + [value] if value else []
    read_files = [path for entry in environment_files for path in _paths(entry)]
    from_files = [pair for path in read_files for pair in file_pairs(path, read_text(path))]
    chain = {name: [] for name in names}
    for name, value, place in list(base) + inline + from_files:
        if name in chain:
            chain[name].append({"value": value, "place": place})
    return chain, read_files


def _service_lines(text):
    """(line number, key, value) of the [Service] section, continuation lines joined."""
    section, pending, start = "", "", 0
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if pending:
            stripped = pending + " " + stripped
        elif not stripped or stripped[0] in "#;":
            continue
        else:
            start = number
        if stripped.endswith("\\"):
            pending = stripped[:-1].rstrip()
            continue
        pending = ""
        if stripped.startswith("["):
            section = stripped
        elif section == "[Service]" and "=" in stripped:
            key, _, value = stripped.partition("=")
            yield start, key.strip(), value.strip()


def _add(inline, value, path, number):
    if not value:
        return []
    try:
        words = shlex.split(value)
    except ValueError:
        return inline
    place = "%s:%d" % (path, number)
    pairs = [word.partition("=") for word in words if _ASSIGNMENT.match(word)]
    return inline + [(name, text, place) for name, _, text in pairs]


def _expand(value, specifiers):
    for specifier, text in specifiers.items():
        value = value.replace(specifier, text)
    return value


def _paths(entry):
    path = entry[1:] if entry.startswith("-") else entry
    return sorted(glob.glob(path)) if any(c in path for c in "*?[") else [path]


def file_pairs(path, text):
    for number, line in enumerate((text or "").splitlines(), 1):
        stripped = line.strip()
        if stripped and stripped[0] not in "#;" and _ASSIGNMENT.match(stripped):
            name, _, value = stripped.partition("=")
            yield name, _unquote(value.strip()), "%s:%d" % (path, number)


def _unquote(value):
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def newest(paths):
    """The modification time of the youngest of the files, seconds since the epoch; 0 for none."""
    times = [0.0]
    for path in paths:
        try:
            times.append(os.stat(path).st_mtime)
        except OSError:
            continue
    return max(times)
