"""What a service's environment will be, and which line of which file says so.

systemd merges a unit's fragment and its drop-ins in order: a later Environment= wins over an
earlier one, everything from EnvironmentFile= wins over every Environment=, and UnsetEnvironment=
over all (systemd.exec(5)). Its own parsing is followed (config_parse, extract_first_word,
parse_env_file); what it would refuse is left out.
"""

import glob
import os
import re
import time

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\",
    '"': '"', "'": "'", "s": " ",
}  # fmt: skip
_NUMBERS = re.compile(r"x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-3][0-7]{2})")


def effective(files, names, base, read_text, specifiers):
    """{name: [{value, place}, ...]}, the last one wins; and every environment file that is read.

    `base` are values of the manager's own environment [(name, value, place)]; `read_text(path)`
    returns text or None; `specifiers` maps a letter to its text.
    """
    inline, environment_files, unset = [], [], []
    for path in files:
        for number, key, value in _service_lines(read_text(path) or ""):
            place = "%s:%d" % (path, number)
            if key == "Environment":
                pairs = [(*pair, place) for pair in _pairs(value, specifiers)]
                inline = inline + pairs if value else []
            elif key == "EnvironmentFile":
                entry = _expand(value, specifiers)
                environment_files = environment_files + [entry] if value else []
            elif key == "UnsetEnvironment":
                unset = (
                    unset + [_expand(word, specifiers) for word in words(value)] if value else []
                )
    read_files = [path for entry in environment_files for path in _paths(entry)]
    from_files = [pair for path in read_files for pair in file_pairs(path, read_text(path))]
    chain = {name: [] for name in names}
    for name, value, place in list(base) + inline + from_files:
        if name in chain:
            chain[name].append({"value": value, "place": place})
    for name, entries in chain.items():
        if name in unset or (entries and "%s=%s" % (name, entries[-1]["value"]) in unset):
            chain[name] = []
    return chain, read_files


def _service_lines(text):
    """(line number, key, value) of the [Service] section."""
    return [(n, key, value) for n, section, key, value in lines_of(text) if section == "[Service]"]


def lines_of(text):
    """(line number, "[Section]", key, value) of a unit's file, continuation lines joined."""
    section, pending, start = "", None, 0
    for number, line in enumerate([*text.split("\n"), ""], 1):
        stripped = line.rstrip("\r").lstrip(" \t")
        if stripped[:1] in ("#", ";"):
            continue  # also between continued lines
        start = number if pending is None else start
        joined = (pending or "") + stripped
        if _ends_escaped(stripped):
            pending = joined[:-1] + " "
            continue
        pending, joined = None, joined.strip(" \t\r")
        if joined.startswith("["):
            section = joined
        elif "=" in joined:
            key, _, value = joined.partition("=")
            yield start, section, key.rstrip(), value.lstrip()


def _ends_escaped(line):
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _pairs(value, specifiers):
    """(name, text) of each word of an Environment= line that is an assignment."""
    expanded = [_expand(word, specifiers) for word in words(value)]
    return [word.partition("=")[::2] for word in expanded if _ASSIGNMENT.match(word)]


def words(value):
    """The words of a line as systemd splits it; those before a mistake where there is one."""
    found, place = [], 0
    while True:
        while place < len(value) and value[place] in " \t\n\r":
            place += 1
        if place >= len(value):
            return found
        word, place = _word(value, place)
        if word is None:
            return found
        found.append(word)


def _word(value, place):
    """(word, place after it); None where a quote is not closed or an escape means nothing."""
    text, quote = [], ""
    while place < len(value):
        char = value[place]
        place += 1
        if char == "\\":
            part, place = escape(value, place)
            if part is None:
                return None, place
            text.append(part)
        elif char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        elif not quote and char in " \t\n\r":
            break
        else:
            text.append(char)
    return (None if quote else "".join(text)), place


def escape(value, place):
    char = value[place : place + 1]
    if char in _ESCAPES and char:
        return _ESCAPES[char], place + 1
    number = _NUMBERS.match(value, place)
    if not number:
        return None, place
    digits = next(group for group in number.groups() if group)
    code = int(digits, 8 if number.group(4) else 16)
    return (chr(code) if 0 < code < 0x110000 else None), number.end()


def _expand(value, specifiers):
    """Specifiers that we do not know stay as they are."""
    return re.sub(r"%(.)", lambda found: specifiers.get(found.group(1), found.group()), value)


def _paths(entry):
    path = entry[1:] if entry.startswith("-") else entry
    return sorted(glob.glob(path)) if any(c in path for c in "*?[") else [path]


_BLANK = re.compile(r"(?:[ \t\r\n]|[#;][^\n]*)*")
_QUOTED = re.compile(r"[ \t\r]*(?:'([^']*)(?:'|\Z)|\"((?:[^\"\\]|\\.)*)(?:\"|\Z))", re.S)
_PLAIN = re.compile(r"(?:[^\\\n]|\\.)*", re.S)


def file_pairs(path, text):
    """(name, value, place) of each assignment of an environment file."""
    text, place = text or "", 0
    while True:
        place = _BLANK.match(text, place).end()
        end = text.find("\n", place)
        end = end if end >= 0 else len(text)
        if place >= len(text):
            return
        name, equals, _ = text[place:end].partition("=")
        if not equals:
            place = end
            continue
        line = text.count("\n", 0, place) + 1
        value, place = _file_value(text, place + len(name) + 1)
        if _NAME.match(name.strip()):
            yield name.strip(), value, "%s:%d" % (path, line)


def _file_value(text, place):
    """(value, place after it): quoted parts first, then what follows them up to the line's end."""
    parts = []
    quoted = _QUOTED.match(text, place)
    while quoted:
        if quoted.group(1) is not None:
            parts.append(quoted.group(1))
        else:
            parts.append(_IN_QUOTES.sub(_unescaped, quoted.group(2)))
        place = quoted.end()
        quoted = _QUOTED.match(text, place)
    rest = _PLAIN.match(text, place)
    plain = _OUTSIDE.sub(_unescaped, rest.group().strip(" \t\r"))
    return "".join(parts) + plain, rest.end()


_IN_QUOTES = re.compile(r"\\(?:\n|([\"\\`$]))")
_OUTSIDE = re.compile(r"\\(?:\n|(.)|\Z)")


def _unescaped(found):
    return found.group(1) or ""


def newest(paths):
    """The modification time of the youngest of the files, seconds since the epoch; 0 for none.

    A time in the future says nothing: a service would seem older than its files for ever.
    """
    times, now = [0.0], time.time()
    for path in paths:
        try:
            times.append(os.stat(path).st_mtime)
        except OSError:
            continue
    return max(moment for moment in times if moment <= now)
