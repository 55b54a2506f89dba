"""Where the values of YAML text are, from PyYAML's scanner and parser; no tag ever makes an object.

`parse` gives the first document. The `form` of a map or list is block or flow; that of an empty document is
blank. A plain value means what YAML 1.1 and 1.2 agree on; where they differ (22:22, 010) it is its text.
Refused ("malformed"): what PyYAML does not take, and the same key twice in one mapping.
"""

import re

from yaml.error import YAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from .tree import DEPTH, Node, check_text, malformed

_NULL = re.compile(r"(?:~|null|Null|NULL)?\Z")
_TRUE = re.compile(r"(?:true|yes|on)\Z", re.I)
_FALSE = re.compile(r"(?:false|no|off)\Z", re.I)
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,300})\Z")
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)?\.[0-9]+(?:[eE][-+]?[0-9]+)?\Z|[-+]?[1-9][0-9]*\.\Z")
_COLON = re.compile(r"(?:[ \t\r\n]|#[^\n]*\n)*:")
_PROPERTIES = re.compile(r"(?:&[^\s,\[\]{}]+[ \t]+)?")
_TEXT = ("tag:yaml.org,2002:str", "!")


class _Events(Reader, Scanner, Parser):
    def __init__(self, text):
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


class _Builder:
    def __init__(self, text):
        self.text, self.events, self.anchors = text, _Events(text), {}

    def document(self):
        """The root of the first document; the others are only checked."""
        root, events = None, self.events
        events.get_event()
        while not isinstance(events.peek_event(), StreamEndEvent):
            if isinstance(events.get_event(), DocumentStartEvent):
                self.anchors = {}
                node = self.node(0)
                root = node if root is None else root
        if root is None or (root.kind == "value" and root.start == root.end):
            root = Node("map", 0, 0, members=[], form="blank")
        return root

    def node(self, depth):
        event = self.events.get_event()
        start = event.start_mark.index
        if depth > DEPTH:
            raise malformed(self.text, start, "nested more than %d deep" % DEPTH)
        if isinstance(event, AliasEvent):
            node = Node("alias", start, event.end_mark.index)
            node.target = self.anchors.get(event.anchor)
            if node.target is None or node.target.kind == "open":
                raise malformed(self.text, start, "an alias without its anchor before it")
            return node
        node = Node("open", start, event.end_mark.index)
        if event.anchor:
            self.anchors[event.anchor] = node
        if isinstance(event, ScalarEvent):
            self.scalar(node, event)
        elif isinstance(event, SequenceStartEvent):
            self.sequence(node, event, depth)
        else:
            self.mapping(node, event, depth)
        return node

    def scalar(self, node, event):
        node.kind, node.form = "value", "text" if event.style else "plain"
        if event.anchor and not event.tag:
            node.start = _PROPERTIES.match(self.text, node.start).end()
        node.gap = node.at = node.start
        if event.style in ("|", ">"):
            node.form, node.end = (
                "block",
                node.start + len(self.text[node.start : node.end].rstrip()),
            )
        if event.tag in _TEXT or (event.tag is None and event.style):
            node.value = event.value
        elif event.tag is None:
            node.value = resolved(event.value)
        else:
            node.kind = "computed"  # its tag decides, in the program that reads it

    def sequence(self, node, event, depth):
        node.members, node.form = [], "flow" if event.flow_style else "block"
        while not isinstance(self.events.peek_event(), SequenceEndEvent):
            child = self.node(depth + 1)
            child.gap = child.at = child.start
            node.add(str(len(node.members)), child)
        self.close(node, event, "list")

    def mapping(self, node, event, depth):
        node.members, node.form, seen = [], "flow" if event.flow_style else "block", set()
        while not isinstance(self.events.peek_event(), MappingEndEvent):
            peeked = self.events.peek_event()
            key = self.node(depth + 1)
            name = self.text[key.start : key.end]
            if key.kind == "value":
                name = peeked.value
            if name in seen:
                raise malformed(self.text, key.start, "the same key twice")
            seen.add(name)
            child = self.node(depth + 1)
            child.at = key.start
            colon = _COLON.match(self.text, key.end)
            child.gap = colon.end() if colon and colon.end() <= child.start else child.start
            node.add(name, child)
        self.close(node, event, "map")

    def close(self, node, event, kind):
        end = self.events.get_event().end_mark.index
        if event.flow_style:
            node.end = end
        else:  # PyYAML's end is behind the comments that follow
            node.end = max([node.start] + [child.end for _, child in node.members])
        node.kind = kind if event.tag is None else "computed"


def parse(text):
    check_text(text)
    try:
        return _Builder(text).document()
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = mark.index if mark else getattr(error, "position", 0)
        line = text[text.rfind("\n", 0, place) + 1 :][:200]
        what = "a tab in the indentation" if re.match(r" *\t", line) else "not valid YAML"
        raise malformed(text, min(place, len(text)), what) from None
    except (ValueError, OverflowError, IndexError, RecursionError):
        raise malformed(text, 0, "not valid YAML") from None


def resolved(word):
    """What a plain word means."""
    if _NULL.match(word):
        return None
    if _TRUE.match(word) or _FALSE.match(word):
        return bool(_TRUE.match(word))
    if _INTEGER.match(word):
        return int(word)
    if _FLOAT.match(word):
        value = float(word)
        return value if value - value == 0 else word
    return word
