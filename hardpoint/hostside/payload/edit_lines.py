"""Assignments in environment files, shell profiles and fish configuration.

`style` is "environment" (/etc/environment, environment.d, EnvironmentFile: NAME=value), "shell" (sh, bash,
zsh) or "fish" (`set -gx NAME value`). Only assignments of the one name are ever touched. An assignment in
front of a command (`NAME=v command`) holds for that command alone and is not one of ours.
"""

import hashlib
import re
import shlex
from collections import namedtuple

from .errors import Refusal
from .lex_shell import commands, unquoted

# word: the span of NAME=value (fish: of the name up to the last value); body: where the value begins, or
# None when it can't be replaced alone; command: span of the statement; others: it holds other assignments
_Found = namedtuple("_Found", "start end body raw value command others nested")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]+\Z")


def find(text, name, style):
    """[(line number from 1, raw value, value or None when only known at run time)] in order."""
    return [
        (text.count("\n", 0, found.start) + 1, found.raw, found.value)
        for found in _find(text, name, style)
    ]


def note(text, name, style):
    """What `restore` needs to know about the assignments as they are now: plain data, nothing of other names."""
    every = _find(text, name, style)
    lines = []
    for found in every:
        start, end = _lines(text, found)
        lines.append(
            {
                "shape": _shape(text, found, every),
                "was": text[found.start : found.end],
                "line": text.count("\n", 0, start),
                "whole": text[start:end] if _alone(text, found) else None,
            }
        )
    return {"lines": lines}


def put(text, name, value, style):
    """The text with every assignment of `name` giving `value`; one is appended when there is none."""
    if not isinstance(value, str) or re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
        raise Refusal("bad-request", "the value of %s is not one line of text" % name)
    every = _find(text, name, style)
    if not every:
        return _insert_line(
            text,
            text.count("\n") + 1,
            _statement(name, _quoted(value, "", style), style) + _newline(text),
        )
    for found in reversed(every):
        if found.value != value:
            head = (
                text[found.start : found.body]
                if found.body is not None
                else name + (" " if style == "fish" else "=")
            )
            text = text[: found.start] + head + _quoted(value, found.raw, style) + text[found.end :]
    if [found.value for found in _find(text, name, style)] != [value] * len(every):
        raise Refusal(
            "malformed", "the assignment of %s can't be rewritten safely: change it by hand" % name
        )
    return text


def drop(text, name, style):
    """The text without the assignments of `name`."""
    while True:
        every = _find(text, name, style)
        if not every:
            return text
        text = _drop(text, every[-1], style)


def restore(text, name, noted, style):
    """The text with the assignments that `note` saw, each found again by the line that it stands on."""
    if not noted["lines"]:
        return drop(text, name, style)
    waiting = list(noted["lines"])
    every = _find(text, name, style)
    pieces = []
    for found in every:
        shape = _shape(text, found, every)
        old = next((line for line in waiting if line["shape"] == shape), None)
        if old is not None:
            waiting.remove(old)
            pieces.append((found.start, found.end, old["was"]))
    for start, end, new in reversed(pieces):
        text = text[:start] + new + text[end:]
    for old in waiting:
        whole = old["whole"] or _command(old["was"], name, style) + _newline(text)
        text = _insert_line(text, old["line"], whole)
    return text


def empty(text):
    """Whether nothing but white space is left."""
    return not text.strip(" \t\r\n\ufeff")


class _Lines:
    """One style, with the key as a list of one name."""

    def __init__(self, style):
        self.style = style

    def data(self, text, key):
        """(present, the different values; raw where only the shell knows)"""
        found = find(text, key[0], self.style)
        values = [raw if value is None else [value] for _, raw, value in found]
        return bool(found), [value for n, value in enumerate(values) if value not in values[:n]]

    def note(self, text, key):
        return note(text, key[0], self.style)

    def put(self, text, key, value):
        return put(text, key[0], value, self.style)

    def drop(self, text, key):
        return drop(text, key[0], self.style)

    def restore(self, text, key, noted):
        return restore(text, key[0], noted, self.style)

    def empty(self, text):
        return empty(text)

    def new(self):
        return ""


