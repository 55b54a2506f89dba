"""TOML text: change one key and leave every other byte alone.

New keys go into their table, in the table's own style; a missing table is added at the end.
"""

import json
import re
import sys

from .errors import Refusal
from .scan_toml import parse
from .tree import (
    Editor,
    add_lines,
    add_section,
    drop_lines,
    drop_member,
    drop_section,
    margin,
    neighbours,
    next_line,
    splice,
)

if sys.version_info >= (3, 11):
    import tomllib


class _Toml(Editor):
    def scan(self, text):
        root = parse(text)
        if sys.version_info >= (3, 11):
            _agreed(text)
        return root

    def check_value(self, key, value):
        if not _holds(value):
            raise Refusal("bad-request", "TOML has no value like that of %s" % ".".join(key))

    def dump(self, value, raw='"'):
        if isinstance(value, str):
            plain = re.fullmatch(r"[^'\x00-\x1f\x7f]*", value)
            return "'%s'" % value if raw[:1] == "'" and plain else _basic(value)
        if isinstance(value, dict):
            return "{%s}" % ", ".join(
                "%s = %s" % (_name(k), self.dump(v)) for k, v in value.items()
            )
        if isinstance(value, list):
            return "[%s]" % ", ".join(self.dump(one) for one in value)
        return json.dumps(value)

    def replace(self, text, node, value):
        if node.form in ("header", "implied", "tables", "dotted", "dotted inline"):
            raise Refusal("malformed", "a whole table is set there: set its keys one by one")
        return super().replace(text, node, value)

    def insert(self, text, root, parent, key, depth, value, raw):
        tail = key[depth:]
        made = self.dump(value) if raw is None else raw
        if parent.form == "inline":
            for name in reversed(tail[1:]):
                made = "{ %s = %s }" % (_name(name), made)
            return _into_inline(text, parent, "%s = %s" % (_name(tail[0]), made))
        dotted = ".".join(_name(name) for name in tail)
        if parent.form == "dotted":
            return self._line(text, parent, parent.target + dotted, made)
        if len(tail) == 1 and parent.form in ("root", "header"):
            return self._line(text, parent, dotted, made)
        header = "[%s]" % ".".join(_name(name) for name in _path(root, key[:-1]))
        return add_section(text, header, "%s = %s" % (_name(key[-1]), made))

    def _line(self, text, table, name, made):
        nodes = [node for node in _entries(table) if node.at <= table.value]
        last = max(nodes, key=lambda node: node.at, default=None)
        indent = margin(text, last.at if last else table.at) if table.form != "root" or last else ""
        tight = last and text[last.start - 1 : last.start] == "="
        line = "%s%s%s%s" % (indent, name, "=" if tight else " = ", made)
        return add_lines(text, table.value, [line])

    def remove(self, text, root, path, noted):
        parent, node = self.find(root, path[:-1])[0], self.find(root, path)[0]
        if parent.form == "inline":
            if noted and noted["hole"] is not None and len(parent.members) == 1:
                return splice(text, [(parent.start, parent.end, noted["hole"])])
            return drop_member(text, node, *neighbours(parent, path[-1]))
        leaf, head = node, None
        while noted and leaf.kind == "map" and leaf.form != "inline":
            head = leaf.at if leaf.form == "header" else head
            leaf = leaf.members[0][1]
        if leaf.kind in ("map", "list") and leaf.form not in ("array", "inline"):
            self._refuse(path)
        if noted and noted["form"] == "implied" and len(path) == noted["depth"] + 1:
            head = parent.at if [node] == list(_entries(parent)) else head
        if head is not None:
            return drop_section(text, head, (leaf.at, leaf.end), noted["gap"])
        return drop_lines(text, [(leaf.at, leaf.end)])

    def commented(self, text, node):
        if node.form != "header" or not node.members:
            return False
        last = max((child.end for _, child in node.members), default=node.at)
        first = min(child.at for _, child in node.members)
        between = text[next_line(text, node.at) : first]
        return bool(between.strip() or re.match(r"[ \t]*#", text[next_line(text, last) :]))


def _entries(table):
    for _, node in table.members:
        if node.form == "dotted":
            yield from _entries(node)
        elif node.form not in ("header", "implied", "tables"):
            yield node


def _into_inline(text, table, entry):
    if table.members:
        last = table.members[-1][1]
        while last.form == "dotted inline":
            last = last.members[-1][1]
        return splice(text, [(last.end, last.end, ", " + entry)])
    return splice(text, [(table.start, table.end, "{ %s }" % entry)])


def _path(root, key):
    """The names of a header: an array of tables goes without its number."""
    names, node = [], root
    for name in key:
        if node is None or node.kind != "list":
            names.append(name)
        node = node.child(name) if node is not None else None
    return names


def _name(name):
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _basic(name)


def _basic(value):
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _holds(value):
    if isinstance(value, dict):
        return all(isinstance(name, str) and _holds(inner) for name, inner in value.items())
    if isinstance(value, list):
        return all(map(_holds, value))
    if isinstance(value, float):
        return value - value == 0
    return isinstance(value, (str, bool)) or (isinstance(value, int) and -(2**63) <= value < 2**63)


def _agreed(text):
    """Refusal "malformed" for what the standard library does not take: it is the judge where it is there."""
    try:
        tomllib.loads(text[1:] if text.startswith("\ufeff") else text)
    except (ValueError, RecursionError) as error:
        found = re.search(r"at line (\d+)", str(error))
        where = "line %s: " % found.group(1) if found else ""
        raise Refusal(
            "malformed", "%snot valid TOML: repair it by hand, it is left as it is" % where
        ) from None


def editor(style):
    return _Toml()
