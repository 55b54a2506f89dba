"""Commands that change the shell itself, run others, or whose output is plain to see."""

import binascii
import os

import expand
import lex
import programs
from marks import TAINTED, UNKNOWN, globbed, literal, unknown


def change_folder(shell, argv, stdin):
    words = [one for one in argv[1:] if not one.startswith("-") or one == "-"]
    target = words[0] if words else shell.places.home
    if target == "-" or unknown(target):
        shell.cwd = os.path.join(shell.cwd, UNKNOWN if target == "-" else target)
    else:
        found = shell.places.meant(target, shell.cwd)
        shell.cwd = found[-1] if globbed(target) else found[0]
    return [""]


def echo(shell, argv, stdin):
    words, escapes, end = argv[1:], False, "\n"
    while (
        words and words[0].startswith("-") and len(words[0]) > 1 and set(words[0][1:]) <= set("neE")
    ):
        escapes = escapes or "e" in words[0]
        end = "" if "n" in words[0] else end
        words = words[1:]
    text = " ".join(words)
    return [(_escapes(text) if escapes else text) + end]


def printf(shell, argv, stdin):
    words = argv[1:]
    if words[:1] == ["-v"]:
        shell.variables[words[1] if len(words) > 1 else ""] = printf(
            shell, ["printf", *words[2:]], stdin
        )
        return [""]
    words = words[1:] if words[:1] == ["--"] else words
    if not words:
        return [""]
    form, rest, out = _escapes(words[0]), words[1:], []
    while True:
        text, place = "", 0
        while place < len(form):
            if form[place] == "%" and place + 1 < len(form):
                end = place + 1
                while end < len(form) and form[end] in "-+ #0123456789.*lh":
                    end += 1
                kind = form[end : end + 1]
                if kind == "%":
                    text += "%"
                else:
                    value = rest.pop(0) if rest else ""
                    text += (
                        _escapes(value)
                        if kind == "b"
                        else value[:1]
                        if kind == "c"
                        else _number(value, kind)
                    )
                place = end + 1
            else:
                text += form[place]
                place += 1
        out.append(text)
        if not rest or "%" not in form or len(out) > 500:
            return ["".join(out)]


def _number(value, kind):
    """A number as %x, %o ... print it."""
    if kind in "xXo" and kind and value.isdigit():
        return format(int(value), kind)
    return value


def _escapes(text):
    found, place = [], 0
    while place < len(text):
        if text[place] == "\\" and place + 1 < len(text):
            if text[place + 1] == "0":
                place += text[place + 2 : place + 3] in tuple("01234567")
            value, place = lex.escaped(text, place + 1)
            found.append(value)
        else:
            found.append(text[place])
            place += 1
    return "".join(found)


def cat(shell, argv, stdin):
    files = [one for one in argv[1:] if not one.startswith("-") or one == "-"]
    if not files:
        return stdin
    texts = []
    for one in files:
        texts.append(
            stdin[0] if one == "-" else shell.judge.written.get(shell.absolute(one), UNKNOWN)
        )
    return ["".join(texts)]


def base64(shell, argv, stdin):
    if not any(
        one in ("--decode", "--d") or (one[:1] == "-" and one[1:2] != "-" and set(one) & set("dD"))
        for one in argv[1:]
    ):
        return [UNKNOWN]
    return [
        _decoded(one, lambda text: binascii.a2b_base64(text + "=" * (-len(text) % 4)))
        for one in stdin
    ]


def xxd(shell, argv, stdin):
    options = "".join(one[1:] for one in argv[1:] if one.startswith("-"))
    if "r" not in options:
        return [UNKNOWN]
    return [_decoded(one, binascii.unhexlify) for one in stdin]


def _decoded(text, decode):
    """Decoded text; what can't be read beforehand is as good as from the network."""
    if not literal(text) or not text.strip():
        return TAINTED
    try:
        return decode("".join(text.split())).decode("utf-8")
    except (ValueError, UnicodeDecodeError):
        return TAINTED


def reverse(shell, argv, stdin):
    return ["\n".join(line[::-1] for line in one.split("\n")) for one in stdin]


def translate(shell, argv, stdin):
    words = [one for one in argv[1:] if not one.startswith("-")]
    if "-d" in argv and words:
        return ["".join(char for char in one if char not in _set(words[0])) for one in stdin]
    if len(words) < 2 or len(argv) > 3:
        return None
    before, after = _set(words[0]), _set(words[1])
    after += after[-1:] * (len(before) - len(after))
    table = {ord(one): two for one, two in zip(before, after)}
    return [one.translate(table) if literal(one) else one for one in stdin]


def _set(text):
    """The characters of a set of tr."""
    for name, characters in (("[:lower:]", "a-z"), ("[:upper:]", "A-Z"), ("[:digit:]", "0-9")):
        text = text.replace(name, characters)
    text, found, place = _escapes(text), "", 0
    while place < len(text):
        if (
            text[place + 1 : place + 2] == "-"
            and place + 2 < len(text)
            and text[place] <= text[place + 2]
        ):
            found += "".join(
                map(
                    chr,
                    range(ord(text[place]), min(ord(text[place + 2]), ord(text[place]) + 300) + 1),
                )
            )
            place += 3
        else:
            found += text[place]
            place += 1
    return found


