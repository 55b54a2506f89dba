"""Which program a command line runs. Nothing is run or expanded.

A pattern names a program: "vllm" (the last part of its path, or of the script that an interpreter or a
wrapper runs; * and ? as in a shell), "@playwright/mcp" (an npm package, in any version), "ComfyUI/main.py"
(the end of a path), "-m vllm.entrypoints.openai.api_server" (python -m), "jupyter lab" (a program with its
first argument), "chromium --remote-debugging-*" (with such an option somewhere). Words carry where they stand in their text,
so that one value can be replaced there and all else stays.
"""

import fnmatch
import re
from collections import namedtuple
from fnmatch import fnmatchcase

from . import command_wrappers, lex_shell
from .errors import Refusal

# no argument can hold a NUL: it stands for text that is only known at run time, two for any number of words
UNKNOWN, MANY = "\0", "\0\0"

# value: after unquoting; spans: [(start, end)] in the text of each of its characters, None where they can't be
# told apart; start, end: of the whole word
Word = namedtuple("Word", "value spans start end")

# program: the pattern; end: of the program's own word; arguments: the words after it; variables: {name: value,
# or None} that the command line itself sets
Run = namedtuple("Run", "program end arguments variables")

_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.S)
_PACKAGE = re.compile(
    r"(?:npm:|jsr:)?/?((?:@[\w.-]+/)?[\w.-]+)(?:\[[^\]]*\])?(?:(?:@|[=<>~!]=)[^/]*)?"
)


def words(values):
    """Words of a command that has no text, such as that of a running process."""
    return [Word(value, None, 0, 0) for value in values]


# --- which program -----------------------------------------------------------------------------------------


def runs(command, programs):
    """[Run] of the programs that the words of a command run; several where a shell runs a list of commands."""
    variables, at = {}, 0
    at = _assignments(command, at, variables)
    while at < len(command):
        names = _names(command[at].value)
        found = _run(names, command, at + 1, programs, variables)
        if found:
            return [found]
        text = shell_text(command, at)
        if text is not None:
            return _of_shell(command[text], programs, variables)
        at, module = command_wrappers.behind([word.value for word in command], at)
        if module:
            found = _run({"-m " + module}, command, at, programs, variables)
            return [found] if found else []
        at = _assignments(command, at, variables)
    return []


def _run(names, command, at, programs, variables):
    arguments = command[at:]
    for pattern in programs:
        head, *more = pattern.split()
        if head == "-m":
            head = "-m " + more.pop(0)
        if any(fnmatchcase(name, head) for name in names) and _has(arguments, more):
            return Run(pattern, command[at - 1].end, arguments, dict(variables))
    return None


def _has(arguments, more):
    """Whether the arguments begin with these words; those with a * may stand anywhere."""
    given = [word.value for word in arguments]
    first = [word for word in more if "*" not in word]
    positional = [word for word in given if not word.startswith("-")]
    anywhere = [word for word in more if "*" in word]
    return positional[: len(first)] == first and all(fnmatch.filter(given, w) for w in anywhere)


def _assignments(command, at, variables):
    """The index after NAME=value words, which go into `variables`."""
    while at < len(command):
        pair = _ASSIGNMENT.fullmatch(command[at].value)
        if not pair:
            break
        variables[pair.group(1)] = known(pair.group(2))
        at += 1
    return at


def assigned(command):
    """The indexes of words NAME=value that set a variable for what a simple command runs."""
    at, found = int(command[0].value == "export"), []
    while at < len(command):
        end = _assignments(command, at, {})
        found += range(at, end)
        values = [word.value for word in command]
        at, module = command_wrappers.behind(values, end) if end < len(command) else (end, "")
        if module:
            break
    return found


def known(value):
    return None if UNKNOWN in value else value


def _names(word):
    """The names under which a word's program may be asked for."""
    if word.startswith("@") or ":" in word.partition("/")[0]:
        package = _PACKAGE.fullmatch(word)
        return {package.group(1)} if package else {word}
    base = word.rpartition("/")[2]
    names, package = {base}, _PACKAGE.fullmatch(base)
    names |= {package.group(1)} if package else set()
    names |= {"/".join(word.split("/")[-2:])} if "/" in word else set()
    return names | set(re.findall(r"/node_modules/((?:@[^/]+/)?[^/]+)/", word))


# --- text of a shell ---------------------------------------------------------------------------------------


def shell_text(command, at):
    """The index of the word that a shell runs as text (sh -c), or None."""
    tool, cut = command_wrappers.tool(command[at].value), False
    if tool in ("su", "runuser", "flock"):
        for n in range(at + 1, len(command) - 1):
            if command[n].value in ("-c", "--command"):
                return n + 1
        return None
    if tool not in command_wrappers.SHELLS:
        return None
    at += 1
    while at < len(command) and command[at].value[:1] in ("-", "+"):
        word = command[at].value
        cut = cut or bool(re.fullmatch(r"-[A-Za-z]*c[A-Za-z]*", word))
        at += 2 if word in command_wrappers.SHELL_OPTIONS else 1
    return at if cut and at < len(command) else None


def _of_shell(text, programs, variables):
    found, variables = [], dict(variables)
    for command in shell_commands(text):
        if command[0].value == "export":
            _assignments(command, 1, variables)
            continue
        found += [
            run._replace(variables={**variables, **run.variables})
            for run in runs(command, programs)
        ]
    return found


def shell_commands(text):
    """[[Word]] of the simple commands of a shell's text, a Word itself; [] where it can't be followed."""
    source = text.value
    try:
        lexed = lex_shell.commands(source, "shell")
    except Refusal:
        return []
    return [[_shell_word(text, *span) for span in command.words] for command in lexed]


def flat(command):
    """The command, and instead of a shell's text the commands in it."""
    texts = {n for n in (shell_text(command, at) for at in range(len(command))) if n is not None}
    outer = [word for n, word in enumerate(command) if n not in texts]
    inner = [
        one for n in sorted(texts) for words in shell_commands(command[n]) for one in flat(words)
    ]
    return [outer, *inner] if outer else inner


def _shell_word(text, start, end):
    """A word of shell text; its places are those of the text that it stands in."""
    value, at = _unquoted(text.value[start:end])
    if text.spans is None:
        return Word(value, None, 0, 0)
    spans = [(text.spans[start + a][0], text.spans[start + b - 1][1]) for a, b in at or ()]
    first, last = text.spans[start][0], text.spans[end - 1][1]
    return Word(value, None if at is None else spans, first, last)


def _unquoted(raw):
    """(value, [(start, end)] of its characters or None); NUL for what a shell would compute."""
    value = None if UNKNOWN in raw else lex_shell.unquoted(raw, "shell")
    if value is None:
        head = re.match(r"(?:-[\w.-]*=|[A-Za-z_]\w*=)?", raw).group()
        several = not head and (raw[0] in "$`" or raw[0] == UNKNOWN or "@" in raw)
        tail = MANY if several else UNKNOWN
        return head + tail, [(n, n + 1) for n in range(len(head))] + [(len(head), len(raw))] * len(
            tail
        )
    if value == raw:
        return value, [(n, n + 1) for n in range(len(raw))]
    quoted = re.fullmatch(r"([^\"'\\]*)([\"'])([^\"'\\]*)\2", raw, re.S)
    if quoted is None or value != quoted.group(1) + quoted.group(3):
        return value, None
    places = [*range(quoted.end(1)), *range(quoted.start(3), quoted.end(3))]
    return value, [(n, n + 1) for n in places]
