"""Files of the system, by fingerprint."""

from __future__ import annotations

from typing import Any

from hardpoint.facts import Read


class FileStates(Read):
    """{files: {path: {type: file | absent | link | directory | other, sha256, mode, owner}}}.

    Query: {"paths": [...]}.
    """

    what = "files"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"files": {}}
