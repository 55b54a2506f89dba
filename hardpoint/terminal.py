"""The person at the other end: consoles, progress, questions. Never a prompt without a terminal."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text


class NoTerminal(Exception):
    """A question had to be asked and nobody is there; the text names the option that answers it."""


def output() -> Console:
    """Standard output; without a terminal neither colours nor cut lines."""
    console = Console(highlight=False, emoji=False, markup=False)
    if not console.is_terminal:
        console.width = 100
    return console


def say(text: str) -> None:
    """Prints a text as it is: nothing in it is markup, and a command stays on its line."""
    output().print(Text(text), soft_wrap=True)


def errors() -> Console:
    return Console(stderr=True, highlight=False, emoji=False, markup=False, soft_wrap=True)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[str], None]]:
    """Counts hosts on stderr where that is a terminal; silent elsewhere."""
    console = errors()
    if not console.is_terminal:
        yield lambda host: None
        return
    done = 0
    with console.status(f"{what} {total} host{'s' if total != 1 else ''} ...") as status:

        def step(host: str) -> None:
            nonlocal done
            done += 1
            status.update(f"{what}: {done} of {total}")

        yield step


def confirm(question: str, otherwise: str) -> bool:
    """Asks. Raises NoTerminal, naming the option `otherwise`, where there is nobody to ask."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NoTerminal(f"nobody can answer here ({question}): use {otherwise}")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def ask_password(prompt: str) -> str:
    if not sys.stdin.isatty():
        raise NoTerminal("--ask-sudo needs a terminal; use --sudo-password-command in scripts")
    return getpass.getpass(prompt)
