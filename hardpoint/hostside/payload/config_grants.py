"""What an agent's settings file allows: kinds and names of keys, never a value."""

import re

from . import edit_json, edit_toml, formats
from .errors import Refusal

_TOOL = re.compile(r"[A-Za-z_][\w.-]{0,60}")


_EDITORS = {"json": edit_json, "toml": edit_toml}
_SETTINGS = {
    "settings.json", "settings.local.json", "config.json", "cli-config.json", "permissions-config.json",
    "mcp.json", ".mcp.json", "mcp-config.json", "hooks.json", "plugin.json", "trustedFolders.json",
    "gemini-extension.json", "qwen-extension.json", "opencode.json", "opencode.jsonc", ".claude.json",
}  # fmt: skip


def style_of(path):
    """The format of a file that is known to hold settings, or None."""
    name = path.rpartition("/")[2]
    if name in _SETTINGS:
        return "json"
    return "toml" if name == "config.toml" else None


def grants(text, path, table, seal):
    """[[kind, name, sealed value]] of a settings file; Refusal "malformed".

    `table`: [{key: [names, * for any], kind, values: [only these] or None}]. A rule of a list is named by
    its tool, an entry of another list by the list.
    """
    style = style_of(path)
    document = _EDITORS[style].editor(style).data(text, [])[1]
    found = []
    for row in table:
        for names, value in _at(document, row["key"], ()):
            if row["values"] is None or value in row["values"]:
                found.append([row["kind"], _name(names, value, row), seal(formats.canon(value))])
    return sorted(found)


def _at(node, key, names):
    if not key:
        yield names, node
    elif key[0] != "*":
        if isinstance(node, dict) and key[0] in node:
            yield from _at(node[key[0]], key[1:], (*names, key[0]))
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from _at(value, key[1:], (*names, name))
    elif isinstance(node, list):
        for value in node:
            yield from _at(value, key[1:], names)


def _name(names, value, row):
    shown = ".".join(names)
    if row["values"] is not None:
        shown += " = " + formats.canon(value)
    elif row["kind"] in ("rule", "refusal") and isinstance(value, str) and row["key"][-1] == "*":
        tool = _TOOL.match(value)
        shown = "%s: %s" % (shown, tool[0] if tool else "?")
    return "".join(c if c.isprintable() else "?" for c in shown[:160])


def readable(text, path, table, seal):
    """(grants, reason why there are none or None)"""
    try:
        return grants(text, path, table, seal), None
    except Refusal as problem:
        return [], problem.about(path)
