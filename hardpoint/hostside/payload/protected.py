"""What is protected, as patterns, and what leads there: matching only, nothing is looked at here."""

import re
from fnmatch import translate


class Names:
    """Patterns of a project: of a name at any depth, or of the end of a path; but for exempt ones."""

    def __init__(self, patterns, exempt=()):
        # most names match nothing: one look at the last part is all that they cost
        self._last = _any(pattern.rpartition("/")[2] for pattern in patterns)
        self._whole = [(pattern.count("/") + 1, _any([pattern])) for pattern in patterns]
        self._exempt = [(pattern.count("/") + 1, _any([pattern])) for pattern in exempt]

    def protect(self, path):
        """Whether a path of a project is protected."""
        if not self._last(path.rpartition("/")[2]):
            return False
        parts = path.split("/")
        return _ends(parts, self._whole) and not _ends(parts, self._exempt)


def _any(patterns):
    return re.compile("|".join(map(translate, patterns)) or "(?!)").match


def _ends(parts, patterns):
    return any(match("/".join(parts[-count:])) for count, match in patterns)


class Places:
    """Real paths that are protected with all below them: what does a path lead to?"""

    def __init__(self, paths):
        self._places = set(paths)
        self._above = {above for path in paths for above in ancestors(path)} - self._places

    def reached(self, real):
        """The real path itself where it is protected, a protected place that lies below it, or None."""
        if real in self._places or not self._places.isdisjoint(ancestors(real)):
            return real
        if real in self._above:
            inside = real.rstrip("/") + "/"
            return min(path for path in self._places if path.startswith(inside))
        return None


def ancestors(path):
    """The folders above an absolute path, nearest first."""
    while path != "/":
        path = path.rpartition("/")[0] or "/"
        yield path
