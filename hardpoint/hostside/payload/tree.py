"""What the editors of TOML, YAML, INI and Python share: values with their places in the text.

An editor changes one key and leaves every other byte alone. Each edit is read again afterwards: when it
means more, or less, than that one key, it is refused and nothing is written.
"""

import re

from .errors import Refusal

SIZE = 256 * 1024  # of a settings file; a pure Python parser takes seconds for more
DEPTH = 100
_MOST = 20000  # values that one key may expand to: an alias of aliases is a bomb


class Node:
    """A value. kind: map, list, value, computed (known only when the program runs) or alias (of `target`).

    raw: [gap, end) is the value with what stands between it and its name; [start, end) is the value alone.
    `at` is where its entry begins. members: [(name, Node)] of a map or a list. `form` is the format's own."""

    __slots__ = ("at", "end", "form", "gap", "kind", "members", "named", "start", "target", "value")

    def __init__(self, kind, start, end, value=None, members=None, form=""):
        self.kind, self.start, self.end, self.value = kind, start, end, value
        self.members, self.form, self.target = members, form, None
        self.named = {}
        self.gap = self.at = start

    def add(self, name, node):
        """A member."""
        self.members.append((name, node))
        self.named[name] = node

    def child(self, name):
        return self.named.get(name)


class _Unknown(Exception):
    """A part of the value is computed."""


