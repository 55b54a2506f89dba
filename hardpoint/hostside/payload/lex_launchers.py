"""The command lines of desktop entries and crontabs, as words with their places.

Desktop Entry Specification: "The Exec key", "Values" (escapes of strings). crontab(5), of Debian's cron and
of cronie: a system crontab has a column for the user; % ends a command unless it is escaped.
"""

import re

from .command_line import Word, flat, shell_commands

_GROUP = re.compile(r"\[Desktop (Entry|Action [^\]]*)\]\s*")
_EXEC = re.compile(r"Exec[ \t]*=[ \t]*(.*?)[ \t\r]*")
_ESCAPES = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
_VARIABLE = re.compile(r"[ \t]*(?P<q>[\"']?)(\w+)(?P=q)[ \t]*=[ \t]*(.*?)[ \t\r]*")
_ENTRY = re.compile(r"[ \t]*(?:@\w+|(?:\S+[ \t]+){4}\S+)[ \t]+")
_USER = re.compile(r"\S+[ \t]+")


def commands(text, style):
    """[[Word]] of the simple commands, also of those in a shell's text; a variable that a crontab sets is a
    command of one word, NAME=value."""
    found, place, group = [], 0, False
    for line in text.split("\n"):
        if style != "desktop":
            found += _of_crontab(line, place, style)
        elif line.startswith("["):
            group = bool(_GROUP.fullmatch(line))
        elif group and _EXEC.fullmatch(line):
            found += [_of_desktop(line, place)]
        place += len(line) + 1
    return [simple for command in found for simple in flat(command)]


def _of_desktop(line, place):
    """The words of one Exec line."""
    chars, at = [], _EXEC.fullmatch(line).start(1)
    end = _EXEC.fullmatch(line).end(1)
    while at < end:  # the escapes of any string
        step = 2 if line[at] == "\\" and line[at + 1 : at + 2] in _ESCAPES and at + 1 < end else 1
        char = _ESCAPES[line[at + 1]] if step == 2 else line[at]
        chars.append((char, place + at, place + at + step))
        at += step
    return _desktop_words(chars)


def _desktop_words(chars):
    words, word, quoted, start, n = [], [], False, None, 0
    while n < len(chars):
        char, first, last = chars[n]
        if start is None and char not in " \t":
            start = first
        if char == "\\" and quoted and n + 1 < len(chars):
            n += 1
            word.append((chars[n][0], first, chars[n][2]))
        elif char == '"':
            quoted = not quoted
        elif char in " \t" and not quoted:
            if start is not None:
                words.append(_word(word, start, chars[n - 1][2]))
            word, start = [], None
        else:
            word.append((char, first, last))
        n += 1
    if start is not None:
        words.append(_word(word, start, chars[-1][2]))
    return words


def _of_crontab(line, place, style):
    """The simple commands of one line; a variable as NAME=value."""
    if line.lstrip(" \t").startswith("#"):
        return []
    variable = _VARIABLE.fullmatch(line)
    if variable:
        return [[_variable(variable, place)]]
    entry = _ENTRY.match(line)
    if not entry:
        return []
    at = entry.end()
    user = _USER.match(line, at) if style == "system-crontab" else None
    at = user.end() if user else at
    chars = []
    while at < len(line) and line[at] not in "%\r":
        step = 2 if line.startswith("\\%", at) else 1
        chars.append((line[at + step - 1], place + at, place + at + step))
        at += step
    return shell_commands(_word(chars, place, place + at))


def _variable(found, place):
    name, value = found.group(2), found.group(3)
    start = found.start(3)
    if len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]:
        value, start = value[1:-1], start + 1
    chars = [(char, place + found.start(2), place + found.start(3)) for char in name + "="]
    chars += [(char, place + start + n, place + start + n + 1) for n, char in enumerate(value)]
    if not value:
        chars[-1] = ("=", place + found.start(2), place + start)
    return _word(chars, place + found.start(2), place + found.end(3))


def _word(chars, start, end):
    return Word("".join(c for c, _, _ in chars), [(a, b) for _, a, b in chars], start, end)
