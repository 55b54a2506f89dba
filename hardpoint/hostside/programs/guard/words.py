"""A command's words that may be paths, judged: what it reads, what it goes through, what it writes."""

import os

import programs
from marks import DEEP, STAR, TAINTED, UNKNOWN, globbed, literal, shown, unknown


def judged(judge, name, argv, shell):
    arguments = argv[1:]
    if "/" in argv[0]:
        judge.path_text(argv[0], shell)
    if name in programs.NO_PATHS:
        return
    bases = [shell.cwd]
    for option, value in zip(arguments, arguments[1:]):
        if option in ("-C", "--directory", "--chdir"):
            bases.append(os.path.join(shell.cwd, value))
    for word in _files(judge, name, arguments):
        for one in candidates(word):
            for base in bases:
                _path(judge, name, one, base)
    _recursive(judge, name, arguments, bases, shell)
    if not (shell.lenient and any(map(unknown, arguments))):
        _writes(judge, name, arguments, shell)


def _files(judge, name, arguments):
    """The arguments that may name files."""
    texts = programs.MESSAGES.get(name, frozenset())
    pattern = name in programs.PATTERN_FIRST and not programs.PATTERN_FIRST[name].intersection(
        arguments
    )
    skip = False
    for word in arguments:
        option, equals, _ = word.partition("=")
        if skip:
            skip = False
        elif option in programs.TEXT_OPTIONS or option in texts:
            skip = not equals
        elif name in ("grep", "egrep", "rg", "sed") and option in (
            "-e",
            "--regexp",
            "--expression",
        ):
            skip = not equals
        elif pattern and not word.startswith("-"):
            pattern = False
            if name in ("sed", "gsed"):
                yield from (one for one in word.split() if "/" in one and one[:1] in "/~.")
        else:
            yield word


def _path(judge, name, path, base):
    if len(path) > 4096 or "\n" in path:
        return
    if path.endswith(DEEP) or DEEP + "/" in path:
        return _deep(judge, path, base)
    why = judge.places.reading(path, base)
    if why and name in programs.NAMES_ONLY and not _of_home(judge, path, base):
        return
    judge.refuse("protected", why)


def _of_home(judge, path, base):
    """Whether a refusal is about more than a project's own files, whose presence may be asked for."""
    kept, judge.places.policy.protected_project = judge.policy.protected_project, ()
    try:
        return judge.places.reading(path, base)
    finally:
        judge.places.policy.protected_project = kept


def _deep(judge, path, base):
    """Every file below a folder, or those of one name: what find hands on."""
    start, _, name = path.partition(DEEP)
    start, name = start.rstrip("/") or "/", name.lstrip("/")
    plain = "." in name.lstrip(".") and len(name.rpartition(".")[2].strip(STAR)) > 1
    below = "" if plain else judge.places.holds_secrets(start, base)
    if below:
        judge.deny("protected", "%s lies below %s" % (below, shown(start)))
    secret = judge.places.project_secrets(start, base, name or STAR)
    if secret:
        judge.deny(
            "protected",
            "%s is among the files below %s: leave it out by name"
            % (os.path.basename(secret), shown(start)),
        )


def _recursive(judge, name, arguments, bases, shell):
    options = programs.RECURSIVE.get(name)
    if options is None:
        return
    short = {
        "-" + char for one in arguments if one[:1] == "-" and one[:2] != "--" for char in one[1:]
    }
    if options and not options.intersection(arguments) and not options.intersection(short):
        return
    operands = [one for one in arguments if not one.startswith("-")]
    if name in programs.PATTERN_FIRST and not programs.PATTERN_FIRST[name].intersection(arguments):
        _grepped(judge, name, arguments, operands, shell)
        operands = operands[1:] or ["."]
    for one in (each for word in operands for each in candidates(word)):
        if one in ("", "HEAD") or unknown(one):
            continue
        for base in bases:
            below = judge.places.holds_secrets(one, base) if not globbed(one) else ""
            if below:
                judge.deny("protected", "%s lies below %s" % (below, shown(one)))


