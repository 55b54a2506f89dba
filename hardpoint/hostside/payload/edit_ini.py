"""INI text: systemd's units and Quadlets, and classic `key = value` files.

A key is [section, name], or [section, name, "1"] for the second of several lines of that name. What stands
before the first section is in the section "". Comments begin a line with # or ;. A line that ends in a
backslash continues (systemd joins them with a space).
"""

import re

from .errors import Refusal
from .tree import (
    Editor,
    Node,
    add_lines,
    add_section,
    check_text,
    drop_lines,
    drop_section,
    malformed,
    margin,
    next_line,
)

_BLANK = re.compile(r"[ \t]*(?:[#;].*)?\r?\n?\Z")
_HEADER = re.compile(r"[ \t]*\[([^\r\n]*?)\][ \t]*(?:[#;].*)?\r?\n?\Z")
_ENTRY = re.compile(r"[ \t]*([^=\s\[](?:[^=\r\n]*[^=\s])?)([ \t]*=[ \t]*)")
_COLON = re.compile(r"[ \t]*([^:=\s\[](?:[^:=\r\n]*[^:=\s])?)([ \t]*:[ \t]*)(?=[^=\r\n]*\r?\n?\Z)")


class _Ini(Editor):
    def scan(self, text):
        """{section: {name: [values]}} with the places."""
        check_text(text)
        root = Node("map", 0, 0, members=[])
        section, last, place = None, None, 1 if text.startswith("\ufeff") else 0
        while place < len(text):
            end = next_line(text, place)
            line = text[place:end]
            entry = _ENTRY.match(line) or _COLON.match(line)
            deeper = last is not None and len(margin(text, place)) > len(margin(text, last.at))
            if _BLANK.match(line):
                pass
            elif line.lstrip().startswith("[") and not deeper:
                section, last = _section(text, root, place, line), None
            else:
                end = _logical_end(text, place)
                if deeper:  # more of the value before to Python's configparser, a line of its own to systemd
                    last.kind = "computed"
                if entry:
                    section = section or _made(root, "", None)
                    node = _entry(text, section, place, end, entry)
                    node.kind = "computed" if deeper else "value"
                    last = last if deeper else node
            place = end
        return root

    def normal(self, root, key):
        if len(key) not in (2, 3) or (len(key) == 3 and not key[2].isdigit()):
            raise Refusal("bad-request", "the key of an ini setting is [section, name]")
        section = root.child(key[0])
        many = section.child(key[1]) if section else None
        return [*key, "0"] if len(key) == 2 and len(many.members if many else ()) < 2 else list(key)

    def check_value(self, key, value):
        if not isinstance(value, str) or re.search(r"[\x00-\x08\x0a-\x1f\x7f]|\\\Z", value):
            raise Refusal("bad-request", "the value of %s is not one line of text" % ".".join(key))
        if value != value.strip():
            raise Refusal("bad-request", "the value of %s begins or ends in space" % ".".join(key))

    def dump(self, value, raw=None):
        return value

    def takes(self, node):
        return node.kind == "list"

    def _own(self, text, root, key):
        node = super()._own(text, root, key)
        if node is not None and node.kind == "list":
            raise Refusal(
                "bad-request",
                "%s is set in several lines: name one by its number, from 0" % ".".join(key),
            )
        return node

    def insert(self, text, root, parent, key, depth, value, raw):
        section = root.child(key[0])
        many = parent.members if depth == 2 else []
        if int(key[2]) != len(many):
            raise Refusal(
                "bad-request", "%s has %d lines of that name" % (".".join(key[:2]), len(many))
            )
        made = self.dump(value) if raw is None else raw
        if section is None and key[0]:
            sign = _sign(root.members[-1][1]) if root.members else "="
            return add_section(text, "[%s]" % key[0], key[1] + sign + made)
        if section is None:
            return add_lines(text, 1 if text.startswith("\ufeff") else 0, [key[1] + "=" + made])
        entries = many or [("", one) for _, name in section.members for _, one in name.members]
        last = max((one for _, one in entries), key=lambda one: one.end, default=None)
        line = key[1] + _sign(section) + made
        if last is None:
            return add_lines(text, next_line(text, section.at), [line])
        return add_lines(text, next_line(text, last.end), [margin(text, last.at) + line])

    def remove(self, text, root, path, noted):
        node = self.find(root, path)[0]
        leaf = node
        while leaf.members:
            leaf = leaf.members[0][1]
        if node is root.child(path[0]) and path[0]:
            return drop_section(text, node.at, (leaf.at, leaf.end), noted["gap"])
        return drop_lines(text, [(leaf.at, leaf.end)])

    def commented(self, text, node):
        if node.kind != "map" or not node.members:
            return False
        last = max(one.end for _, name in node.members for _, one in name.members)
        after, head = next_line(text, last), next_line(text, node.at)
        first = min(one.at for _, name in node.members for _, one in name.members)
        return bool(text[head:first].strip() or re.match(r"[ \t]*[#;]", text[after:]))


def _made(root, name, at):
    found = root.child(name)
    if found is None:
        found = Node("map", at or 0, at or 0, members=[])
        root.add(name, found)
    return found


def _section(text, root, place, line):
    match = _HEADER.match(line)
    if not match:
        raise malformed(text, place, "a section's ] is missing")
    return _made(root, match.group(1), place)


def _entry(text, section, place, end, match):
    start = place + match.end()
    raw = text[start:end].rstrip(" \t\r\n")
    node = Node("value", start, start + len(raw), _joined(raw), form=match.group(2))
    node.at = place
    many = section.child(match.group(1))
    if many is None:
        many = Node("list", start, start, members=[])
        many.at = place
        section.add(match.group(1), many)
    many.add(str(len(many.members)), node)
    return node


def _logical_end(text, place):
    """The end of a line with those that continue it; comments between them don't end it."""
    end = next_line(text, place)
    while re.search(r"\\\r?\n\Z", text[max(place, end - 3) : end]) and end < len(text):
        place, end = end, next_line(text, end)
        while re.match(r"[ \t]*[#;]", text[place:end]) and end < len(text):
            place, end = end, next_line(text, end)
    return end


def _joined(raw):
    if "\n" not in raw:
        return raw
    lines = [line for line in raw.splitlines() if not re.match(r"[ \t]*[#;]", line)]
    return " ".join(line[:-1].strip() if line.endswith("\\") else line.strip() for line in lines)


def _sign(node):
    """How the last entry writes its equals sign."""
    found = "="
    for _, child in node.members or ():
        found = child.form or _sign(child)
    return found


def editor(style):
    return _Ini()
