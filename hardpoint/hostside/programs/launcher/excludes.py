"""Git must not try to add what is hidden: a covered file is none to git, and `git add -A` would fail."""

import os
import re

PLACE = "info/exclude"


def text(own, project, paths):
    """The text of an exclude file: the repository's own, then the hidden paths, each from the root."""
    lines = [_pattern(os.path.relpath(one, project)) for one in paths if "\n" not in one]
    return own.rstrip("\n") + "\n# hidden by hardpoint-run\n" + "".join(one + "\n" for one in lines)


def _pattern(path):
    return "/" + re.sub(r"([\\*?\[ ])", r"\\\1", path)


def covered(git_folder, project, paths, write):
    """(from, to) of the exclude file to show instead, or nothing where git has none or needs none.

    write: stores a text and returns where.
    """
    place = os.path.join(git_folder, PLACE)
    if not paths or not os.path.isfile(place) or os.path.islink(place):
        return []
    with open(place, encoding="utf-8", errors="surrogateescape") as file:
        return [(write(text(file.read(), project, paths)), place)]
