"""Single keys of settings files, in the homes and elsewhere; nothing else of such a file leaves the host."""

import os
import pwd

from . import formats, homes, userio
from .errors import Refusal

MAX_RAW = 200
_PREFIX = "{prefix}/"


def read(request):
    """{documents: [{user, path, format, state, values, lines, computed}], limits: [...]}.

    `request["documents"]` is [{path, keys: [[...]], format (json), masked: [[...]], programs: [...],
    or_folder}]. A path is below each home, or absolute (user None), or begins with {prefix}/: below each
    place where one of `programs` is installed. State is present, malformed or unreadable; a file that
    doesn't exist is left out, or absent where `or_folder` is true and its folder exists. By key, joined with
    dots: values (of those in `masked`, in `keys` or not, "", None or "set"), line numbers, and the text of
    computed ones, whose value is None.
    """
    documents = request["documents"]
    installed = _Installed(documents)
    found, limits = homes.look(_in_home, documents, installed.in_homes)
    for document in documents:
        for user, reader, path in installed.outside(document):
            _add(user, reader, path, document, found, limits)
    return {"documents": found, "limits": limits}


class _Installed:
    """Where the programs of documents below a prefix are, besides those that a look into a home finds."""

    def __init__(self, documents):
        programs = {name for one in documents for name in one.get("programs", ())}
        self.in_homes, self.others = [], []  # [program, prefix, whose]
        if not programs:
            return
        from . import prefixes

        for name, prefix, uid in prefixes.running(programs):
            whose = prefixes.home_of(prefix + "/")
            if whose is None:
                self.others.append([name, prefix, prefixes.account(uid)])
            else:
                self.in_homes.append([name, prefix, whose])
        for name in sorted(programs):
            for prefix in prefixes.of_system([name]):
                whose = prefixes.home_of(prefix + "/")
                (self.in_homes if whose else self.others).append([name, prefix, whose])

    def outside(self, document):
        """[(user of the row, whom to read it as, path)] outside the homes."""
        path = document["path"]
        if path.startswith("/"):
            return [(None, None, path)]
        if not path.startswith(_PREFIX):
            return []
        from . import prefixes

        there = {}
        for name, prefix, whose in self.others:
            if name in document.get("programs", ()):
                there.setdefault(prefix, whose or prefixes.owner(prefix))
        rest = path[len(_PREFIX) :]
        return [(None, there[prefix], os.path.join(prefix, rest)) for prefix in sorted(there)]


def _in_home(name, documents, installed):
    home = pwd.getpwnam(name).pw_dir
    found, limits, known = [], [], {}
    for document in documents:
        path, programs = document["path"], tuple(document.get("programs", ()))
        if path.startswith(_PREFIX):
            if programs not in known:
                known[programs] = _prefixes(name, home, programs, installed, limits)
            for prefix in known[programs]:
                _add(
                    name, None, os.path.join(prefix, path[len(_PREFIX) :]), document, found, limits
                )
        elif not path.startswith("/"):
            _add(name, None, os.path.join(home, path), document, found, limits)
    return found, limits


def _prefixes(name, home, programs, installed, limits):
    from . import prefixes

    places, more = prefixes.of_home(home, programs)
    if more:
        reason = "%s has too many folders to look for %s in all" % (home, ", ".join(programs))
        limits.append({"subject": name, "reason": reason})
    running = [prefix for one, prefix, whose in installed if whose == name and one in programs]
    return sorted({*places, *running})


def _add(user, reader, path, document, found, limits):
    """The row of one file, if there is one, and what can't be told about it."""
    subject = user or "system"
    try:
        row, reasons = userio.as_user(reader, _row, user, path, document)
    except Refusal as problem:
        if problem.code == "missing":
            return
        row, reasons = _empty(user, path, document, "unreadable"), [problem.about(path)]
    if row is not None:
        found.append(row)
    limits += [{"subject": subject, "reason": reason} for reason in reasons]


def _row(user, path, document):
    """(row or None, reasons why something isn't known)"""
    if not os.path.lexists(path):
        waiting = document.get("or_folder") and os.path.isdir(os.path.dirname(path))
        return (_empty(user, path, document, "absent") if waiting else None), []
    row = _empty(user, path, document, "present")
    try:
        text = userio.read(path).decode("utf-8")
        return row, _fill(row, text, document)
    except UnicodeDecodeError:
        return {**row, "state": "malformed"}, ["%s is not UTF-8" % path]
    except Refusal as problem:
        state = "malformed" if problem.code == "malformed" else "unreadable"
        return _empty(user, path, document, state), [problem.about(path)]


def _empty(user, path, document, state):
    style = document.get("format", "json")
    row = {"user": user, "path": path, "format": style, "state": state}
    return {**row, "values": {}, "lines": {}, "computed": {}}


def _fill(row, text, document):
    """Fills in the values; gives the reasons of those that only the program knows."""
    editor, reasons = formats.editor(row["format"]), []
    secrets = document.get("masked", [])
    for key in [*document["keys"], *(key for key in secrets if key not in document["keys"])]:
        seen = editor.look(text, key)
        if seen is None:
            continue
        name, masked = ".".join(key), key in secrets
        row["lines"][name] = seen["line"]
        if seen["computed"] is None:
            row["values"][name] = _masked(seen["value"]) if masked else seen["value"]
            continue
        row["values"][name] = None
        row["computed"][name] = "computed" if masked else seen["computed"][:MAX_RAW]
        reasons.append("%s:%d computes %s when it is read" % (row["path"], seen["line"], name))
    return reasons


def _masked(value):
    """What may be known about a secret."""
    if value is None:
        return None
    return "" if value in ("", [], {}) else "set"
