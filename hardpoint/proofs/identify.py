"""Which service an answer comes from."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

LONGEST_VERSION = 40


@dataclass(frozen=True)
class Identity:
    """How a service is told from others: a path for a harmless GET, and a key of its JSON answer,
    whose value is shown where it is text."""

    name: str
    path: str
    version_key: str

    def named(self, answer: str | None) -> str:
        """`Ollama 0.17.4`, or `Ollama`; "" for an answer that is not this service's.

        The answer is a stranger's, and may have been cut.
        """
        try:
            value = json.loads(answer or "")[self.version_key]
        except (KeyError, TypeError):
            return ""
        except ValueError:
            return self.name if self._begins(answer or "") else ""
        is_version = isinstance(value, str) and len(value) <= LONGEST_VERSION
        return f"{self.name} {value}" if is_version else self.name

    def _begins(self, answer: str) -> bool:
        """Whether a long list was cut before its end."""
        key = re.escape(json.dumps(self.version_key))
        return re.match(r"\s*\{", answer) is not None and bool(re.search(rf"{key}\s*:", answer))
