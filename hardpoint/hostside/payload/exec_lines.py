"""The ExecStart= lines of a unit: which are in force, and their words as systemd makes them.

Its own parsing is followed (config_parse_exec, extract_first_word, replace_env_argv): quotes and escapes,
then specifiers, then the variables of the unit's environment; prefixes of the path; `;` between commands.
"""

import re

from . import unit_settings
from .command_line import MANY, UNKNOWN, Word

PREFIXES = "-@:+!|"
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\$")
_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
# what systemd itself sets for a process, beyond every file that we read (systemd.exec(5))
_BY_SYSTEMD = re.compile(
    r"PATH|LANG|LC_.*|TZ|USER|LOGNAME|HOME|SHELL|TERM|INVOCATION_ID|XDG_.*|MAINPID|MANAGERPID|LISTEN_.*"
    r"|NOTIFY_SOCKET|WATCHDOG_.*|SYSTEMD_.*|JOURNAL_STREAM|.*_DIRECTORY|MONITOR_.*|MEMORY_PRESSURE_.*|TRIGGER_.*"
    r"|DBUS_.*|DISPLAY|WAYLAND_.*|SSH_.*"
)


def in_force(files, read_text):
    """[(path, line, value)] of the ExecStart= lines that systemd obeys: an empty one ends those before it."""
    found = []
    for path in files:
        for number, section, key, value in unit_settings.lines_of(read_text(path) or ""):
            if (section, key) == ("[Service]", "ExecStart"):
                found = found + [(path, number, value)] if value else []
    return found


def mentioned(text):
    """Whether the text of one file sets ExecStart=, or empties it."""
    return any(line[1:3] == ("[Service]", "ExecStart") for line in unit_settings.lines_of(text))


def references(value):
    """The variables that a line names."""
    return set(_REFERENCE.findall(value))


def known(chain, complete):
    """A lookup for `lex` from {name: [{value, place}]}; `complete`: what is not in it is not set at all."""

    def lookup(name):
        if chain.get(name):
            return chain[name][-1]["value"]
        return None if not complete or _BY_SYSTEMD.fullmatch(name) else ""

    return lookup


def lex(value, specifiers=None, lookup=lambda name: None):
    """[[Word]] of the commands of a line; [] where systemd refuses it. `lookup(name)` gives the value of a
    variable, None where it is not known."""
    prefix = len(value) - len(value.lstrip(PREFIXES))
    flags, place = value[:prefix], prefix
    commands, words = [], []
    while place < len(value):
        if value[place] in " \t\n\r":
            place += 1
            continue
        start = place
        chars, place = _chars(value, place)
        if chars is None:
            return []
        if value[start:place] == ";":
            commands, words = [*commands, words], []
            continue
        if value[start:place] == "\\;":
            chars = [(";", start, place)]
        words.append((_specified(chars, specifiers or {}), start, place))
    found = []
    for one in [*commands, words]:
        # systemd takes one word more where the name of the process is given (@)
        argv = one[:1] + one[2:] if "@" in flags else one
        expand = ":" not in flags
        made = [w for n, word in enumerate(argv) for w in _words(word, lookup, expand and n > 0)]
        found += [made] if made else []
    return found


def _chars(value, place):
    """([(character, start, end)] of the word, place after it); None where a quote is not closed."""
    chars, quote = [], ""
    while place < len(value):
        char, start = value[place], place
        place += 1
        if char == "\\":
            part, end = unit_settings.escape(value, place)
            if part is None:  # an escape that means nothing stays as it is
                chars.append((char, start, place))
                continue
            chars.append((part, start, end))
            place = end
        elif char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        elif not quote and char in " \t\n\r":
            place = start
            break
        else:
            chars.append((char, start, place))
    return (None if quote else chars), place


def _specified(chars, specifiers):
    """The same with specifiers replaced; NUL for those that we do not know."""
    found, n = [], 0
    while n < len(chars):
        char, start, end = chars[n]
        if char == "%" and n + 1 < len(chars):
            n += 1
            end = chars[n][2]
            text = specifiers.get(chars[n][0], "%" if chars[n][0] == "%" else UNKNOWN)
            found += [(one, start, end) for one in text]
        else:
            found.append((char, start, end))
        n += 1
    return found


def _words(word, lookup, expand):
    """The Words that one word becomes: $NAME alone can be several, or none."""
    chars, start, end = word
    text = "".join(char for char, _, _ in chars)
    if not expand or "$" not in text:
        return [_word(chars, start, end)]
    if text[0] == "$" and text[1:2] not in ("{", "$"):
        value = lookup(text[1:])
        values = [MANY] if value is None else unit_settings.words(value)
        return [Word(one, [(start, end)] * len(one), start, end) for one in values]
    made, place = [], 0
    for found in _VARIABLE.finditer(text):
        made += chars[place : found.start()]
        value = lookup(found.group(1)) if found.group(1) else "$"
        first, last = chars[found.start()][1], chars[found.end() - 1][2]
        made += [(one, first, last) for one in (UNKNOWN if value is None else value)]
        place = found.end()
    return [_word(made + chars[place:], start, end)]


def _word(chars, start, end):
    return Word("".join(c for c, _, _ in chars), [(a, b) for _, a, b in chars], start, end)
