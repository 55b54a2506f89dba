"""Variables in login environments and shell profiles, and keys of settings files in homes."""

from __future__ import annotations

from typing import Any

from hardpoint.facts import Read


class Assignments(Read):
    """{assignments: [{user: None | "alice", path, format, line, key, name, value, raw}], limits}.

    Query: {"variables": [...]}. `value` is None where the shell computes it, from `raw`.
    """

    what = "assignments"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"assignments": [], "limits": []}


class Documents(Read):
    """{documents: [{user, path, state: present | malformed | unreadable, values: {key: value}}],
    limits}.

    Query: {"documents": [{"path": ".lmstudio/...json", "keys": [["networkInterface"]]}]}.
    """

    what = "documents"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"documents": [], "limits": []}


class SettingState(Read):
    """{present: bool, value, raw} of one key of one file.

    Query: {"resource": {"type": "setting", "path", "user", "format", "key"}}.
    """

    what = "setting"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"present": False, "value": None}
