"""JSON and JSONC text: change one value and leave every other byte alone.

Comments (// and /* */) and trailing commas are accepted and kept. A key path is a list of object keys.
Text that is not exactly one object, or that has the same key twice anywhere, is Refusal "malformed".
"""

import json
import re
import sys

from .errors import Refusal
from .scan_json import BLANK, parse, skip, string


def get(text, key):
    """(found, value, raw text of the value); (False, None, None) when the path leads nowhere."""
    node = parse(text).at(key)
    return (False, None, None) if node is None else (True, node.value, text[node.start : node.end])


def data(text, key):
    """(present, value)"""
    return get(text, key)[:2]


def look(text, key):
    """None, or {"value", "line", "computed": None}."""
    node = parse(text).at(key)
    if node is None:
        return None
    return {"value": node.value, "line": text.count("\n", 0, node.start) + 1, "computed": None}


def note(text, key):
    """What `restore` needs to know about the key as it is now: plain data with nothing of other keys."""
    root = parse(text)
    node = root.at(key)
    if node is not None:
        return {"raw": text[node.start : node.end]}
    parent, depth = _deepest(root, key)
    hole = text[parent.start + 1 : parent.end - 1] if not parent.members else None
    return {"depth": depth, "hole": hole}


def put(text, key, value):
    """The text with `value` at `key`; missing objects on the way are made."""
    found, old, _ = get(text, key)
    if found and _same(old, value):
        return text
    return _put(text, key, value, None)


def drop(text, key):
    """The text without `key`; unchanged when it isn't there."""
    if not get(text, key)[0]:
        return text
    expected = parse(text).value
    holder = expected
    for name in key[:-1]:
        holder = holder[name]
    del holder[key[-1]]
    return _checked(_drop(text, key, None), expected)


def restore(text, key, noted):
    """The text with `key` as `note` saw it."""
    root = parse(text)
    node = root.at(key)
    if "raw" in noted:
        value = parse('{"v":%s}' % noted["raw"]).value["v"]
        return _put(text, key, value, noted["raw"])
    if node is None:
        return text
    depth, hole = noted["depth"], noted["hole"]
    parents = [root.at(key[:n]) for n in range(len(key))]
    last = len(key) - 1
    while last > depth and len(parents[last].members) == 1 and not _comments(text, parents[last]):
        last -= 1
    return _drop(text, key[: last + 1], hole if last == depth else None)


def empty(text):
    """Whether there is no key and no comment in the text."""
    return not text.strip(BLANK + "\ufeff") or (
        not parse(text).members and not _comments(text, parse(text))
    )


def new():
    """The text of a document without keys, for `put`."""
    return "{}\n"


def _deepest(root, key):
    """The innermost object that exists on the way to `key`, and how many keys lead to it."""
    node, depth = root, 0
    while node.child(key[depth]) is not None:
        node, depth = node.child(key[depth]), depth + 1
        if node.members is None:
            raise Refusal(
                "malformed", "%s is not an object: its key is left as it is" % ".".join(key[:depth])
            )
    return node, depth


def _comments(text, node):
    """Whether a comment stands between the members of an object (not inside their values)."""
    place = node.start + 1
    for _, start, child in node.members:
        if text[place:start].strip(BLANK + ",") or "/" in _between(text, start, child):
            return True
        place = child.end
    return bool(text[place : node.end - 1].strip(BLANK + ","))


def _between(text, start, child):
    return text[string(text, start)[0] : child.start]


# --- writing -----------------------------------------------------------------------------------------------


def _put(text, key, value, raw):
    root = parse(text)
    expected = root.value
    node = root.at(key)
    if node is not None:
        made = _splice(
            text,
            [
                (
                    node.start,
                    node.end,
                    raw if raw is not None else _dump(text, root, node.start, value),
                )
            ],
        )
    else:
        made = _insert(text, root, key, value, raw)
    holder = expected
    for name in key[:-1]:
        holder = holder.setdefault(name, {})
    holder[key[-1]] = value
    return _checked(made, expected)


def _checked(text, expected):
    """A net under the hand-written edits: what was made must mean what was meant."""
    if not _same(parse(text).value, expected):
        raise Refusal(
            "malformed",
            "this layout of commas and comments can't be edited safely: change the key by hand",
        )
    return text