def editor(style):
    return _Lines(style)


# --- finding -----------------------------------------------------------------------------------------------


def _find(text, name, style):
    if not isinstance(name, str) or not _NAME.match(name):
        raise Refusal("bad-request", "not a variable name: %r" % (name,))
    if style == "environment":
        return _find_environment(text, name)
    finder = _of_fish if style == "fish" else _of_shell
    return [found for command in commands(text, style) for found in finder(text, command, name)]


def _find_environment(text, name):
    found, place = [], 1 if text.startswith("\ufeff") else 0
    head = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*")
    while place < len(text):
        match = head.match(text, place)
        if match:
            end = _environment_end(text, match.end())
            if match.group(1) == name:
                raw = text[match.end() : end].rstrip(" \t\r")
                stop = match.end() + len(raw)
                value = _environment_value(raw)
                found.append(
                    _Found(
                        match.start(1),
                        stop,
                        match.end(),
                        raw,
                        value,
                        (match.start(), stop),
                        False,
                        False,
                    )
                )
            place = end
        place = text.find("\n", place) + 1 or len(text)
    return found


def _environment_end(text, place):
    """Where the value at `place` ends: its line's end, later after a backslash or inside quotes."""
    fresh = True  # quotes count only where a value begins
    while place < len(text) and text[place] != "\n":
        quoted = (
            re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"", re.S).match(text, place) if fresh else None
        )
        if quoted:
            place = quoted.end()
            continue
        fresh = False
        place += 2 if text[place] == "\\" and not text.startswith("\\\r", place) else 1
    return min(place, len(text))


def _environment_value(raw):
    value, place = [], 0
    while place < len(raw):
        quoted = re.compile(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"", re.S).match(raw, place)
        if not quoted:
            break
        inner = quoted.group(1)
        if inner is None:
            inner = quoted.group(2)
            if re.search(r"(?<!\\)(?:\\\\)*\$", inner):
                return None
            inner = re.sub(r'\\(?:\n|([$`"\\]))', lambda match: match.group(1) or "", inner)
        value.append(inner)
        place = quoted.end()
    rest = raw[place:]
    if re.search(r"(?<!\\)(?:\\\\)*\$", rest):
        return None
    return "".join(value) + re.sub(r"\\(\n?)(.?)", r"\2", rest)


def _of_shell(text, command, name, style="shell"):
    words = [text[start:end] for start, end in command.words]
    assigned = re.compile(r"[A-Za-z_]\w*\+?=")
    first = next((n for n, word in enumerate(words) if not assigned.match(word)), len(words))
    if first < len(words):
        if words[first] not in ("export", "declare", "typeset", "readonly", "local"):
            return
    begin = first + 1 if first < len(words) else 0
    places = [n for n in range(begin, len(words)) if not words[n].startswith(("-", "+"))]
    for n in places:
        start, end = command.words[n]
        match = re.match(r"%s(\+?)=" % name, words[n])
        if match:
            raw = words[n][match.end() :]
            body = start + match.end() if not match.group(1) else None
            value = None if match.group(1) else unquoted(raw, style)
        elif re.match(r"[\"']%s=" % name, words[n]):  # export "NAME=value"
            raw, body, value = words[n], None, unquoted(words[n], style)
            value = value[len(name) + 1 :] if value is not None else None
        else:
            continue
        whole = (command.words[0][0], command.words[-1][1])
        yield _Found(start, end, body, raw, value, whole, len(places) > 1, command.nested)


