"""Python files that are settings, such as Jupyter's: `c.ServerApp.ip = "0.0.0.0"`. Never executed.

A key is [class, trait]. Its value is that of the last assignment at the top level, where it is a literal.
What a condition, a function or another file decides is "computed" and never rewritten.
"""

import ast
import re

from .errors import Refusal
from .tree import (
    Editor,
    Node,
    add_lines,
    check_text,
    drop_lines,
    line_start,
    malformed,
    next_line,
)

_BAD = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
_OTHERS = ("load_subconfig", "exec", "eval", "execfile")  # may set any key


class _Python(Editor):
    def scan(self, text):
        """A map of dotted names; its `value` is everything that may set one, in order."""
        check_text(text)
        try:
            return _Finder(text).root
        except _BAD as error:
            line = getattr(error, "lineno", None) or 1
            place = sum(map(len, text.splitlines(True)[: line - 1]))
            raise malformed(text, min(place, len(text)), "not valid Python") from None

    def normal(self, root, key):
        if len(key) < 2 or not all(name.isidentifier() for name in key):
            raise Refusal("bad-request", "the key of a Python setting is [class, trait]")
        return [".".join(key)]

    def find(self, root, key):
        for name, node in reversed(root.value):
            if name == key[0]:
                return node, None
            if not name or key[0].startswith(name + ".") or name.startswith(key[0] + "."):
                return _computed(node), None
        return None, None

    def check_value(self, key, value):
        try:
            same = ast.literal_eval(repr(value)) == value
        except _BAD:
            same = False
        if not same:
            raise Refusal("bad-request", "the value of %s is no literal" % ".".join(key))

    def dump(self, value, raw='"'):
        made = repr(value)
        if isinstance(value, str) and "'" not in value and '"' not in value and raw[:1] != "'":
            made = '"%s"' % made[1:-1]
        return made

    def insert(self, text, root, parent, key, depth, value, raw):
        made = self.dump(value) if raw is None else raw
        return add_lines(text, len(text), ["c.%s = %s" % (key[0], made)])

    def remove(self, text, root, path, noted):
        node = self.find(root, path)[0]
        before = text[line_start(text, node.at) : node.at].strip("\ufeff")
        after = text[node.end : next_line(text, node.end)]
        if node.kind == "computed" or before or not re.match(r"[ \t)]*(#.*)?\s*\Z", after):
            self._refuse(path)
        return drop_lines(text, [(node.at, node.end)])


class _Finder:
    def __init__(self, text):
        self.skipped = 1 if text.startswith("\ufeff") else 0
        body = text[self.skipped :]
        self.lines = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z").findall(body)
        self.starts = [self.skipped]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))
        self.events, self.later = [], []  # later: what a function does when it is called
        for statement in ast.parse(body).body:
            self.statement(statement)
        events = self.events + self.later
        self.root = Node("map", 0, 0, events, members=list(dict(events).items()))

    def place(self, line, column):
        """Where a position of ast is in the text: its columns are bytes of UTF-8."""
        row = self.lines[line - 1] if line <= len(self.lines) else ""
        return self.starts[line - 1] + len(row.encode()[:column].decode())

    def span(self, node):
        return self.place(node.lineno, node.col_offset), self.place(
            node.end_lineno, node.end_col_offset
        )

    def statement(self, statement):
        targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
        base, name = _chain(targets[0])
        value = getattr(statement, "value", None)
        plain = isinstance(statement, (ast.Assign, ast.AnnAssign)) and len(targets) == 1 and value
        if plain and base == "c" and name:
            self.others(value, value)
            self.set(name, statement, value)
        elif plain and base == "c" and _is_config(value):
            pass
        else:
            self.others(statement, statement)

    def set(self, name, statement, value):
        node = Node("value", *self.span(value))
        node.at = self.place(statement.lineno, statement.col_offset)
        try:
            node.value = _data(ast.literal_eval(value))
        except _BAD:
            node.kind = "computed"
        self.events.append((name, node))

    def others(self, part, shown):
        """All that may set a key, or hand the configuration to something that may."""
        deferred = any(isinstance(node, (*_DEFERRED, ast.Lambda)) for node in ast.walk(part))
        kept = self.later if deferred else self.events
        inner = {id(part.value) for part in ast.walk(part) if isinstance(part, ast.Attribute)}
        for node in ast.walk(part):
            name = _may_set(node, id(node) in inner)
            if name is not None:
                kept.append((name, Node("computed", *self.span(shown))))


_DEFERRED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _chain(node):
    """("c", "ServerApp.ip") of c.ServerApp.ip; the base is None for what is no plain name."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return (node.id if isinstance(node, ast.Name) else None), ".".join(reversed(names))


def _may_set(node, inner):
    """The name that a part of a program may set, "" for any; None for none."""
    if isinstance(node, ast.Attribute) and not inner:
        base, name = _chain(node)
        if not isinstance(node.ctx, ast.Load) or base == "c":
            return name if base != "c" or isinstance(node.ctx, ast.Store) else _parent(name)
        return _parent(name) or None
    if isinstance(node, ast.Name) and not inner:
        return "" if node.id == "c" else None
    if isinstance(node, ast.Call):
        called = _chain(node.func)
        return "" if (called[0] in _OTHERS and not called[1]) or _is_config(node) else None
    if isinstance(node, ast.alias):
        return "" if (node.asname or node.name) in ("c", "*") else None
    return "" if isinstance(node, _DEFERRED) and node.name == "c" else None


def _parent(name):
    """What a method may change: c.ServerApp.update(...) all of ServerApp."""
    return name.rpartition(".")[0]


def _is_config(node):
    return isinstance(node, ast.Call) and _chain(node.func) == ("get_config", "")


def _computed(node):
    found = Node("computed", node.start, node.end)
    found.at = node.at
    return found


def _data(value):
    """JSON's kinds of values; ValueError for a set, bytes, a complex number."""
    if isinstance(value, (list, tuple)):
        return [_data(inner) for inner in value]
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise ValueError
        return {name: _data(inner) for name, inner in value.items()}
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float) and value - value == 0:
        return value
    raise ValueError


def editor(style):
    return _Python()