def _same(one, other):
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _splice(text, pieces):
    for start, end, new in sorted(pieces, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _insert(text, root, key, value, raw):
    parent, depth = _deepest(root, key)
    for name in reversed(key[depth + 1 :]):
        value, raw = {name: value}, None
    nl = _newline(text)
    spread = "\n" in text[root.start : root.end] or not root.members
    if parent.members:
        _, start, last = parent.members[-1]
        spread = "\n" in text[parent.start : parent.members[0][1]]
        margin = _margin(text, start) if spread else ""
    else:
        margin = _margin(text, parent.start) + _indent(text, root)
    space = _colon_space(text, root)
    body = (
        raw
        if raw is not None
        else _dumps(value, _indent(text, root) if spread else None, margin, nl, space)
    )
    member = json.dumps(key[depth], ensure_ascii=_surrogate(key[depth])) + ":" + space + body
    if not parent.members:
        return _fill(text, parent, member, margin, nl, spread)
    comma = skip(text, last.end)
    gap = nl + margin if spread else space
    if text.startswith(",", comma):  # a trailing comma: this document likes them
        place = _end_of_line(text, comma + 1) if spread else comma + 1
        return _splice(text, [(place, place, gap + member + ",")])
    place = _end_of_line(text, last.end) if spread else last.end
    if place == last.end:
        return _splice(text, [(place, place, "," + gap + member)])
    return _splice(text, [(last.end, last.end, ","), (place, place, gap + member)])


def _fill(text, parent, member, margin, nl, spread):
    """The first member of an empty object, after the comments that it may hold."""
    hole = text[parent.start + 1 : parent.end - 1]
    kept = hole.rstrip(BLANK)
    if spread or kept:
        made = kept + nl + margin + member + nl + _margin(text, parent.start)
    else:
        made = member
    return _splice(text, [(parent.start + 1, parent.end - 1, made)])


def _drop(text, key, hole):
    parent = parse(text).at(key[:-1])
    index = [name for name, _, _ in parent.members].index(key[-1])
    _, start, node = parent.members[index]
    line = _line_start(text, start)
    comma = skip(text, node.end)
    comma = comma if text.startswith(",", comma) else None
    if len(parent.members) == 1:
        return _empty(text, parent, start if line is None else line, node.end, comma, hole)
    if comma is not None:
        if line is not None:
            begin = line
        elif index:
            begin = text.index(",", skip(text, parent.members[index - 1][2].end)) + 1
            begin = begin if not text[begin:start].strip(BLANK) else start
        else:
            begin = start
        end = node.end if text[node.end : comma].strip(BLANK) else comma
        after = comma + 1
        if (
            line is None and not index
        ):  # the first of an inline object takes the space that follows it along
            after = re.compile(r"[ \t]*").match(text, after).end()
        return _splice(
            text, [(begin, end, ""), (comma, after, "")] if end < comma else [(begin, after, "")]
        )
    previous = parent.members[index - 1][2].end
    comma = skip(text, previous)
    if line is None and not text[previous:start].strip(BLANK + ","):
        return _splice(text, [(previous, node.end, "")])
    begin = start if line is None or line <= comma else line
    return _splice(text, [(comma, comma + 1, ""), (begin, node.end, "")])


def _empty(text, parent, begin, end, comma, hole):
    """Without its only member; `hole` is what stood between the braces before that member came."""
    if comma is not None and not text[end:comma].strip(BLANK):
        end = comma + 1
    rest = text[parent.start + 1 : begin] + text[end : parent.end - 1]
    if hole is not None and rest.split() == hole.split():
        rest = hole
    elif not rest.strip(BLANK):
        rest = ""
    return _splice(text, [(parent.start + 1, parent.end - 1, rest)])


def _line_start(text, place):
    """Where the line break before `place` begins, when only white space lies between; else None."""
    before = text[:place].rstrip(" \t")
    if not before.endswith("\n"):
        return None
    return len(before) - (2 if before.endswith("\r\n") else 1)


def _end_of_line(text, place):
    """After the comments that follow on the same line; `place` itself when something else follows."""
    end = re.compile(r"(?:[ \t]*(?://[^\r\n]*|/\*(?:(?!\*/)[^\n])*\*/))*").match(text, place).end()
    rest = re.compile(r"[ \t]*\r?(?:\n|\Z)").match(text, end)
    return end if rest else place


def _newline(text):
    return "\r\n" if "\r\n" in text else "\n"


def _margin(text, place):
    """The white space that begins the line of `place`."""
    return re.compile(r"[ \t]*").match(text, text.rfind("\n", 0, place) + 1).group()


def _indent(text, root):
    """One step of the document's own indentation."""
    first = root.members[0][1] if root.members else root.start
    step = (
        _margin(text, first)[len(_margin(text, root.start)) :]
        if _line_start(text, first) is not None
        else ""
    )
    return step or "  "


def _colon_space(text, root):
    if not root.members:
        return " "
    gap = _between(text, root.members[0][1], root.members[0][2])
    return " " if gap != ":" else ""


def _dump(text, root, place, value):
    spread = "\n" in text[root.start : root.end]
    return _dumps(
        value,
        _indent(text, root) if spread else None,
        _margin(text, place),
        _newline(text),
        _colon_space(text, root),
    )


def _dumps(value, indent, margin, nl, space):
    made = json.dumps(
        value,
        indent=indent,
        ensure_ascii=_surrogate(value),
        separators=("," if indent else "," + space, ":" + space),
    )
    return made.replace("\n", nl + margin)


def _surrogate(value):
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def editor(style):
    """This module is its own editor."""
    return sys.modules[__name__]