class Editor:
    """A format gives `scan`, `dump`, `insert` and `remove`; this is what they have in common."""

    def __init__(self):
        self._last = None, None

    def parse(self, text):
        """The root of the text; the same for the same text, whose keys are asked for one by one."""
        if self._last[0] != text:
            self._last = text, self.scan(text)
        return self._last[1]

    # --- reading ---------------------------------------------------------------------------------------------

    def look(self, text, key):
        """None, or {"value", "line", "computed": None or the text whose value only the program knows}."""
        root = self.parse(text)
        node, _ = self.find(root, self.normal(root, key))
        if node is None:
            return None
        seen = {"line": line_of(text, node.at), "value": None, "computed": None}
        try:
            seen["value"] = plain(node)
        except _Unknown:
            seen["computed"] = text[node.start : node.end]
        return seen

    def data(self, text, key):
        """(present, what is equal for equal settings)"""
        seen = self.look(text, key)
        if seen is None:
            return False, None
        return True, seen["value"] if seen["computed"] is None else {"computed": seen["computed"]}

    def find(self, root, key):
        """(Node or None, the anchor through which it is reached or None)"""
        node, via = root, None
        for name in key:
            if node.kind == "alias":
                node, via = node.target, via or node.target
            child = node.child(name)
            if child is None:
                child, through = self.inherited(node, name)
                via = via or through
            if child is None:
                return None, via
            node = child
        return node, via

    def inherited(self, node, name):
        """(Node or None, anchor): what a mapping takes over from another one."""
        return None, None

    def normal(self, root, key):
        """The key as the tree has it."""
        return list(key)

    # --- changing --------------------------------------------------------------------------------------------

    def note(self, text, key):
        """What `restore` needs to know about the key as it is now: plain data with nothing of other keys."""
        root = self.parse(text)
        key = self.normal(root, key)
        node = self._own(text, root, key)
        if node is not None:
            return {"raw": text[node.gap : node.end]}
        parent, depth = self._deepest(text, root, key)
        hole = text[parent.gap : parent.end] if depth and not parent.members else None
        return {"depth": depth, "hole": hole, "form": parent.form, "gap": wants_gap(text)}

    def put(self, text, key, value):
        """The text with `value` at `key`; missing tables, sections and mappings on the way are made."""
        self.check_value(key, value)
        root = self.parse(text)
        key = self.normal(root, key)
        node = self._own(text, root, key)
        if node is not None:
            self._known(text, node, key)
            if _same(plain(node), value):
                return text
            made = self.replace(text, node, value)
        else:
            parent, depth = self._deepest(text, root, key)
            made = self.insert(text, root, parent, key, depth, value, None)
        node = self._checked(root, text, made, key)
        try:
            meant = node is not None and _same(plain(node), value)
        except _Unknown:
            meant = False
        if not meant:
            self._refuse(key)
        return made

    def drop(self, text, key):
        """The text without `key`; unchanged when it isn't there."""
        root = self.parse(text)
        key = self.normal(root, key)
        if self._own(text, root, key) is None:
            return text
        holder = self.find(root, key[:-1])[0] if key[1:] else root
        if holder.kind == "list" and not self.takes(holder):
            self._refuse(key)  # the elements behind it would get other numbers
        return self._removed(text, root, key, key, None)

    def restore(self, text, key, noted):
        """The text with `key` as `note` saw it."""
        root = self.parse(text)
        key = self.normal(root, key)
        node = self._own(text, root, key)
        if "raw" in noted:
            raw = noted["raw"]
            if node is not None:
                made = splice(text, [(node.gap, node.end, raw)])
            else:
                parent, depth = self._deepest(text, root, key)
                made = self.insert(text, root, parent, key, depth, None, raw)
            node = self._checked(root, text, made, key)
            if node is None or made[node.gap : node.end] != raw:
                self._refuse(key)
            return made
        if node is None:
            return text
        last = len(key) - 1
        while last > noted["depth"]:
            parent = self.find(root, key[:last])[0]
            if len(parent.members) != 1 or self.commented(text, parent):
                break
            last -= 1
        return self._removed(text, root, key, key[: last + 1], noted)

    def empty(self, text):
        """Whether there is no key and no comment in the text."""
        return not text.strip(" \t\r\n\ufeff")

    def new(self):
        return ""

    def check_value(self, key, value):
        """Refusal "bad-request" for a value that the format can't hold."""

    def replace(self, text, node, value):
        raw = text[node.start : node.end]
        return splice(text, [(node.start, node.end, self.dump(value, raw))])

    def commented(self, text, node):
        """Whether a comment of somebody's stands in a table or mapping that could go."""
        return False

    def _own(self, text, root, key):
        """The node of `key` where it is set in its own place, or None; Refusal "shared" otherwise."""
        node, via = self.find(root, key)
        if via is not None:
            raise Refusal(
                "shared",
                "line %d: %s comes from the anchor that is set here, which other places may use too: "
                "change it there, or set it in its own mapping, by hand"
                % (line_of(text, via.start), ".".join(key)),
            )
        return node

    def _deepest(self, text, root, key):
        """(the innermost map that exists on the way to `key`, how many names lead to it)"""
        node, depth = root, 0
        for name in key[:-1]:
            child = node.child(name)
            if child is None:
                break
            node, depth = child, depth + 1
        if node.kind == "map" or self.takes(node):
            return node, depth
        raise Refusal(
            "malformed",
            "line %d: %s has no place for %s: its value is left as it is"
            % (line_of(text, node.at), ".".join(key[:depth]), ".".join(key[depth:])),
        )

    def takes(self, node):
        """Whether what is no map can become one."""
        return False

    def _known(self, text, node, key):
        try:
            plain(node)
        except _Unknown:
            raise Refusal(
                "computed",
                "line %d: %s is computed when the program starts: change it by hand"
                % (line_of(text, node.at), ".".join(key)),
            ) from None

    def _removed(self, text, root, key, path, noted):
        made = self.remove(text, root, path, noted)
        new = self._reparsed(made, key)
        if self.find(new, key)[0] is not None and not key[-1].isdigit():
            self._refuse(key)
        old = _trimmed(_less(outline(text, root), key), key)
        if _trimmed(outline(made, new), key) != old:
            self._refuse(key)
        return made

    def _checked(self, root, text, made, key):
        """The key's node in the made text, where nothing else differs."""
        new = self._reparsed(made, key)
        if _trimmed(_less(outline(text, root), key), key) != _trimmed(
            _less(outline(made, new), key), key
        ):
            self._refuse(key)
        return self.find(new, key)[0]

    def _reparsed(self, made, key):
        try:
            return self.parse(made)
        except Refusal:
            self._refuse(key)

    def _refuse(self, key):
        raise Refusal(
            "malformed",
            "%s stands in a layout that can't be edited safely: change it by hand" % ".".join(key),
        )


# --- values --------------------------------------------------------------------------------------------------


def plain(node):
    """The value as plain data; _Unknown where a part is computed."""
    budget = [_MOST]

    def build(node):
        budget[0] -= 1
        if budget[0] < 0:
            raise Refusal(
                "malformed", "holds a value that expands to too much: an alias of aliases?"
            )
        if node.kind == "alias":
            return build(node.target)
        if node.kind == "computed":
            raise _Unknown
        if node.kind == "map":
            made = {name: build(child) for name, child in node.members}
            return _merged(made) if node.form in ("block", "flow") and "<<" in made else made
        if node.kind == "list":
            return [build(child) for _, child in node.members]
        return node.value

    return build(node)


def _merged(made):
    """A mapping with what its << brings: its own keys win, then the first of several."""
    sources = made.pop("<<")
    whole = {}
    for source in reversed(sources if isinstance(sources, list) else [sources]):
        if not isinstance(source, dict):
            raise _Unknown
        whole.update(source)
    return {**whole, **made}


def outline(text, node):
    """The meaning of a tree as plain data that can be compared; an alias is its name alone."""
    if node.kind == "map":
        return {name: outline(text, child) for name, child in node.members}
    if node.kind == "list":
        return [outline(text, child) for _, child in node.members]
    if node.kind == "value":
        return (type(node.value).__name__, repr(node.value))
    return (node.kind, text[node.start : node.end])


