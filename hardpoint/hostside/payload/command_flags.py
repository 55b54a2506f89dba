"""The flags of a command line: their values, and changing one where it stands, all else kept."""

import re
from collections import namedtuple

from .command_line import MANY, flat, known, runs
from .errors import Refusal

# at: index of the word of its name; value_at: index of the word of its value (None: it has none); skip: characters
# of that word before the value
_Flag = namedtuple("_Flag", "name at value_at skip")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@,+=-]+")


def flags(arguments, names):
    """{name: text, True where it has no value, None where that is computed}; the last one wins.

    A flag that is not there is left out, but None where words that are only known at run time may hold it."""
    found, values = {}, set()
    for flag in found_flags(arguments, names):
        found[flag.name] = True
        if flag.value_at is not None:
            values.add(flag.value_at)
            found[flag.name] = known(arguments[flag.value_at].value[flag.skip :])
    if any(word.value == MANY and n not in values for n, word in enumerate(arguments)):
        found = {**dict.fromkeys(names), **found}
    return found


def found_flags(arguments, names):
    """Every occurrence of the flags, in order."""
    wanted = {_same(name): name for name in names}
    at = 0
    while at < len(arguments):
        word = arguments[at].value
        if word == "--":
            return
        head, equals, _ = word.partition("=")
        name, short = wanted.get(_same(head)), wanted.get(word[:2])
        if name and equals:
            yield _Flag(name, at, at, len(head) + 1)
        elif name and at + 1 < len(arguments) and not arguments[at + 1].value.startswith("-"):
            yield _Flag(name, at, at + 1, 0)
            at += 1
        elif name:
            yield _Flag(name, at, None, 0)
        elif short and re.match(r"-\w[\d.:*\[]", word):  # -H0.0.0.0
            yield _Flag(short, at, at, 2)
        at += 1


def is_plain(value):
    """Whether a value means itself in every language that a command line is written in."""
    return bool(_PLAIN.fullmatch(value))


def _same(flag):
    """--api_key is --api-key to many programs."""
    return flag.replace("_", "-") if flag.startswith("--") else flag


# --- changing ----------------------------------------------------------------------------------------------


def edited(text, lex, programs, changes, add):
    """The text with the flags of `changes` {name: value, or None to take it away} in every program of the
    patterns that it runs; `add`: also those that are not there. `lex(text)` gives the commands [[Word]].

    Refusal "malformed" where that can't be done without touching anything else."""
    was, made = lex(text), text
    splices = []
    for command in was:
        for run in runs(command, programs):
            for name, value in changes.items():
                if value is not None and not is_plain(value):
                    raise Refusal("bad-request", "the value of %s is not plain text" % name)
                splices += _splices(text, run, name, value, add)
    for start, end, new in sorted(splices, reverse=True):
        made = made[:start] + new + made[end:]
    if not _as_meant(was, lex(made), programs, changes, add):
        raise Refusal(
            "malformed",
            "has a command line whose %s can't be rewritten safely: change it by hand"
            % ", ".join(changes),
        )
    return made


def _splices(text, run, name, value, add):
    """[(start, end, new text)]"""
    arguments = run.arguments
    present = list(found_flags(arguments, [name]))
    if not present and value is not None and add:
        place = _end(run)
        return [(place, place, " %s %s" % (name, value))]
    found = []
    for flag in present:
        word = arguments[flag.at]
        if value is None:
            last = arguments[flag.at if flag.value_at is None else flag.value_at]
            blank = len(text[: word.start]) - len(text[: word.start].rstrip(" \t"))
            found.append((word.start - blank, last.end, ""))
        elif flag.value_at is None:
            found.append((word.end, word.end, " " + value))
        else:
            found.append((*place_of(arguments[flag.value_at], flag.skip), value))
    return found


def _end(run):
    """Where one more flag goes: before `--`, else after the last argument."""
    values = [word.value for word in run.arguments]
    count = values.index("--") if "--" in values else len(values)
    return run.arguments[count - 1].end if count else run.end


def place_of(word, skip):
    """The place of the value in a word."""
    if word.spans is None or not word.spans:
        return (word.start, word.end) if not skip else (word.start, word.start)
    if skip == len(word.value):
        return (word.spans[-1][1],) * 2
    return word.spans[skip][0], word.spans[-1][1]


def _as_meant(was, now, programs, changes, add):
    """Whether the flags have their values and every other word is what it was."""
    names = list(changes)
    if _others(was, names) != _others(now, names):
        return False
    before = [run for command in was for run in runs(command, programs)]
    after = [run for command in now for run in runs(command, programs)]
    if [run.program for run in before] != [run.program for run in after]:
        return False
    for old, new in zip(before, after):
        had, has = flags(old.arguments, names), flags(new.arguments, names)
        for name, value in changes.items():
            wanted = had.get(name) if name not in had and not add else value
            if has.get(name) != wanted:
                return False
    return True


def _others(commands, names):
    """The values of all words but those of the flags, also of the commands in a shell's text."""
    return [_stripped(simple, names) for command in commands for simple in flat(command)]


def _stripped(command, names):
    taken = set()
    for flag in found_flags(command, names):
        taken |= {flag.at, flag.value_at}
    return [word.value for n, word in enumerate(command) if n not in taken]
