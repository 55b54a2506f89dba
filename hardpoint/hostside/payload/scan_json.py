"""Where the values of JSON and JSONC text are: an object's members with their spans, read on demand.

`parse` refuses ("malformed") what is not exactly one object, or has the same key twice anywhere.
"""

import json
import re

from .errors import Refusal

BLANK = " \t\r\n"
_DEPTH = 200
_SPACE = re.compile(r"(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)*", re.S)
_STRING = re.compile(r'"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*"')
_SCALAR = re.compile(
    r"(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)(?![0-9A-Za-z.])"
)


class Node:
    """A value and its span."""

    __slots__ = ("_members", "end", "start", "text", "value")

    def __init__(self, text, start, end, value, members=None):
        self.text, self.start, self.end, self.value = text, start, end, value
        self._members = members

    @property
    def members(self):
        """[(key, start of the key, Node)] of an object; None for any other value."""
        if self._members is None and isinstance(self.value, dict):
            self._members = _members(self.text, self.start, 0)[1]
        return self._members

    def child(self, key):
        return next((node for name, _, node in self.members if name == key), None)

    def at(self, key):
        """The node that a key path leads to, or None."""
        node = self
        for name in key:
            node = node.child(name) if node is not None and node.members is not None else None
        return node


def parse(text):
    """The node of the whole document."""
    place = skip(text, 1 if text.startswith("\ufeff") else 0)
    if not text.startswith("{", place):
        raise _bad(text, place, "the document is not a JSON object")
    root = _value(text, place, 0)
    end = skip(text, root.end)
    if end != len(text):
        raise _bad(text, end, "text after the end of the document")
    return root


def skip(text, place):
    """After the white space and comments at `place`."""
    return _SPACE.match(text, place).end()


def string(text, place):
    """(end, value) of the string at `place`."""
    match = _STRING.match(text, place)
    try:
        return match.end(), json.loads(match.group())
    except (AttributeError, ValueError):
        raise _bad(text, place, "a string that is not closed or has a wrong escape") from None


def _bad(text, place, what):
    line = text.count("\n", 0, place) + 1
    return Refusal(
        "malformed", "line %d: %s: repair it by hand, it is left as it is" % (line, what)
    )


def _once(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("the same key twice")
    return found


def _no_constant(word):
    raise ValueError(word)


# the standard library's scanner, in C: a file of megabytes is mostly plain JSON
_plain = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant).scan_once


def _value(text, place, depth):
    try:
        value, end = _plain(text, place)
        return Node(text, place, end, value)
    except (ValueError, StopIteration, RecursionError):
        pass  # a comment, a trailing comma, or a mistake whose line is to be told
    if depth > _DEPTH:
        raise _bad(text, place, "nested more than %d deep" % _DEPTH)
    if text.startswith("{", place):
        end, members = _members(text, place, depth)
        return Node(text, place, end, {key: node.value for key, _, node in members}, members)
    if text.startswith("[", place):
        end, items = _items(text, place, depth)
        return Node(text, place, end, [node.value for node in items])
    if text.startswith('"', place):
        return Node(text, place, *string(text, place))
    match = _SCALAR.match(text, place)
    try:
        return Node(text, place, match.end(), json.loads(match.group()))
    except (AttributeError, ValueError):  # Python caps the digits of an integer
        raise _bad(text, place, "not a JSON value, or a number that is too long") from None


def _members(text, place, depth):
    members, seen = [], set()
    place = skip(text, place + 1)
    while not text.startswith("}", place):
        if not text.startswith('"', place):
            raise _bad(text, place, "a key in double quotes or } is missing")
        start = place
        place, key = string(text, place)
        if key in seen:
            raise _bad(text, start, "the same key twice")
        seen.add(key)
        place = skip(text, place)
        if not text.startswith(":", place):
            raise _bad(text, place, "a colon is missing after a key")
        child = _value(text, skip(text, place + 1), depth + 1)
        members.append((key, start, child))
        place = _next(text, child.end, "}")
    return place + 1, members


def _items(text, place, depth):
    items = []
    place = skip(text, place + 1)
    while not text.startswith("]", place):
        items.append(_value(text, place, depth + 1))
        place = _next(text, items[-1].end, "]")
    return place + 1, items


def _next(text, place, closing):
    place = skip(text, place)
    if text.startswith(",", place):
        return skip(text, place + 1)
    if not text.startswith(closing, place):
        raise _bad(text, place, "a comma or %s is missing" % closing)
    return place
