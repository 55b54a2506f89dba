"""Single keys inside files: what stands there, and changing it. Runs as the file's user (userio.as_user).

Only the keys that a request names leave these functions, never the rest of the file.
"""

import difflib
import hashlib
import re

from . import formats, userio
from .errors import Refusal
from .formats import canon


def _state(editor, text, key):
    """{"present": bool, "canon": text that is equal for equal values}"""
    present, data = editor.data(text, key)
    return {"present": present, "canon": canon(data) if present else ""}


def inspect(path, style, keys):
    """{"file": whether it exists, "made": missing parents, "settings": [{"present", "canon", "note"}]}"""
    text, _ = _load(path)
    editor = formats.editor(style)
    shown = editor.new() if text is None else text
    with _named(path):
        seen = [{**_state(editor, shown, key), "note": editor.note(shown, key)} for key in keys]
    return {"file": text is not None, "made": userio.missing_parents(path), "settings": seen}


def edit(path, style, changes, mode=None):
    """Make all `changes` in one write; [{"changed", "undo", "present", "canon"}], one for each.

    A change: {"op": "put", "key", "value"}, {"op": "drop", "key"}, or
    {"op": "unwind", "key", "note", "undos", "file", "made"}, which goes back to what `inspect` saw and, where
    nobody else changed the file, to the very bytes; a file that did not exist then is removed once empty."""
    for last in (False, True):
        try:
            return _edit(path, style, changes, mode)
        except Refusal as error:
            if error.code != "changed-meanwhile" or last:
                raise


def _edit(path, style, changes, mode):
    text, mark = _load(path)
    editor, results, now, made = formats.editor(style), [], text, []
    with _named(path):
        for change in changes:
            before = now
            now = _apply(editor, now, change)
            if (
                change["op"] == "unwind"
                and not change["file"]
                and (now is None or editor.empty(now))
            ):
                now, made = None, change["made"]
            shown = editor.new() if now is None else now
            results.append(
                {
                    "changed": now != before,
                    "undo": _undo(before, now),
                    **_state(editor, shown, change["key"]),
                }
            )
    if now != text:
        if now is None:
            userio.remove(path)
            userio.tidy(path, made)
        else:
            userio.replace(path, now.encode(), mode if text is None else None, mark=mark)
    return results


def _apply(editor, text, change):
    if change["op"] == "unwind":
        exact, made = _undone(text, change["undos"])
        return (
            made
            if exact
            else editor.restore(
                editor.new() if text is None else text, change["key"], change["note"]
            )
        )
    if change["op"] == "drop":
        return None if text is None else editor.drop(text, change["key"])
    return editor.put(editor.new() if text is None else text, change["key"], change["value"])


def _load(path):
    """(text or None when absent, mark of the snapshot)."""
    state = userio.snapshot(path)
    if state["kind"] == "absent":
        return None, []
    content = userio.read(path) if state["kind"] != "regular" else state["content"]
    try:
        return content.decode("utf-8"), state["mark"]
    except UnicodeDecodeError:
        raise Refusal("malformed", "%s is not UTF-8 text: it is left as it is" % path) from None


class _named:
    """Puts the path before what an editor says."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, Refusal):
            raise Refusal(error.code, "%s %s" % (self.path, error.message)) from None


# --- going back to the very bytes ----------------------------------------------------------------------------


def _digest(text):
    return "absent" if text is None else hashlib.sha256(text.encode()).hexdigest()


def _undo(before, after):
    """What takes `after` back to `before`: only changed spans, so nothing of other keys. None when too much."""
    if before == after:
        return None
    splices = _splices(before or "", after or "")
    return (
        None
        if splices is None
        else {"before": _digest(before), "after": _digest(after), "splices": splices}
    )


def _undone(text, undos):
    """(whether the file is as our edits left it, the text before them)."""
    for undo in reversed(undos):
        if _digest(text) != undo["after"]:
            return False, None
        made = text or ""
        for start, length, old in reversed(undo["splices"]):
            made = made[:start] + old + made[start + length :]
        text = None if undo["before"] == "absent" else made
        if _digest(text) != undo["before"]:
            return False, None
    return bool(undos), text


def _splices(old, new):
    """[[start in new, length in new, text in old]] in order, cut to the characters that differ."""
    lines = re.compile(r"[^\n]*\n|[^\n]+\Z")
    one, two = lines.findall(old), lines.findall(new)
    head = 0
    while head < min(len(one), len(two)) and one[head] == two[head]:
        head += 1
    tail = 0
    while tail < min(len(one), len(two)) - head and one[-1 - tail] == two[-1 - tail]:
        tail += 1
    inner, inner_new = one[head : len(one) - tail], two[head : len(two) - tail]
    if len(inner) + len(inner_new) > 4000:
        return None
    place = sum(map(len, two[:head]))
    starts = [place]
    for line in inner_new:
        starts.append(starts[-1] + len(line))
    found = []
    for op, a, b, c, d in difflib.SequenceMatcher(
        None, inner, inner_new, autojunk=False
    ).get_opcodes():
        if op != "equal":
            found.append(_trimmed(starts[c], "".join(inner[a:b]), "".join(inner_new[c:d])))
    return found


def _trimmed(start, old, new):
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return [start + head, len(new) - head - tail, old[head : len(old) - tail]]
