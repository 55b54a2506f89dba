"""The programs that a unit runs, with the flags and variables that its command lines give them.

Arguments can hold keys: only the values of flags and variables that a request names leave the host.
"""

import os

from . import command_flags, command_line, exec_lines, sockets, unit_files, unit_settings
from .errors import Refusal


class Commands:
    """What a unit's files give to its processes: the environment, and the ExecStart= lines."""

    def __init__(self, files, user, unit, base, request):
        """`user`: whose manager (None: the system's); `base`: what that hands on (managers.environment)."""
        self.texts = {path: unit_files.text(path) for path in files}
        self.request = request
        self.specifiers = unit_files.specifiers(unit, user)
        self.lines = exec_lines.in_force(files, self.texts.get)
        names = set(request["variables"])
        if request.get("programs"):
            # variables in arguments: needed here, and they do not leave the host
            names |= set().union(*(exec_lines.references(value) for _, _, value in self.lines))
        self.chain, self.environment_files = unit_settings.effective(
            files, names, base, unit_files.text, self.specifiers
        )
        unread = [path for path in self.environment_files if _unreadable(path)]
        self.lookup = exec_lines.known(self.chain, complete=not unread)

    def installed(self):
        """Whether [Install] says what starts it."""
        keys = ("WantedBy", "RequiredBy", "UpheldBy")
        return any(
            section == "[Install]" and key in keys and value
            for text in self.texts.values()
            for _, section, key, value in unit_settings.lines_of(text or "")
        )

    def rows(self):
        """[{program, flags, variables, place, rewritable}]"""
        found = []
        for path, line, value in self.lines:
            for words in self.lex(value):
                for run in command_line.runs(words, self.request["programs"]):
                    place = "%s:%d" % (path, line)
                    more = {"place": place, "rewritable": self.rewritable(value)}
                    found.append({**_row(run, self.request), **more})
        return found

    def lex(self, value):
        """The commands of a line, variables replaced by what they will be."""
        return exec_lines.lex(value, self.specifiers, self.lookup)

    def rewritable(self, value):
        """Whether every flag can be given another value with all else kept: tried, not guessed."""
        changes = dict.fromkeys(self.request.get("flags", []), "127.0.0.1")
        try:
            self.edited(value, changes, add=True)
        except Refusal:
            return False
        return True

    def edited(self, value, changes, add):
        """A line with these flags; Refusal "malformed"."""
        return command_flags.edited(value, self.lex, self.request["programs"], changes, add)


def _unreadable(path):
    return os.path.exists(path) and unit_files.text(path) is None


def _row(run, request):
    variables = {n: v for n, v in run.variables.items() if n in request["variables"]}
    flags = command_flags.flags(run.arguments, request.get("flags", []))
    return {"program": run.program, "flags": flags, "variables": variables}


def running(pid, request):
    """[{program, flags, variables}] of a process, from its arguments."""
    words = command_line.words(sockets.arguments(pid))
    return [_row(run, request) for run in command_line.runs(words, request["programs"])]


def mask(units, secrets):
    """Leaves of secrets only whether they are set."""
    for unit in units:
        for name in set(secrets) & set(unit["settings"]):
            unit["settings"][name] = [
                {**entry, "value": _masked(entry["value"])} for entry in unit["settings"][name]
            ]
        tables = [unit["running"]]
        for row in [*unit.get("commands", []), *(unit.get("running_commands") or [])]:
            tables += [row["flags"], row["variables"]]
        for table in tables:
            for name in set(secrets) & set(table or {}):
                table[name] = _masked(table[name])


def _masked(value):
    return "set" if value and isinstance(value, str) else value
