"""Which service an answer comes from."""

from __future__ import annotations

import json
from dataclasses import dataclass

LONGEST_VERSION = 40


@dataclass(frozen=True)
class Identity:
    """How a service is told from others: a path for a harmless GET, a text that its answer
    `contains`, and a key of a JSON answer whose value is the version, where it is text."""

    name: str
    path: str
    contains: str
    version_key: str = ""

    def named(self, answer: str | None) -> str:
        """`Ollama 0.17.4`, or `Ollama`; "" for an answer that is not this service's.

        The answer is a stranger's, and may have been cut.
        """
        if not self.contains or self.contains not in (answer or ""):
            return ""
        try:
            value = json.loads(answer or "")[self.version_key]
        except (ValueError, KeyError, TypeError):
            return self.name
        is_version = isinstance(value, str) and len(value) <= LONGEST_VERSION
        return f"{self.name} {value}" if is_version else self.name
