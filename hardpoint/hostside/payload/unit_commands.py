"""The programs that a unit runs, with the flags and variables that its command lines give them.

Arguments can hold keys: only the values of flags and variables that a request names leave the host.
"""

from . import command_flags, command_line, exec_lines, sockets, unit_settings
from .errors import Refusal


class Commands:
    """What the ExecStart= lines of a unit's files run."""

    def __init__(self, files, read_text, specifiers, request):
        self.texts = {path: read_text(path) for path in files}
        self.files, self.specifiers, self.request = files, specifiers, request
        self.lines = exec_lines.in_force(files, self.texts.get)

    def references(self):
        """The variables that the lines name: their values are needed, and do not leave the host."""
        wanted = self.request.get("programs")
        return (
            set().union(*(exec_lines.references(v) for _, _, v in self.lines)) if wanted else set()
        )

    def installed(self):
        """Whether [Install] says what starts it."""
        keys = ("WantedBy", "RequiredBy", "UpheldBy")
        return any(
            section == "[Install]" and key in keys and value
            for text in self.texts.values()
            for _, section, key, value in unit_settings.lines_of(text or "")
        )

    def rows(self, chain, complete):
        """[{program, flags, variables, place, rewritable}]"""
        lookup = exec_lines.known(chain, complete)
        found = []
        for path, line, value in self.lines:
            rewritable = _rewritable(value, self.lex(lookup), self.request)
            for words in self.lex(lookup)(value):
                for run in command_line.runs(words, self.request["programs"]):
                    place = "%s:%d" % (path, line)
                    row = _row(run, self.request)
                    found.append({**row, "place": place, "rewritable": rewritable})
        return found

    def lex(self, lookup):
        return lambda value: exec_lines.lex(value, self.specifiers, lookup)


def _row(run, request):
    variables = {n: v for n, v in run.variables.items() if n in request["variables"]}
    flags = command_flags.flags(run.arguments, request.get("flags", []))
    return {"program": run.program, "flags": flags, "variables": variables}


def _rewritable(value, lex, request):
    """Whether every flag can be given another value with all else kept: tried, not guessed."""
    changes = dict.fromkeys(request.get("flags", []), "127.0.0.1")
    try:
        command_flags.edited(value, lex, request["programs"], changes, add=True)
    except Refusal:
        return False
    return True


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
