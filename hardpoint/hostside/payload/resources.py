"""What the journal can record: files, settings in files, systemd units, packages, session variables.

`observe` gives the state of resources: plain data for the index (digests, no content) whose "blobs" hold
the content. All states have "kind"; those of files and settings may have "made": parents that were missing.
"""

import json

from . import formats, launchd, packages, settings, units, userio
from .errors import Refusal
from .store import digest

_FIELDS = {
    "file": {"type", "path", "user"},
    "setting": {"type", "path", "user", "format", "key"},
    "unit": {"type", "unit", "manager"},
    "package": {"type", "name"},
    "launchd": {"type", "user", "name"},
}


def check(resource):
    """The resource with its defaults; Refusal "bad-request"."""
    kind = resource.get("type") if isinstance(resource, dict) else None
    if kind not in _FIELDS:
        raise Refusal("bad-request", "a resource has a type: %s" % ", ".join(_FIELDS))
    unknown = set(resource) - _FIELDS[kind]
    if unknown:
        raise Refusal("bad-request", "a %s has no %s" % (kind, ", ".join(sorted(unknown))))
    if kind == "unit":
        resource = {"manager": "system", **resource}
        units.check(resource.get("unit"), resource["manager"])
    elif kind == "package":
        packages.check(resource.get("name"))
    elif kind == "launchd":
        launchd.check(resource)
    else:
        resource = {"user": None, **resource}
        userio.check_path(resource.get("path"))
        if kind == "setting":
            _check_setting(resource)
    return resource


def _check_setting(resource):
    key, style = resource.get("key"), resource.get("format")
    if style not in formats.FORMATS:
        raise Refusal("bad-request", "a setting's format is one of %s" % ", ".join(formats.FORMATS))
    if not isinstance(key, list) or not key or not all(isinstance(name, str) for name in key):
        raise Refusal("bad-request", "a setting's key is a list of names")
    if style in formats.LINES and len(key) > (2 if style in formats.LAUNCHERS else 1):
        raise Refusal("bad-request", "a key is [variable], or [program, flag] of a launcher")
    if style == "ini" and (len(key) not in (2, 3) or (len(key) == 3 and not key[2].isdigit())):
        raise Refusal("bad-request", "the key of an ini setting is [section, name] or has a number")
    if style == "python" and len(key) < 2:
        raise Refusal("bad-request", "the key of a Python setting is [class, trait]")


def identity(resource):
    """The same text for the same thing, however it is reached."""
    if resource.get("format") == "ini" and resource["key"][2:] == ["0"]:
        resource = {**resource, "key": resource["key"][:2]}  # the first of several, or the only one
    parts = [
        resource[field]
        for field in ("type", "path", "key", "unit", "manager", "name")
        if field in resource
    ]
    if resource["type"] == "launchd":
        parts.append(resource["user"])
    return digest(json.dumps(parts).encode())


def label(resource):
    """How a person would call it."""
    if resource["type"] == "setting":
        between = " " if resource["format"] in formats.LAUNCHERS else "."
        return "%s %s" % (resource["path"], between.join(resource["key"]))
    if resource["type"] == "unit":
        return resource["unit"] + (
            "" if resource["manager"] == "system" else " of %s" % resource["manager"]
        )
    if resource["type"] == "launchd":
        return "%s in the session of %s" % (resource["name"], resource["user"])
    return resource.get("path") or "package %s" % resource["name"]


def overlap(one, other):
    """Whether changing one may change the other: the same, a file and its settings, a key and its subkeys."""
    if "path" not in one or "path" not in other:
        return identity(one) == identity(other)
    if one["path"] != other["path"]:
        return False
    if "file" in (one["type"], other["type"]):
        return True
    shorter = min(len(one["key"]), len(other["key"]))
    return one["key"][:shorter] == other["key"][:shorter]


class Seen:
    """A state for the index and the contents that it refers to, {sha256: bytes}."""

    def __init__(self, state, blobs=None):
        self.state = state
        self.blobs = blobs or {}

    def blob(self, content):
        self.blobs[digest(content)] = content
        return digest(content)


