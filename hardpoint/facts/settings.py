"""Variables in login environments, shell profiles and launchers, and keys of settings files."""

from __future__ import annotations

from typing import Any

from hardpoint.facts import Read


class Assignments(Read):
    """{assignments: [{user: None | "alice", path, format, line, key, name, value, raw}], limits}.

    Query: {"variables": [...]}, and if need be "masked": [variables whose values leave as "set" or
    ""], "commands": [{programs, flags}], which looks into desktop entries and crontabs too. The key
    is [variable] or [program, flag]; `value` is True for a flag without one, and None where the
    shell computes it, from `raw`.
    """

    what = "assignments"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"assignments": [], "limits": []}


class Documents(Read):
    """{documents: [{user, path, format, state: present | malformed | unreadable | absent,
    values: {key: value}, lines: {key: number}, computed: {key: text}}], limits}.

    Query: {"documents": [{"path": ".lmstudio/...json", "keys": [["networkInterface"]]}]}. Each may have:
    - format: json (comments allowed, the default), toml, yaml, ini or python
    - masked: keys, there or more, that are secrets; of them only "", None or "set" leaves the host
    - programs: for a path that begins with {prefix}/, looked for where one of them is installed
    - or_folder: true for a row with state absent where the file is missing and its folder is there

    A path is below each home, absolute (user None), or below a prefix: user is then whose home it lies in,
    or None. Keys are joined with dots. A number in a key is an index of a list (YAML, TOML) or counts lines
    of one name (ini: [section, name, "0"]); for python it is [class, trait]. What only the program can know
    has the value None, its text under `computed`, and a limit.
    """

    what = "documents"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"documents": [], "limits": []}


class SettingState(Read):
    """{present: bool, value} of one key of one file; {present, values} of a variable.

    `value` is None and `computed` true where only the program that reads the file knows it.

    Query: {"resource": {"type": "setting", "path", "user", "format", "key"}}.
    """

    what = "setting"

    @staticmethod
    def default() -> dict[str, Any]:
        return {"present": False, "value": None}
