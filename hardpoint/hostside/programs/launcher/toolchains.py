"""Programs that live in a home: the agent's own, and what a project is built and tested with."""

import os

from places import SYSTEM, is_in, overlap

KNOWN = (
    ".local/bin",
    ".local/lib/node_modules",
    ".local/share/claude",
    ".local/share/cursor-agent",
    ".local/share/pnpm",
    ".local/share/mise",
    ".local/share/fnm",
    ".local/share/uv",
    ".local/share/pipx",
    ".local/pipx/venvs",
    ".opencode/bin",
    ".claude/local",
    ".nvm/versions",
    ".npm-global",
    ".npm-packages",
    ".fnm",
    ".volta",
    ".asdf",
    ".nodenv",
    ".bun/bin",
    ".bun/install/global",
    ".deno/bin",
    ".yarn/bin",
    ".config/yarn/global",
    ".cargo/bin",
    ".rustup",
    ".pyenv",
    ".rbenv",
    ".sdkman/candidates",
    "go/bin",
    ".local/go",
)
"""Below a home: folders of programs and nothing else."""

_ENVIRONMENTS = ("pyvenv.cfg", "conda-meta")
_LINKS = 40


def find(home, program, path, project, protected):
    """What is to be seen beside the system and the project, read-only: (what is there, {link: target}).

    program: the path of what is started; path: the folders of $PATH; protected: real paths that
    nothing shown may hold or be in.
    """
    shown = [os.path.join(home, one) for one in KNOWN]
    for folder in path:
        above = os.path.dirname(folder)
        if os.path.basename(folder) == "bin":
            shown += [folder, os.path.join(above, "lib/node_modules")]
        if any(os.path.lexists(os.path.join(above, mark)) for mark in _ENVIRONMENTS):
            shown.append(above)
    links, target = {}, program
    for _ in range(_LINKS):
        if not os.path.islink(target):
            break
        links[target] = os.readlink(target)
        target = os.path.normpath(os.path.join(os.path.dirname(target), links[target]))
    shown = [one for one in shown if is_in(one, home)]
    shown.append(_installation(os.path.realpath(target), home))
    seen = [*("/" + one for one in SYSTEM), project]
    shown = [one for one in dict.fromkeys(shown) if os.path.exists(one) and not _in_any(one, seen)]
    shown = [
        one for one in shown if not any(overlap(os.path.realpath(one), two) for two in protected)
    ]
    return shown, {link: to for link, to in links.items() if not _in_any(link, [*seen, *shown])}


def _in_any(path, folders):
    return any(is_in(path, one) for one in folders)


def _installation(program, home):
    """The folder that a program needs to run: its tree of node modules, or where its parts lie."""
    before, found, _ = program.partition("/node_modules/")
    if found:
        return before + "/node_modules"
    folder = os.path.dirname(program)
    hidden = is_in(folder, home) and folder[len(home) :].startswith("/.")
    return folder if hidden or os.path.basename(folder) == "bin" else program
