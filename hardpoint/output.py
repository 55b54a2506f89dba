"""Report files: what `--output FILE` names.

In the end each file is the report of this run, or it is not there: a run that came to nothing leaves
no earlier report behind that a CI system would take for its own.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from hardpoint.outcome import Report
from hardpoint.reports.forms import ENDINGS, FORMS, of_file


class OutputError(Exception):
    """A report can't be written there; the text says why, and what would do."""


class Files:
    """The files that were asked for; a context in which the report is written, or they go.

    Raises OutputError at once, so before a host is contacted, where a file can't be written.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._forms = {path.resolve(): _form(path) for path in paths}
        for path in self._forms:
            _demand_place(path)
        self._written = False

    def __enter__(self) -> Files:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._written:
            for path in self._forms:
                path.unlink(missing_ok=True)

    def write(self, report: Report) -> None:
        """Puts the report into every file, each whole or not at all."""
        for path, form in self._forms.items():
            try:
                _replace(path, FORMS[form](report) + "\n")
            except OSError as error:
                raise OutputError(f"{path}: {error.strerror}") from error
        self._written = True


def _form(path: Path) -> str:
    form = of_file(path.name)
    if form is None:
        raise OutputError(f"{path}: its ending says the form, one of {', '.join(ENDINGS)}")
    return form


def _demand_place(path: Path) -> None:
    if path.exists() and not path.is_file():
        raise OutputError(f"{path}: this is not a file")
    try:
        tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.").close()
    except OSError as error:
        raise OutputError(f"{path}: {path.parent}: {error.strerror}") from error


def _replace(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o666 & ~_umask())
            file.write(text)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    """The process's: it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
