"""Words to strings: quoting removed, variables, braces and substitutions replaced, gaps marked (marks.py)."""

from marks import ONE, STAR, TAINTED, UNKNOWN, Unreadable, unknown

MOST = 512
"""Alternatives of one word, and words of one list."""
SPACE = " \t\n"


def few(found):
    """The list itself; one that is too long to be followed to its end is Unreadable."""
    if len(found) > MOST:
        raise Unreadable("it says more things at once than can be followed")
    return found


def together(one, two):
    """The texts of one after those of two others; where they are too many, each by itself."""
    if len(one) * len(two) <= MOST:
        return [before + after for before in one for after in two]
    return few(list(dict.fromkeys([*one, *two])))


def fields(word, state):
    """The arguments that a word becomes: a list of lists of alternatives."""
    texts = alternatives(word, state)
    if any(part[0] == "text" and not part[2] and "{" in part[1] for part in word):
        return [[text] for text in texts]  # braces make words, where variables make choices
    split = any(
        part[0] in ("variable", "command")
        and not (part[1].quoted if part[0] == "variable" else part[2])
        for part in word
    )
    if not split:
        return [texts]
    pieces = [text.split() for text in texts]
    if all(len(piece) == 1 for piece in pieces):
        return [[piece[0] for piece in pieces]]
    if len(pieces) == 1:
        return [[piece] for piece in pieces[0]]
    return few([[piece] for pieces_ in pieces for piece in pieces_])


def alternatives(word, state):
    """All texts that one word may be, without splitting it."""
    found = [""]
    for place, part in enumerate(word):
        kind = part[0]
        if kind == "text":
            values = [part[1]]
            if not part[2] and not place and values[0].startswith("~"):
                values = [_tilde(values[0], state)]
            if not part[2]:
                values = [value.translate(BRACES) for value in values]
        elif kind == "glob":
            values = [{"*": STAR, "?": ONE, "[": BRACKET}[part[1]]]
        elif kind == "variable":
            values = parameter(part[1], state)
        elif kind == "number":
            alternatives(part[1], state)
            values = [UNKNOWN]
        else:
            values = state.substitute(part[1], kind == "process")
        found = few([one + value for one in found for value in few(values)])
    return few([_brackets(text) for one in found for text in _braces(one)])


# Unquoted braces and brackets are marked, for they mean something only when they close.
OPEN, COMMA, CLOSE, BRACKET = "\ue010", "\ue011", "\ue012", "\ue013"
BRACES = {ord("{"): OPEN, ord(","): COMMA, ord("}"): CLOSE}
BACK = {ord(OPEN): "{", ord(COMMA): ",", ord(CLOSE): "}", ord(BRACKET): "["}


def _braces(text):
    """The texts of {a,b}; {1..3} leaves a gap."""
    done, waiting = [], [text]
    while waiting:
        one = waiting.pop()
        found = _innermost(one)
        if found:
            waiting += found
        else:
            done.append(one)
        few([*done, *waiting])
    return done


def _innermost(text):
    """The texts that the first pair of braces stands for; [] where nothing is left to expand."""
    close = text.find(CLOSE)
    while close >= 0:
        start = text.rfind(OPEN, 0, close)
        if start >= 0:
            inner, before, after = text[start + 1 : close], text[:start], text[close + 1 :]
            if COMMA in inner:
                return [before + one + after for one in reversed(inner.split(COMMA))]
            if ".." in inner:
                return [before + STAR + after]
            text = before + "{" + inner + "}" + after
        close = text.find(CLOSE, close + 1)
    return []


def _brackets(text):
    """[abc] stands for one character; a lone [ is one itself."""
    place = text.find(BRACKET)
    while place >= 0:
        end = text.find("]", place + 2)
        if end > 0 and not set(text[place:end]) & set(SPACE + "/"):
            text = text[:place] + ONE + text[end + 1 :]
        else:
            text = text[:place] + "[" + text[place + 1 :]
        place = text.find(BRACKET)
    return text.translate(BACK)


def _tilde(text, state):
    name, slash, rest = text.partition("/")
    if name == "~":
        return state.places.home + slash + rest
    if name == "~+":
        return state.cwd + slash + rest
    return text


def parameter(found, state):
    """The values of $NAME or ${NAME...}."""
    values = state.variable(found.name)
    argument = found.argument
    if found.prefix == "#":
        return [UNKNOWN]
    if found.prefix == "!":
        names = [one for one in values if one]
        return [each for name in names for each in state.variable(name)] if values else [UNKNOWN]
    if not found.operator:
        return values or [UNKNOWN]
    return _operated(found.operator, values, argument, state)


def _operated(operator, values, argument, state):
    if operator in (":-", "-", ":=", "="):
        given = alternatives(argument, state)
        return given if not values else [*values, *given] if any(map(unknown, values)) else values
    if operator in (":+", "+"):
        return ["", *alternatives(argument, state)]
    if operator in (":?", "?"):
        return values or [UNKNOWN]
    values = values or [UNKNOWN]
    text = alternatives(argument, state)[0] if argument else ""
    tainted = any(TAINTED in value for value in values)
    if any(map(unknown, values)):
        return [TAINTED if tainted else UNKNOWN]
    if operator == ":":
        return [_slice(value, text) for value in values]
    if operator in ("/", "//"):
        old, _, new = text.partition("/")
        count = -1 if operator == "//" else 1
        return [
            value.replace(old, new, count) if old and not _marked(old) else value
            for value in values
        ]
    if operator in ("#", "##", "%", "%%"):
        return [_trimmed(value, operator, text) for value in values]
    if operator in ("^", "^^", ",", ",,"):
        change = str.upper if operator[0] == "^" else str.lower
        return [
            change(value) if len(operator) == 2 else change(value[:1]) + value[1:]
            for value in values
        ]
    return [UNKNOWN]


def _marked(text):
    return STAR in text or ONE in text or unknown(text)


def _slice(value, text):
    """${value:start:length}"""
    start, _, length = text.partition(":")
    try:
        begin = int(start.strip() or 0)
        end = int(length) if length.strip() else len(value)
    except ValueError:
        return UNKNOWN
    begin = max(0, len(value) + begin) if begin < 0 else begin
    return value[begin : begin + end] if end >= 0 else value[begin:end]


def _trimmed(value, operator, text):
    """${value#text} and ${value%text}; the usual patterns have a single * at one end."""
    core = text.strip(STAR)
    if _marked(core):
        return UNKNOWN
    if operator[0] == "#":
        if not text.startswith(STAR):
            return value[len(core) :] if value.startswith(core) else value
        place = value.rfind(core) if operator == "##" else value.find(core)
        return value[place + len(core) :] if core and place >= 0 else value
    if not text.endswith(STAR):
        return value[: -len(core)] if core and value.endswith(core) else value
    place = value.find(core) if operator == "%%" else value.rfind(core)
    return value[:place] if core and place >= 0 else value
