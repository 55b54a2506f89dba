"""YAML text: change one key and leave every other byte alone, anchors and comments included.

What comes through an alias or a merge (<<) is read, but refused to be changed there. Of several documents the
first one is meant.
"""

import json
import re

from .errors import Refusal
from .scan_yaml import parse
from .tree import (
    Editor,
    add_lines,
    drop_lines,
    drop_member,
    line_start,
    neighbours,
    newline,
    next_line,
    splice,
)

# words that some reader of YAML takes for something else than text
_PLAIN = re.compile(
    r"[A-Za-z/][A-Za-z0-9_./+-]*(?::[A-Za-z0-9_./+-]+)*\Z|[0-9]+(?:\.[0-9]+){3}(?::[0-9]+)*\Z"
)
_WORDS = re.compile(r"(?:true|false|yes|no|on|off|y|n|null)\Z", re.I)


class _Yaml(Editor):
    def scan(self, text):
        root = parse(text)
        if root.kind != "map":
            raise Refusal("malformed", "line 1: the document is not a mapping: it is left as it is")
        return root

    def inherited(self, node, name):
        return self._merged(node, name, set())

    def _merged(self, node, name, seen):
        merged = node.child("<<") if node.kind == "map" and id(node) not in seen else None
        seen.add(id(node))
        sources = merged.members if merged is not None and merged.kind == "list" else [("", merged)]
        for _, source in sources:
            anchor = source.target if source is not None and source.kind == "alias" else source
            if anchor is not None and anchor.kind == "map":
                child = anchor.child(name) or self._merged(anchor, name, seen)[0]
                if child is not None:
                    return child, anchor
        return None, None

    def check_value(self, key, value):
        try:
            if json.loads(json.dumps(value, allow_nan=False)) == value:
                return
        except (TypeError, ValueError):
            pass
        raise Refusal("bad-request", "YAML has no value like that of %s" % ".".join(key))

    def dump(self, value, raw=""):
        if not isinstance(value, str):
            return json.dumps(value, ensure_ascii=False)
        if raw[:1] == "'" and re.fullmatch(r"[ -~]*", value):
            return "'%s'" % value.replace("'", "''")
        if raw[:1] != '"' and _PLAIN.match(value) and not _WORDS.match(value):
            return value
        return json.dumps(value, ensure_ascii=not value.isprintable())

    def replace(self, text, node, value):
        raw = text[node.start : node.end]
        if node.form in ("plain", "text") and raw:
            return super().replace(text, node, value)
        return splice(text, [(node.gap, node.end, " " + self.dump(value))])

    def takes(self, node):
        return node.kind == "value" and node.value is None

    def insert(self, text, root, parent, key, depth, value, raw):
        tail = key[depth:]
        made = " " + self.dump(value) if raw is None else raw
        if parent.form == "flow" or self._in_flow(root, key[:depth]):
            for name in reversed(tail[1:]):
                made = " {%s:%s}" % (self._name(name), made)
            return self._into_flow(text, parent, "%s:%s" % (self._name(tail[0]), made))
        step = _step(text, root)
        if parent.form == "blank":
            return add_lines(text, len(text), self._lines("", step, tail, made))
        if parent.kind == "map":
            indent = _column(text, parent.members[0][1].at)
            place = next_line(text, parent.end)
            return add_lines(text, place, self._lines(indent, step, tail, made))
        lines = self._lines(_column(text, parent.at) + step, step, tail, made)
        nl = newline(text)
        return splice(text, [(parent.gap, parent.end, "".join(nl + line for line in lines))])

    def _lines(self, indent, step, tail, made):
        heads = [indent + step * n + self._name(name) + ":" for n, name in enumerate(tail)]
        return [*heads[:-1], heads[-1] + made]

    def _name(self, name):
        return self.dump(name)

    def _in_flow(self, root, path):
        return any(self.find(root, path[:n])[0].form == "flow" for n in range(1, len(path)))

    def _into_flow(self, text, parent, entry):
        if parent.members:
            last = parent.members[-1][1].end
            return splice(text, [(last, last, ", " + entry)])
        start = parent.start if parent.start != parent.gap else parent.gap
        return splice(text, [(start, parent.end, "{%s}" % entry)])

    def remove(self, text, root, path, noted):
        parent, node = self.find(root, path[:-1])[0], self.find(root, path)[0]
        if len(parent.members) == 1 and parent is not root:
            if noted and noted["hole"] is not None:
                return splice(text, [(parent.gap, parent.end, noted["hole"])])
            return splice(text, [(parent.gap, parent.end, " {}")])
        if parent.form == "flow":
            return drop_member(text, node, *neighbours(parent, path[-1]))
        if text[line_start(text, node.at) : node.at].strip(" \ufeff"):
            self._refuse(path)
        return drop_lines(text, [(node.at, node.end)])

    def commented(self, text, node):
        child = node.members[0][1]
        end = node.end if node.form == "flow" else next_line(text, child.end)
        gaps = (node.gap, child.at), (child.gap, child.start), (child.end, end)
        return any("#" in text[start:end] for start, end in gaps)

    def empty(self, text):
        return not re.sub(r"(?m)^---[ \t]*\r?$", "", text).strip(" \t\r\n\ufeff")


def _column(text, place):
    return " " * (
        place - line_start(text, place) - text.startswith("\ufeff", line_start(text, place))
    )


def _step(text, root):
    """One step of the document's own indentation."""
    for _, child in root.members:
        if child.kind == "map" and child.form == "block" and child.members:
            step = child.members[0][1].at - line_start(text, child.members[0][1].at)
            return " " * step
    return "  "


def editor(style):
    return _Yaml()
