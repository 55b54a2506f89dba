"""The policy's patterns, compiled: a name, or a path with a slash, at any depth of a project."""

import fnmatch
import re

_NOTHING = re.compile(r"(?!)")


class Patterns:
    def __init__(self, patterns):
        names = [one for one in patterns if "/" not in one]
        paths = [one.strip("/") for one in patterns if "/" in one]
        self._name = _any(names)
        self._path = _any(paths + ["*/" + one for one in paths])

    def match(self, name, path):
        """path: relative to the project, `name` its last part."""
        return bool(self._name.match(name) or self._path.match(path))


def _any(patterns):
    joined = "|".join("(?:%s)" % fnmatch.translate(one) for one in patterns)
    return re.compile(joined) if joined else _NOTHING