def _of_fish(text, command, name):
    words = [text[start:end] for start, end in command.words]
    whole = (command.words[0][0], command.words[-1][1])
    if words[0] == "export":
        yield from _of_shell(text, command, name, "fish")
    if words[0] != "set":
        return
    at = next((n for n in range(1, len(words)) if not words[n].startswith("-")), len(words))
    short = "".join(word[1:] for word in words[1:at] if not word.startswith("--"))
    other = {"--erase", "--query", "--names", "--show"} & set(words[1:at]) or set("eqnS") & set(
        short
    )
    if words[at : at + 1] != [name] or at + 1 >= len(words) or other:
        return
    grows = set("ap") & set(short) or {"--append", "--prepend"} & set(words[1:at])
    values = [unquoted(word, "fish") for word in words[at + 1 :]]
    value = None if grows or None in values else " ".join(values)
    body, end = command.words[at + 1][0], command.words[-1][1]
    yield _Found(command.words[at][0], end, body, text[body:end], value, whole, False, False)


# --- changing ----------------------------------------------------------------------------------------------


def _quoted(value, raw, style):
    """`value` as it is written, in the quotes of `raw` where that is safe."""
    quote = raw[:1] if raw[:1] in ("'", '"') and raw[-1:] == raw[:1] else ""
    if _PLAIN.match(value):
        return quote + value + quote
    if style == "environment":
        if "'" not in value and quote == "'":
            return "'%s'" % value
        return '"%s"' % re.sub(r'([$`"\\])', r"\\\1", value)
    if quote == '"' and not re.search(r'[$`"\\!]', value):
        return '"%s"' % value
    if style == "fish":
        return "'%s'" % re.sub(r"([\\'])", r"\\\1", value)
    return shlex.quote(value)


def _statement(name, quoted, style):
    return {"environment": "%s=%s", "shell": "export %s=%s", "fish": "set -gx %s %s"}[style] % (
        name,
        quoted,
    )


def _command(was, name, style):
    """A statement of its own around an assignment that stood among others."""
    if style == "environment":
        return was
    return ("set -gx " if style == "fish" and not was.startswith(name + "=") else "export ") + was


def _drop(text, found, style):
    if found.others:
        begin = len(text[: found.start].rstrip(" \t"))
        if begin <= found.command[0]:  # the first of several: take the space that follows instead
            rest = text[found.end :].lstrip(" \t")
            return text[: found.start] + rest
        return text[:begin] + text[found.end :]
    if not _alone(text, found):
        idle = {"shell": ":", "fish": "true"}.get(style, "")
        return text[: found.command[0]] + idle + text[found.command[1] :]
    start, end = _lines(text, found)
    if not text[start:end].endswith(
        "\n"
    ):  # the last line, without a line break: the one before goes instead
        start = len(text[:start].removesuffix("\n").removesuffix("\r")) if start else start
    return text[:start] + text[end:]


def _alone(text, found):
    """Whether the whole line can go: nothing else on it, and no block left empty."""
    start, end = _lines(text, found)
    around = text[start : found.command[0]] + text[found.command[1] : end]
    return not found.others and not found.nested and not around.strip(" \t\r\n")


def _lines(text, found):
    """The span of the lines that an assignment stands on, line break included."""
    return text.rfind("\n", 0, found.start) + 1, text.find("\n", found.end) + 1 or len(text)


def _shape(text, found, every):
    """A digest of those lines without any assignment of this name: it survives our own edits."""
    start, end = _lines(text, found)
    rest, place = [], start
    for other in every:
        if start <= other.start and other.end <= end:
            rest.append(text[place : other.start])
            place = other.end
    rest.append(text[place:end].rstrip("\r\n"))
    return hashlib.sha256("\0".join(rest).encode()).hexdigest()


def _insert_line(text, number, line):
    lines = re.findall(r"[^\n]*\n|[^\n]+\Z", text)
    if number >= len(lines) and lines and not lines[-1].endswith("\n"):
        return text + _newline(text) + line.rstrip("\r\n")
    if number < len(lines) and not line.endswith("\n"):
        line += _newline(text)  # it was the last line once
    lines.insert(number, line)
    return "".join(lines)


def _newline(text):
    return "\r\n" if "\r\n" in text else "\n"
