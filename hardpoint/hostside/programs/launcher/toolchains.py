"""Programs that live in a home: the agent's own, and what a project is built and tested with."""

import os

from places import is_in

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


def find(home, program, path, protected):
    """What is to be seen of a home, read-only: (folders and files that are there, {link: target}).

    program: the real or linked path of what is started; path: the folders of $PATH; protected: real
    paths that nothing shown may hold or be in.
    """
    shown = [os.path.join(home, one) for one in KNOWN]
    for folder in path:
        above = os.path.dirname(folder)
        if any(os.path.lexists(os.path.join(above, mark)) for mark in _ENVIRONMENTS):
            shown.append(above)
    links, target = {}, program
    for _ in range(_LINKS):
        if not os.path.islink(target):
            break
        links[target] = os.readlink(target)
        target = os.path.normpath(os.path.join(os.path.dirname(target), links[target]))
    if is_in(os.path.realpath(target), os.path.realpath(home)):
        shown.append(_installation(os.path.realpath(target), os.path.realpath(home)))
    shown = [one for one in dict.fromkeys(shown) if is_in(one, home) and os.path.exists(one)]
    shown = [one for one in shown if not any(_touches(one, secret) for secret in protected)]
    links = {link: to for link, to in links.items() if not any(is_in(link, one) for one in shown)}
    return shown, {link: to for link, to in links.items() if is_in(link, home)}


def _touches(path, secret):
    real = os.path.realpath(path)
    return is_in(real, secret) or is_in(secret, real)


def _installation(program, home):
    """The folder that a program needs to run: its tree of node modules, or where its parts lie."""
    before, found, _ = program.partition("/node_modules/")
    if found:
        return before + "/node_modules"
    folder = os.path.dirname(program)
    hidden = os.path.relpath(folder, home).startswith(".")
    return folder if folder != home and (hidden or os.path.basename(folder) == "bin") else program
