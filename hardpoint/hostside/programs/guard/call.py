"""A tool call of any agent, judged."""

import os

import tools
from marks import Unreadable, cleaned


def judged(judge, tool, arguments, cwd):
    """Raises Denied where the call is refused."""
    try:
        _judged(judge, tool, arguments, cwd)
    except Unreadable as error:
        judge.deny("shell", "the call can't be read: %s" % error)


def _judged(judge, tool, arguments, cwd):
    action = tools.action_of(tool)
    folder = next(iter(tools.values(arguments, tools.FOLDERS)), "")
    folder = os.path.join(cwd, folder) if folder else cwd
    if action == tools.SHELL:
        _shell(judge, arguments, folder)
    elif action in (tools.READ, tools.WRITE):
        _files(judge, action, arguments, cwd)
    elif action == tools.SEARCH:
        _search(judge, arguments, cwd)
    elif action == tools.FETCH:
        _fetch(judge, arguments)
    elif action == tools.PATCH:
        _patch(judge, arguments, folder)
    elif action == tools.ASK:
        if judge.policy.profile in ("research", "sealed"):
            judge.deny("profile", "the profile %s has no network" % judge.policy.profile)
    else:
        _anything(judge, arguments, folder)


def _shell(judge, arguments, folder):
    judge.read(folder)
    for name in tools.COMMANDS:
        value = arguments.get(name)
        if isinstance(value, list) and all(isinstance(one, str) for one in value) and value:
            from shell import Shell

            Shell(judge, folder).invoke([cleaned(one) for one in value], [""])
        elif isinstance(value, str):
            judge.shell(value, folder)


def _files(judge, action, arguments, cwd):
    for path in tools.values(arguments, tools.PATHS):
        path = _globs(path)
        judge.write(path, cwd) if action == tools.WRITE else judge.read(path, cwd)
    pattern = arguments.get("pattern")
    if isinstance(pattern, str) and pattern:
        judge.read(_globs(pattern), cwd)


def _globs(path):
    """A tool's own globs, ** among them, as a shell's."""
    from match import tokens

    path = cleaned(path)
    if "*" in path and not os.path.lexists(path):
        return "/".join(tokens(part) for part in path.split("/"))
    return path


def _search(judge, arguments, cwd):
    pattern = next(iter(tools.values(arguments, ("pattern", "query", "regex"))), "")
    names = next(
        iter(tools.values(arguments, ("glob", "include", "include_pattern", "includePattern"))), ""
    )
    if names:
        judge.read(_globs(names), cwd)
    for path in tools.values(arguments, ("path", "dir_path", "paths")) or ["."]:
        judge.search(cleaned(path), pattern, cwd, names)


def _fetch(judge, arguments):
    if judge.policy.profile in ("research", "sealed"):
        judge.deny("profile", "the profile %s has no network" % judge.policy.profile)
    for name in tools.URLS:
        for text in tools.values(arguments, (name,)):
            words = (
                [one.strip("<>()[]\"',;") for one in text.split()] if name == "prompt" else [text]
            )
            for one in words:
                if "://" in one or name != "prompt":
                    judge.url(one)


def _patch(judge, arguments, folder):
    """The files that a patch names, in the form of apply_patch or of diff."""
    for text in tools.values(arguments, tools.PATCHES):
        for line in text.split("\n"):
            for start in (
                "*** Add File: ",
                "*** Update File: ",
                "*** Delete File: ",
                "*** Move to: ",
                "+++ ",
                "--- ",
                "rename to ",
            ):
                if line.startswith(start):
                    path = cleaned(line[len(start) :].split("\t")[0].strip())
                    if path not in ("/dev/null", ""):
                        judge.write(
                            path[2:]
                            if start in ("+++ ", "--- ") and path[:2] in ("a/", "b/")
                            else path,
                            folder,
                        )
    for path in tools.values(arguments, tools.PATHS):
        judge.write(cleaned(path), folder)


def _anything(judge, arguments, folder):
    """A tool that is not known, such as an MCP server's: by the names of its arguments."""
    writes = {
        "content",
        "contents",
        "new_string",
        "newString",
        "text",
        "data",
        "body",
    }.intersection(arguments)
    for key, text in tools.everything(arguments):
        if len(text) > 100000 or not text:
            continue
        if key in ("command", "cmd", "shell_command"):
            judge.shell(text, folder)
        elif "://" in text.split("\n")[0][:40] and " " not in text.strip():
            judge.url(text.strip())
        elif key in tools.PATHS and writes:
            judge.write(_globs(text), folder)
        elif key in ("code", "javascript", "source_code"):
            from code import scan

            from shell import Shell

            scan(cleaned(text), Shell(judge, folder))
        elif "\n" not in text and len(text) < 1024:
            judge.read(_globs(text), folder)
