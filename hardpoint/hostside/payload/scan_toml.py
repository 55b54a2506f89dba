"""Where the values of TOML text are. `parse` refuses ("malformed") what TOML 1.0 does not allow.

The `form` of a table says how it was made: root, header ([a]), inline ({...}), dotted (a.b = 1) or implied (by
[a.b]). `value` of a table is where a line of its own can be added, `target` the start of its header's name.
"""

import re

from .tree import DEPTH, Node, check_text, malformed

_SPACE = re.compile(r"[ \t]*")
_REST = re.compile(r"[ \t]*(?:#[^\x00-\x08\n\x0b-\x1f\x7f]*)?\r?(?:\n|\Z)")
_BETWEEN = re.compile(r"(?:[ \t\n]|\r\n|#[^\x00-\x08\n\x0b-\x1f\x7f]*?\r?(?:\n|\Z))*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = re.compile(r'"((?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[^\n])*)"')
_LITERAL = re.compile(r"'([^'\x00-\x08\x0a-\x1f\x7f]*)'")
_LONG_BASIC = re.compile(r'"""((?:[^"\\]|\\.|"{1,2}(?!"))*)("{3,5})', re.S)
_LONG_LITERAL = re.compile(r"'''((?:[^']|'{1,2}(?!'))*)('{3,5})", re.S)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([ \t]*\r?\n[ \t\r\n]*)|(.))", re.S)
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_WORD = re.compile(r"[A-Za-z0-9_+.:-]+(?: [0-9]{2}:[0-9:.]+(?:[Zz]|[+-][0-9:]+)?)?")
_INTEGER = re.compile(
    r"[+-]?(?:0|[1-9](?:_?[0-9])*)|0x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*"
)
_FLOAT = re.compile(
    r"[+-]?(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?"
)
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ][0-9:.]+(?:[Zz]|[+-][0-9:]+)?)?|[0-9]{2}:[0-9]{2}:[0-9.]+"
)


def parse(text):
    """The root table."""
    check_text(text)
    begin = 1 if text.startswith("\ufeff") else 0
    root = _table(begin, "root")
    root.value = begin
    table, place = root, begin
    while place < len(text):
        rest = _REST.match(text, place)
        if rest and rest.end() > place:
            place = rest.end()
            continue
        place = _SPACE.match(text, place).end()
        if text.startswith("[", place):
            table, end = _header(text, root, place)
        else:
            end = _assignment(text, table, place, 0)
        place = table.value = _line_end(text, end)
    return root


def _table(at, form):
    return Node("map", at, at, members=[], form=form)


def _line_end(text, place):
    rest = _REST.match(text, place)
    if not rest:
        raise malformed(text, place, "something that does not belong after a value")
    return rest.end()


# --- tables --------------------------------------------------------------------------------------------------


def _header(text, root, place):
    """(table, end) of the [header] or [[header]] at `place`."""
    many = text.startswith("[[", place)
    names, end = _key(text, place + 1 + many)
    closing = "]]" if many else "]"
    if not text.startswith(closing, end):
        raise malformed(text, place, "a table's %s is missing" % closing)
    node = root
    for name, _ in names[:-1]:
        node = _into(text, node, name, place, "implied")
    name = names[-1][0]
    table = _table(place, "header")
    known = node.child(name)
    if many:
        if known is None:
            known = Node("list", place, place, members=[], form="tables")
            node.add(name, known)
        if known.form != "tables":
            raise malformed(text, place, "the same name twice")
        known.add(str(len(known.members)), table)
    elif known is None:
        node.add(name, table)
    elif known.kind == "map" and known.form == "implied":
        table, known.form, known.at = known, "header", place
        known.start = known.end = known.gap = place
    else:
        raise malformed(text, place, "the same table twice")
    return table, end + len(closing)


def _into(text, node, name, place, form):
    """The table `name` in another, made where it is missing; the last of an array of tables."""
    child = node.child(name)
    if child is None:
        child = _table(place, form)
        node.add(name, child)
    if child.form == "tables" and form == "implied":
        return child.members[-1][1]
    allowed = ("implied", "header", "dotted") if form == "implied" else ("dotted",)
    if child.kind != "map" or child.form not in allowed:
        raise malformed(text, place, "the same name twice")
    return child


def _assignment(text, table, place, depth):
    """The end of the `key = value` at `place`, which goes into the table."""
    names, end = _key(text, place)
    if not text.startswith("=", end):
        raise malformed(text, place, "an equals sign is missing after a key")
    for n, (name, _) in enumerate(names[:-1]):
        table = _into(text, table, name, place, "dotted")
        table.target = text[place : names[n + 1][1]]
    if table.child(names[-1][0]) is not None:
        raise malformed(text, place, "the same key twice")
    node = _value(text, _SPACE.match(text, end + 1).end(), depth)
    node.at, node.gap = place, node.start
    table.add(names[-1][0], node)
    if table.form == "dotted":
        table.value = text.find("\n", node.end) + 1 or len(text)
    return node.end