def observe(wanted, seal):
    """[Seen] of the resources, in order; a file is read once for all its settings. `seal` makes keyed digests."""
    files = {}
    for resource in wanted:
        if resource["type"] == "setting":
            files.setdefault((resource["path"], resource["user"], resource["format"]), []).append(
                resource["key"]
            )
    inspected = {place: _inspect(place, keys, seal) for place, keys in files.items()}
    seen = []
    for resource in wanted:
        if resource["type"] == "setting":
            seen.append(inspected[resource["path"], resource["user"], resource["format"]].pop(0))
        elif resource["type"] == "file":
            seen.append(_file(resource))
        elif resource["type"] == "unit":
            seen.append(Seen(units.state(resource["unit"], resource["manager"])))
        elif resource["type"] == "launchd":
            seen.append(_session(resource, seal))
        else:
            seen.append(Seen(packages.state(resource["name"])))
    return seen


def _inspect(place, keys, seal):
    path, user, style = place
    reply = userio.as_user(user, settings.inspect, path, style, keys)
    seen = []
    for setting in reply["settings"]:
        one = Seen(setting_state(setting, seal))
        one.state["file"] = reply["file"]
        one.state["made"] = reply["made"]
        one.state["note"] = one.blob(json.dumps(setting["note"]).encode())
        seen.append(one)
    return seen


def _session(resource, seal):
    value = launchd.value(resource["user"], resource["name"])
    if value is None:
        return Seen({"kind": "absent"})
    seen = Seen({"kind": "value", "digest": seal(value)})
    seen.state["note"] = seen.blob(json.dumps(value).encode())
    return seen


def setting_state(setting, seal):
    if not setting["present"]:
        return {"kind": "absent"}
    return {"kind": "value", "digest": seal(setting["canon"])}


def _file(resource):
    found, made = userio.as_user(resource["user"], _snapshot, resource["path"])
    if found["kind"] != "regular":
        return Seen({**found, "made": made})
    seen = Seen(file_state(found))
    seen.state["sha256"] = seen.blob(found["content"])
    seen.state["made"] = made
    if found["xattrs"]:
        seen.blob(_xattr_text(found["xattrs"]))
    return seen


def _snapshot(path):
    return userio.snapshot(path), userio.missing_parents(path)


def file_state(found):
    """The index form of a regular file's snapshot."""
    return {
        "kind": "regular",
        "sha256": digest(found["content"]),
        "size": len(found["content"]),
        "mode": "%04o" % found["mode"],
        "uid": found["uid"],
        "gid": found["gid"],
        "xattrs": digest(_xattr_text(found["xattrs"])) if found["xattrs"] else None,
    }


def _xattr_text(xattrs):
    return json.dumps({name: value.hex() for name, value in sorted(xattrs.items())}).encode()


def file_from(state, fetch):
    """The snapshot that a recorded state describes; `fetch(sha256)` gives a blob."""
    if state["kind"] != "regular":
        return state
    xattrs = json.loads(fetch(state["xattrs"])) if state["xattrs"] else {}
    return {
        "kind": "regular",
        "content": fetch(state["sha256"]),
        "mode": int(state["mode"], 8),
        "uid": state["uid"],
        "gid": state["gid"],
        "xattrs": {name: bytes.fromhex(value) for name, value in xattrs.items()},
    }


def same(one, other):
    """Whether two states are equal; `other` may name only some fields of a regular file (an intention)."""
    if one is None or other is None or one["kind"] != other["kind"]:
        return False
    if one["kind"] == "unit":
        return units.same(one, other)
    if one["kind"] == "package":
        return (one["status"] == "installed") == (other["status"] == "installed")
    beside = ("made", "note", "file", "size")
    fields = [name for name in set(one) & set(other) if name not in beside]
    return all(one[name] == other[name] for name in fields)


def describe(state):
    """A few words and no content: digests only."""
    kind = state["kind"]
    if kind == "regular":
        return "%s mode %s" % (state.get("sha256", "")[:8], state.get("mode", "?"))
    if kind == "value":
        return state["digest"][:8]
    if kind == "symlink":
        return "a link"
    if kind == "unit":
        return "%s, %s" % (state["active"], state["enabled"] or "no unit file")
    if kind == "package":
        return "%s %s" % (state["status"], state["version"] or "")
    return {"other": "something that is no file"}.get(kind, kind)
