"""The formats of settings files. An editor loads only when a file of its format is asked for."""

import importlib
import json

CRONTABS = ("crontab", "system-crontab")
LAUNCHERS = ("desktop", *CRONTABS)
VARIABLES = ("environment", "shell", "fish")
LINES = (*VARIABLES, *LAUNCHERS)  # what a key names can stand there several times
FORMATS = ("json", "toml", "yaml", "ini", "python", *LINES)


def module(style):
    """The module that edits a format."""
    if style in LAUNCHERS:
        return "edit_launchers"
    return "edit_lines" if style in LINES else "edit_" + style


def editor(style):
    """The format's editor: data, look, note, put, drop, restore, empty, new."""
    return importlib.import_module("%s.%s" % (__package__, module(style))).editor(style)


def canon(value):
    """One text for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def intended(style, value):
    """The canonical text of a setting once `value` was put there."""
    return canon([[value]] if style in LINES else value)


def inherited(noted, key, gone, gone_key):
    """The note of `key` as it would be without an older key that was taken back while this one stays.

    What that one made (objects on the way) or found (an empty object) must go, or come back, with this one."""
    if "depth" not in noted or "depth" not in gone:
        return noted
    if key[: noted["depth"]] != gone_key[: noted["depth"]]:
        return noted
    deeper, same = noted["depth"] > gone["depth"], noted["depth"] == gone["depth"]
    return dict(gone) if deeper or (same and noted["hole"] is None) else noted