def _key(text, place):
    """([(name, start)], end) of a dotted key, with the space around it."""
    names = []
    while True:
        place = _SPACE.match(text, place).end()
        for pattern in (_BARE, _BASIC, _LITERAL):
            match = pattern.match(text, place)
            if match:
                break
        else:
            raise malformed(text, place, "not a key")
        name = match.group() if pattern is _BARE else match.group(1)
        names.append((_unescaped(text, place, name) if pattern is _BASIC else name, place))
        place = _SPACE.match(text, match.end()).end()
        if not text.startswith(".", place) or len(names) > DEPTH:
            return names, place
        place += 1


# --- values --------------------------------------------------------------------------------------------------


def _value(text, place, depth):
    if depth > DEPTH:
        raise malformed(text, place, "nested more than %d deep" % DEPTH)
    first = text[place : place + 1]
    if first == "[":
        return _array(text, place, depth)
    if first == "{":
        return _inline(text, place, depth)
    if first in ('"', "'"):
        return _string(text, place)
    match = _WORD.match(text, place)
    if not match:
        raise malformed(text, place, "a value is missing")
    known, value = _scalar(match.group())
    if not known:
        raise malformed(text, place, "not a TOML value")
    return Node("value", place, match.end(), value)


def _scalar(word):
    """(whether it is one, its value); a date, nan and inf are their text."""
    if word in ("true", "false"):
        return True, word == "true"
    if _INTEGER.fullmatch(word) and len(word) < 400:
        return True, int(word, 0 if word[:2] in ("0x", "0o", "0b") else 10)
    if _FLOAT.fullmatch(word):
        value = float(word)
        return True, value if value - value == 0 else word
    return bool(_DATE.fullmatch(word)) or word.lstrip("+-") in ("inf", "nan"), word


def _string(text, place):
    quote = text[place]
    if text.startswith(quote * 3, place):
        match = (_LONG_BASIC if quote == '"' else _LONG_LITERAL).match(text, place)
        if not match or _CONTROL.search(match.group(1)):
            raise malformed(text, place, "a string that is not closed, or has a control character")
        body = re.sub(r"\A\r?\n", "", match.group(1)) + quote * (len(match.group(2)) - 3)
        body = body.replace("\r\n", "\n")
    else:
        match = (_BASIC if quote == '"' else _LITERAL).match(text, place)
        if not match:
            raise malformed(text, place, "a string that is not closed, or has a control character")
        body = match.group(1)
    if quote == '"':
        body = _unescaped(text, place, body)
    return Node("value", place, match.end(), body)


def _unescaped(text, place, body):
    def one(match):
        code = match.group(1) or match.group(2)
        if code:
            number = int(code, 16)
            if number > 0x10FFFF or 0xD800 <= number < 0xE000:
                raise malformed(text, place, "a string with a wrong escape")
            return chr(number)
        if match.group(3) is not None:
            return ""
        if match.group(4) not in _ESCAPES:
            raise malformed(text, place, "a string with a wrong escape")
        return _ESCAPES[match.group(4)]

    return _ESCAPE.sub(one, body) if "\\" in body else body


def _array(text, place, depth):
    node = Node("list", place, place, members=[], form="array")
    place = _BETWEEN.match(text, place + 1).end()
    while not text.startswith("]", place):
        child = _value(text, place, depth + 1)
        node.add(str(len(node.members)), child)
        place = _BETWEEN.match(text, child.end).end()
        if text.startswith(",", place):
            place = _BETWEEN.match(text, place + 1).end()
        elif not text.startswith("]", place):
            raise malformed(text, place, "a comma or ] is missing")
    node.end = place + 1
    return node


def _inline(text, place, depth):
    node = _table(place, "inline")
    place = _SPACE.match(text, place + 1).end()
    while not text.startswith("}", place):
        end = _SPACE.match(text, _assignment(text, node, place, depth + 1)).end()
        if text.startswith(",", end):
            place = _SPACE.match(text, end + 1).end()
            if not text.startswith("}", place):
                continue
        elif text.startswith("}", end):
            place = end
            continue
        raise malformed(text, place, "a comma or } is missing, or a comma is one too many")
    node.end = place + 1
    _close(node)
    return node


def _close(node):
    """An inline table and all in it can't be added to from outside."""
    for _, child in node.members:
        if child.form == "dotted":
            _close(child)
            child.form = "dotted inline"
