"""What a program of a catalogue is an install of, and of which version: read from its files, never by running it.

An agent, as the catalogue describes it: {id, programs: [names], packages: [of npm], python: [of PyPI],
places: [below a home or absolute, where {version} may stand for a part of a name], mark: the bytes before the
version in the program's end}.
"""

import glob
import json
import os
import re

_OURS = ("/usr/local/lib/hardpoint/", "/hardpoint-run ")  # our launcher starts agents, and is none
_SHIMS = {
    "snap",
    "volta-shim",
    "mise",
    "asdf",
    "hardpoint-run",
}  # they start what is found elsewhere
_TAIL = 256 * 1024
_SCRIPT = 16 * 1024
_DEPTH = 4
_WORD = re.compile(r"\"([^\"\n]*)\"|([^\s\"'=]+)")
_WILD = {"{version}": "(?P<version>[^/]+)", "*": "[^/]*"}
_VERSION = re.compile(r"v?(\d+(?:\.\d+)+(?:[-+][0-9A-Za-z.+-]+)?)")


def by_program(agent, home, paths):
    """Installs that these programs start: [{path, version, how, key}]; home: of whoever looks."""
    for path in paths:
        if os.path.isfile(path) and os.access(path, os.X_OK):
            found = _install(agent, home, path, path, 0)
            if found:
                yield found


def by_package(folders):
    """npm packages, whether a program on some path starts them or not."""
    for folder in folders:
        if os.path.isfile(os.path.join(folder, "package.json")):
            yield _package(folder, os.path.realpath(folder))


def by_place(agent, base):
    """What installers of their own leave below `base`: a home, or "/" for the absolute places."""
    for place in agent["places"]:
        if place.startswith("/") == (base == "/"):
            pattern = os.path.join(glob.escape(base), place.replace("{version}", "*"))
            for path in sorted(glob.glob(pattern)):
                version = _of_place(base, place, path) or _application(path)
                yield _row(path, version, "installer", path)


def _row(path, version, how, key):
    return {"path": path, "version": version, "how": how, "key": key}


def _install(agent, home, path, start, depth):
    """The install that a program belongs to, or None for one of ours and for mere shims."""
    real = os.path.realpath(start)
    if real.startswith(_OURS[0]) or os.path.basename(real) in _SHIMS:
        return None
    for name in agent["packages"]:
        head, inside, _ = real.rpartition("/node_modules/%s/" % name)
        if inside:
            return _package(path, "%s/node_modules/%s" % (head, name))
    for part in _ancestors(real):
        for place in agent["places"]:
            version = _of_place(home, place, part)
            if version:
                return _row(path, version, "installer", part)
    text = _script(real)
    if any(ours in text for ours in _OURS):
        return None
    for target in _targets(agent, home, real, text) if depth < _DEPTH else ():
        if os.path.isfile(target) and os.path.realpath(target) != real:
            return _install(agent, home, path, target, depth + 1)
    return _alone(agent, path, real)


def _alone(agent, path, real):
    version = _of_python(agent, real)
    if version:
        return _row(path, version, "python", real)
    for folder in list(_ancestors(os.path.dirname(real)))[:3]:
        version = _application(folder)
        if version:
            return _row(path, version, "application", folder)
    return _row(path, _of_store(real) or _of_mark(agent, real), "program", real)


def _package(path, folder):
    return _row(path, _said(os.path.join(folder, "package.json")), "npm", folder)


def _said(path):
    """The version in a package.json, whose text is untrusted."""
    try:
        with open(path, "rb") as file:
            version = json.loads(file.read(1 << 20))["version"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    found = _VERSION.fullmatch(version) if isinstance(version, str) else None
    return found[1][:60] if found else None


def _application(folder):
    """The version of an Electron application in this folder."""
    return _said(os.path.join(folder, "resources", "app", "package.json"))


def _of_place(base, place, path):
    """The version in a path that a place below `base` (or an absolute place) describes, or None."""
    if "{version}" not in place:
        return None
    whole = re.split(r"(\{version\}|\*)", os.path.join(base, place))
    found = re.fullmatch("".join(_WILD.get(part) or re.escape(part) for part in whole), path)
    version = _VERSION.match(found["version"]) if found else None
    return version[1][:60] if version else None


def _ancestors(path):
    while path not in ("", "/"):
        yield path
        path = os.path.dirname(path)


def _script(path):
    try:
        with open(path, "rb") as file:
            head = file.read(_SCRIPT)
    except OSError:
        return ""
    return head.decode("utf-8", "replace") if head.startswith(b"#!") else ""


def _targets(agent, home, script, text):
    """Programs that a small script of pnpm, npm or an installer starts."""
    bases = {"$basedir": os.path.dirname(script), "$HOME": home}
    names = [*agent["programs"], *agent["packages"]]
    for quoted, bare in _WORD.findall(text):
        first, slash, rest = (quoted or bare).partition("/")
        path = bases.get(first, first) + slash + rest
        if path.startswith("/") and any("/%s/" % name in path + "/" for name in names):
            yield path


def _of_python(agent, real):
    """The version of a Python package, from the environment that holds the program."""
    library = os.path.join(os.path.dirname(os.path.dirname(real)), "lib")
    for name in agent["python"]:
        stem = name.replace("-", "_")
        pattern = os.path.join(
            glob.escape(library), "python3*", "site-packages", stem + "-*.dist-info"
        )
        for path in sorted(glob.glob(pattern)):
            found = _VERSION.match(os.path.basename(path)[len(stem) + 1 : -len(".dist-info")])
            if found:
                return found[1][:60]
    return None


def _of_store(real):
    """The version in a folder of Nix's store: /nix/store/HASH-name-1.2.3/..."""
    if not real.startswith("/nix/store/"):
        return None
    found = re.search(r"-(\d+(?:\.\d+)+[^/]*)$", real.split("/")[3])
    return found[1][:60] if found else None


def _of_mark(agent, real):
    """The version that follows the agent's mark near the end of its program."""
    if not agent["mark"]:
        return None
    try:
        with open(real, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
            tail = file.read(_TAIL)
    except OSError:
        return None
    found = re.search(
        re.escape(agent["mark"].encode()) + rb"(\d+(?:\.\d+)+(?:-[0-9A-Za-z.]+)?)", tail
    )
    return found[1].decode()[:60] if found else None
