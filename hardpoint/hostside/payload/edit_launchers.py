"""Variables and flags in desktop entries and crontabs: found, and changed where they stand.

A key is [NAME], a variable that a command line or a crontab sets, or [program, flag] (command_line.py).
"""

import hashlib
from collections import namedtuple

from . import lex_launchers
from .command_flags import found_flags, is_plain, place_of
from .command_line import MANY, UNKNOWN, assigned, runs
from .errors import Refusal

# start, end: of the value's text; value: True for a flag without one, None where a shell computes it;
# command, at: the word that holds it; skip: characters of that word before it
_Found = namedtuple("_Found", "start end value command at skip")


def find(text, key, style):
    """[(line number from 1, raw value, value)] in order."""
    found = [one for _, one in _find(text, key, style)]
    return [(text.count("\n", 0, f.start) + 1, text[f.start : f.end], f.value) for f in found]


def hidden(text, programs, style):
    """The lines of commands whose arguments only a shell knows: they may hold any flag."""
    return [
        (run.program, text.count("\n", 0, command[0].start) + 1)
        for command in lex_launchers.commands(text, style)
        for run in runs(command, programs)
        if any(word.value == MANY for word in run.arguments)
    ]


def editor(style):
    return _Launchers(style)


class _Launchers:
    def __init__(self, style):
        self.style = style

    def data(self, text, key):
        """(present, the different values; raw where only a shell knows)"""
        found = find(text, key, self.style)
        values = [raw if value is None else [value] for _, raw, value in found]
        return bool(found), [value for n, value in enumerate(values) if value not in values[:n]]

    def note(self, text, key):
        """What `restore` needs to know: plain data, nothing of other keys."""
        every = [one for _, one in _find(text, key, self.style)]
        return {
            "lines": [
                {"shape": _shape(text, f, every), "was": text[f.start : f.end]} for f in every
            ]
        }

    def put(self, text, key, value):
        """The text with every occurrence of the key giving `value`; Refusal where there is none, or where it
        can't be written safely."""
        if not isinstance(value, str) or not is_plain(value):
            raise Refusal("bad-request", "the value of %s is not plain text" % " ".join(key))
        every = _find(text, key, self.style)
        if not every:
            raise Refusal("missing", "has no %s: add it by hand" % " ".join(key))
        made, wanted = text, _values(text, self.style)
        for number, found in reversed(every):
            if found.value == value:
                continue
            words, bare = wanted[number], found.value is True
            if bare:
                words.insert(found.at + 1, value)
            else:
                words[found.at] = words[found.at][: found.skip] + value
            made = made[: found.start] + (" " if bare else "") + value + made[found.end :]
        if _values(made, self.style) != wanted:
            raise Refusal(
                "malformed",
                "has a %s that can't be rewritten safely: change it by hand" % " ".join(key),
            )
        return made

    def drop(self, text, key):
        """Nothing of a launcher is ever taken away."""
        if _find(text, key, self.style):
            raise Refusal("unsupported", "has %s: take it out by hand" % " ".join(key))
        return text

    def restore(self, text, key, noted):
        """The text with the values that `note` saw, each found again by the line that it stands on."""
        waiting, every = list(noted["lines"]), [one for _, one in _find(text, key, self.style)]
        for found in reversed(every):
            shape = _shape(text, found, every)
            old = next((line for line in reversed(waiting) if line["shape"] == shape), None)
            if old is not None:
                waiting.remove(old)
                start = found.start - _gap(text, found, old)
                text = text[:start] + old["was"] + text[found.end :]
        return text

    def empty(self, text):
        """A launcher is a person's, whatever is in it."""
        return False

    def new(self):
        return ""


def _values(text, style):
    return [[word.value for word in command] for command in lex_launchers.commands(text, style)]


def _gap(text, found, old):
    """The blank that `put` wrote before the value of a flag that had none."""
    return 1 if not old["was"] and not found.skip and text[found.start - 1] == " " else 0


def _find(text, key, style):
    """[(number of the command, _Found)]"""
    found = []
    for number, command in enumerate(lex_launchers.commands(text, style)):
        finder = _variable if len(key) == 1 else _flag
        found += [(number, one) for one in finder(command, key)]
    return found


def _variable(command, key):
    for at in assigned(command):
        name, _, value = command[at].value.partition("=")
        if name == key[0]:
            known = None if UNKNOWN in value else value
            yield _Found(*place_of(command[at], len(name) + 1), known, command, at, len(name) + 1)


def _flag(command, key):
    for run in runs(command, [key[0]]):
        before = len(command) - len(run.arguments)
        for flag in found_flags(run.arguments, [key[1]]):
            if flag.value_at is None:
                end = run.arguments[flag.at].end
                yield _Found(end, end, True, command, before + flag.at, 0)
                continue
            word = run.arguments[flag.value_at]
            value = word.value[flag.skip :]
            known = None if UNKNOWN in value else value
            yield _Found(
                *place_of(word, flag.skip), known, command, before + flag.value_at, flag.skip
            )


def _shape(text, found, every):
    """A digest of the line without any value of this key: it survives our own edits."""
    start = text.rfind("\n", 0, found.start) + 1
    end = text.find("\n", found.start)
    end = len(text) if end < 0 else end
    rest, place = [], start
    for other in every:
        if start <= other.start <= end:
            rest.append(text[place : other.start].rstrip(" "))
            place = other.end
    rest.append(text[place:end].rstrip("\r"))
    return hashlib.sha256("\0".join(rest).encode()).hexdigest()