def _less(tree, key):
    """Without the key."""
    holder = tree
    for name in key[:-1]:
        holder = _within(holder, name)
    if isinstance(holder, dict):
        holder.pop(key[-1], None)
    elif isinstance(holder, list) and key[-1].isdigit() and int(key[-1]) < len(holder):
        del holder[int(key[-1])]
    return tree


def _trimmed(tree, key):
    """Without what is empty on the way to the key: it may come and go with it."""
    for depth in range(len(key) - 1, 0, -1):
        holder = tree
        for name in key[: depth - 1]:
            holder = _within(holder, name)
        if isinstance(holder, dict) and holder.get(key[depth - 1]) in (
            {},
            [],
            ("NoneType", "None"),
        ):
            del holder[key[depth - 1]]
    return tree


def _within(holder, name):
    if isinstance(holder, dict):
        return holder.get(name)
    if isinstance(holder, list) and name.isdigit() and int(name) < len(holder):
        return holder[int(name)]
    return None


def _same(one, other):
    return repr(_sorted(one)) == repr(_sorted(other))


def _sorted(value):
    if isinstance(value, dict):
        return {"map": sorted((name, _sorted(inner)) for name, inner in value.items())}
    if isinstance(value, (list, tuple)):
        return [_sorted(inner) for inner in value]
    return value


# --- text ----------------------------------------------------------------------------------------------------


def check_text(text):
    """Refusal for what is too long to be read in time, or has a NUL."""
    if len(text) > SIZE:
        raise Refusal("too-big", "has more than %d KiB: not a file that we handle" % (SIZE >> 10))
    if "\0" in text:
        raise malformed(text, text.index("\0"), "a NUL character")


def malformed(text, place, what):
    return Refusal(
        "malformed",
        "line %d: %s: repair it by hand, it is left as it is" % (line_of(text, place), what),
    )


def line_of(text, place):
    return text.count("\n", 0, place) + 1


def splice(text, pieces):
    for start, end, new in sorted(pieces, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def newline(text):
    return "\r\n" if "\r\n" in text else "\n"


def line_start(text, place):
    return text.rfind("\n", 0, place) + 1


def next_line(text, place):
    """Where the line after that of `place` begins; the text's end for the last one."""
    return text.find("\n", place) + 1 or len(text)


def margin(text, place):
    """The white space that begins the line of `place`."""
    return re.compile(r"[ \t]*").match(text, line_start(text, place)).group()


def add_lines(text, place, lines):
    """The text with whole lines before the line that begins at `place` (or at the end)."""
    nl = newline(text)
    if place and text[place - 1] != "\n" and text[:place] != "\ufeff":
        return text[:place] + "".join(nl + line for line in lines) + text[place:]
    return text[:place] + "".join(line + nl for line in lines) + text[place:]


def drop_lines(text, spans):
    """The text without the whole lines of the spans."""
    ranges = []
    for start, end in sorted(spans):
        start, end = line_start(text, start), next_line(text, max(start, end))
        if ranges and ranges[-1][1] >= start:
            ranges[-1][1] = max(end, ranges[-1][1])
        else:
            ranges.append([start, end])
    for start, end in reversed(ranges):
        if end == len(text) and not text.endswith("\n") and start:
            start -= (
                2 if text[:start].endswith("\r\n") else 1
            )  # the last line has no break of its own
        text = text[:start] + text[end:]
    return text


def wants_gap(text):
    """Whether a new section at the end needs a blank line before it."""
    return bool(text.strip(" \t\r\n\ufeff")) and not re.search(r"\n[ \t]*\r?\n\Z", text)


def add_section(text, header, line):
    """The text with a section (table) of one line at its end."""
    return add_lines(text, len(text), ([""] if wants_gap(text) else []) + [header, line])


def drop_section(text, head, entry, gap):
    """The text without a section that `add_section` made."""
    start = line_start(text, head)
    spans = [(head, head), entry]
    if gap and start and not text[line_start(text, start - 1) : start].strip():
        spans.append((line_start(text, start - 1), start - 1))
    return drop_lines(text, spans)


def drop_member(text, node, previous, following):
    """The text without one member of a comma-separated list; the two are its neighbours or None."""
    if following is not None:
        return splice(text, [(node.at, following.at, "")])
    if previous is not None:
        return splice(text, [(previous.end, node.end, "")])
    return splice(text, [(node.at, node.end, "")])


def neighbours(parent, name):
    """The members before and after the named one."""
    nodes = [node for _, node in parent.members]
    index = [known for known, _ in parent.members].index(name)
    return (nodes[index - 1] if index else None), (nodes[index + 1 : index + 2] or [None])[0]