def evaluate(shell, argv, stdin):
    text = " ".join(argv[1:])
    if TAINTED in text:
        shell.judge.danger(
            "pipe-to-shell", "it runs what came from the network or out of a decoder"
        )
    if text.strip(UNKNOWN + " "):
        return shell.text(text, stdin, lenient=unknown(text))
    return [UNKNOWN]


def trap(shell, argv, stdin):
    words = [one for one in argv[1:] if not one.startswith("-")]
    if words:
        shell.branch().text(words[0], lenient=True)
    return [""]


def positional(shell, argv, stdin):
    """set -- WORDS: what "$@" is from here on."""
    if "--" in argv:
        words = argv[argv.index("--") + 1 :]
        shell.variables.update({str(at + 1): [one] for at, one in enumerate(words)})
        shell.variables["@"] = shell.variables["*"] = words or [""]
    return [""]


def source(shell, argv, stdin):
    if len(argv) > 1:
        text = shell.file(argv[1])
        if text is not None and TAINTED in text:
            shell.judge.danger("pipe-to-shell", "%s came from the network" % argv[1])
        if text is not None and shell.depth < 8 and text.strip() != UNKNOWN:
            lenient, shell.lenient = (
                shell.lenient,
                shell.absolute(argv[1]) not in shell.judge.written,
            )
            shell.depth += 1
            shell.text(text, stdin)
            shell.depth -= 1
            shell.lenient = lenient
    return [UNKNOWN]


def read(shell, argv, stdin):
    """Names get every line and every word of it: which one comes first can't be told."""
    names = [one for one in argv[1:] if not one.startswith("-") and one.isidentifier()] or ["REPLY"]
    values = []
    for one in stdin:
        for line in one.split("\n"):
            values += [line, *line.split()] if line else []
    for name in names:
        shell.variables[name] = expand.few(list(dict.fromkeys(values))) or [UNKNOWN]
    return [""]


def xargs(shell, argv, stdin):
    taking = (
        "-I",
        "-n",
        "-P",
        "-L",
        "-d",
        "-a",
        "-s",
        "-E",
        "-i",
        "-J",
        "-R",
        "--arg-file",
        "--max-args",
        "--replace",
        "--delimiter",
    )
    place, replaced = 1, ""
    while place < len(argv) and argv[place].startswith("-"):
        word = argv[place]
        if word[:2] in ("-I", "-J") or word == "--replace":
            replaced = (
                word[2:]
                if len(word) > 2 and word[:2] != "--"
                else "".join(argv[place + 1 : place + 2])
            )
        if word in ("-a", "--arg-file") and place + 1 < len(argv):
            stdin = [shell.file(argv[place + 1]) or UNKNOWN]
        place += 2 if word in taking else 1
    command = argv[place:] or ["echo"]
    out = []
    for one in stdin:
        items = expand.few([item.strip("'\"") for item in one.replace("\0", " ").split()]) or [
            UNKNOWN
        ]
        if replaced:
            calls = [[word.replace(replaced, item) for word in command] for item in items]
        else:
            calls = [[*command, *items]]
        for call in calls:
            out += shell.branch().invoke(call, [""])
    return list(dict.fromkeys(out)) or [""]


def find(shell, argv, stdin):
    return shell.found(argv)


def known(value):
    """A command that prints what `value` says of the shell."""
    return lambda shell, argv, stdin: [value(shell, argv) + "\n"]


def _named(shell, argv):
    return argv[-1] if len(argv) > 1 and literal(argv[-1]) else UNKNOWN


def temporary(shell, argv, stdin):
    return ["/tmp/" + UNKNOWN + "\n"]


def git(shell, argv, stdin):
    return [shell.places.project + "\n"] if "--show-toplevel" in argv else None


def passed(shell, argv, stdin):
    """Programs that print what they read, where they read nothing else."""
    files = [one for one in argv[1:] if not one.startswith("-") and not one.isdigit()]
    return None if files else list(stdin)


def decoder(shell, argv, stdin):
    return [TAINTED]


HANDLERS = {
    "cd": change_folder,
    "pushd": change_folder,
    "echo": echo,
    "printf": printf,
    "print": echo,
    "cat": cat,
    "tac": cat,
    "base64": base64,
    "xxd": xxd,
    "rev": reverse,
    "tr": translate,
    "eval": evaluate,
    "trap": trap,
    "set": positional,
    "source": source,
    ".": source,
    "read": read,
    "xargs": xargs,
    "find": find,
    "pwd": known(lambda shell, argv: shell.cwd),
    "realpath": known(_named),
    "dirname": known(lambda shell, argv: os.path.dirname(_named(shell, argv)) or "."),
    "basename": known(lambda shell, argv: os.path.basename(_named(shell, argv))),
    "mktemp": temporary,
    "git": git,
    "tee": passed,
    "head": passed,
    "tail": passed,
    "sort": passed,
    "uniq": passed,
}
assert not programs.SHELLS & set(HANDLERS)