def _grepped(judge, name, arguments, operands, shell):
    if name in ("rg", "ag", "sed", "awk"):
        return
    excluded = any(one.startswith(("--exclude", "--include")) for one in arguments)
    pattern = operands[0] if operands else ""
    if "v" in "".join(one for one in arguments if one[:1] == "-" and one[:2] != "--"):
        pattern = ""
    for path in operands[1:] or ["."]:
        if literal(path):
            judge.search(path, pattern, shell.cwd, names="given" if excluded else "")


def _writes(judge, name, arguments, shell):
    operands = [one for one in arguments if one and (not one.startswith("-") or one == "-")]
    if "--help" in arguments or "--version" in arguments:
        return
    written = [*_written(judge, name, arguments, operands), *_named_by_options(name, arguments)]
    if name in ("curl", "wget"):
        for one in [*written, *_downloads(name, arguments, operands)]:
            judge.written[shell.absolute(one)] = TAINTED
    for one in written:
        if one != "-" and "://" not in one and not (":" in one and name in ("scp", "rsync")):
            judge.write(one, shell.cwd, anywhere=unknown(one))
    if name in ("rm", "mv"):
        for one in operands if name == "rm" else operands[:-1]:
            below = judge.places.keeps(one, shell.cwd) if known_path(one) else ""
            if below:
                judge.deny("persistent", "%s lies below %s" % (below, shown(one)))


def _written(judge, name, arguments, operands):
    """The operands that a command writes."""
    if name in programs.WRITES_ALL:
        return operands[1:] if name in ("chmod", "chown", "chgrp") else operands
    if name in programs.WRITES_LAST and operands:
        return _copied(judge, name, arguments, operands)
    if name == "dd":
        return [one[3:] for one in arguments if one.startswith("of=")]
    flags = programs.WRITES_IN_PLACE.get(name, ())
    short = [one for one in arguments if one[:1] == "-" != one[1:2]]
    if any(one.startswith(flags) for one in arguments if flags):
        return operands
    return operands if name == "perl" and any("i" in one for one in short) else []


def _named_by_options(name, arguments):
    """What is written because an option names it."""
    options = programs.WRITES_OPTION.get(name, ())
    for option, value in zip(arguments, arguments[1:]):
        if option in options or (
            name == "curl" and option[:1] == "-" != option[1:2] and option[-1] == "o"
        ):
            yield value
    for one in arguments:
        option, equals, value = one.partition("=")
        if equals and option in options:
            yield value


def _downloads(name, arguments, operands):
    """The names under which curl -O and wget leave what they fetch."""
    own = any(
        one == "--remote-name" or (one[:1] == "-" != one[1:2] and "O" in one) for one in arguments
    )
    if own == (name == "curl"):
        for one in operands:
            yield one.partition("?")[0].rpartition("/")[2]


def _copied(judge, name, arguments, operands):
    """Where cp, mv ... put things: the target, and each source's name in it."""
    target = operands[-1]
    for option, value in zip(arguments, arguments[1:]):
        if option in ("-t", "--target-directory"):
            target = value
    target = next(
        (one.partition("=")[2] for one in arguments if one.startswith("--target-directory=")),
        target,
    )
    inside = [
        os.path.join(target, os.path.basename(one.rstrip("/"))) for one in operands if one != target
    ]
    sources = [one for one in operands if one != target] if name == "mv" else []
    return [target, *inside, *sources]


def known_path(path):
    return not unknown(path) and not globbed(path)


def candidates(word):
    """What in a word may be a path: all of it, values of options, parts of lists and pairs."""
    found = [] if word.startswith("-") else [word]
    if word.startswith("-") and not word.startswith("--") and len(word) > 2:
        found.append(word[2:])
    ends = [place for place, char in enumerate(word) if char in "=:,@<"][:20]
    for place, following in zip(ends, [*ends[1:], len(word)]):
        found += [word[place + 1 :], word[place + 1 : following]]
    if ends and not word.startswith("-"):
        found.append(word[: ends[0]])
    return list(
        dict.fromkeys(one for one in found if one.strip(".-" + UNKNOWN) or one in (".", ".."))
    )
