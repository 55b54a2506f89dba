"""Calls of git, judged: aliases followed, pushes, cleaning, settings that make git run commands."""

import gitrules
from marks import literal, shown

WRITE = {"restore", "rm", "mv"}


def judged(judge, arguments, shell, depth=0):
    """One call of git, given its arguments."""
    git = gitrules.Git(arguments, shell.cwd)
    _options(judge, git, shell)
    alias = git.alias() if depth < 4 and literal(git.folder) else ""
    if alias.startswith("!"):
        shell.branch().text(alias[1:] + " " + " ".join(git.arguments), lenient=True)
    elif alias:
        before = arguments[: len(arguments) - len(git.arguments) - 1]
        judged(judge, [*before, *alias.split(), *git.arguments], shell, depth + 1)
    if git.subcommand in ("push", "send-pack", "http-push"):
        judge.danger_if("force-push", gitrules.forced(git))
    judge.danger_if("history", gitrules.rewrites(git))
    if git.subcommand == "clean":
        _clean(judge, git)
    elif git.subcommand == "config":
        _git_config(judge, git, shell)
    elif git.subcommand in WRITE or (git.subcommand == "checkout" and "--" in git.arguments):
        for one in git.arguments:
            if not one.startswith("-"):
                judge.refuse(*judge.places.writing(one, git.folder))


def _options(judge, git, shell):
    """What stands before the subcommand: keys that run something, another work tree."""
    for key, value in git.keys:
        if gitrules.running(key) and value:
            shell.branch().text(value.lstrip("!"), lenient=True)
            if key.startswith(("include", "core.hookspath", "core.attributesfile")):
                judge.deny("persistent", "git -c %s brings in what can't be seen" % key)
    for folder in git.trees:
        below = judge.places.holds_secrets(folder, shell.cwd)
        if below:
            judge.deny("protected", "%s lies below %s" % (below, shown(folder)))


def _clean(judge, git):
    options = "".join(
        one for one in git.arguments if one.startswith("-") and not one.startswith("--")
    )
    if "n" in options or "--dry-run" in git.arguments:
        return
    if "x" in options.lower():
        judge.danger(
            "delete-outside",
            "git clean -x removes ignored files, settings and secrets among them",
        )
    for folder in judge.places.meant(git.folder):
        if not judge.places.within(folder):
            judge.danger("delete-outside", "git clean in %s, outside the project" % shown(folder))


def _git_config(judge, git, shell):
    words = git.arguments
    plain = [
        one
        for one in words
        if not one.startswith("-") and one not in ("set", "unset", "get", "list")
    ]
    reads = {"--get", "--get-all", "--list", "-l", "--get-regexp", "get", "list"}.intersection(
        words
    )
    if reads or (
        len(plain) < 2
        and not {"--unset", "--unset-all", "--edit", "-e", "unset", "edit"}.intersection(words)
    ):
        return
    if "--global" in words:
        judge.refuse(*judge.places.writing("~/.gitconfig", anywhere=True))
    for option, value in zip(words, words[1:]):
        if option in ("-f", "--file"):
            judge.refuse(*judge.places.writing(value, git.folder, True))
    if any(gitrules.running(one) for one in plain):
        judge.deny("persistent", "git config %s makes git run a command" % shown(plain[0]))
