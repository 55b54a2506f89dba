"""Single keys of settings files in the homes; nothing else of such a file leaves the host."""

import os
import pwd

from . import edit_json, read_host, userio
from .errors import Refusal


def read(request):
    """{documents: [{user, path, state, values: {key: value}}], limits: [...]}.

    `request["documents"]` is [{path (below the home), keys: [[...]]}]; state is present, malformed
    or unreadable; files that don't exist are left out. A key is joined with dots in `values`.
    """
    found, limits = [], list(read_host.limits())
    for user in read_host.visible_people():
        try:
            theirs, unseen = userio.as_user(
                user.pw_name, _in_home, user.pw_name, request["documents"]
            )
        except Refusal as problem:
            limits.append({"subject": user.pw_name, "reason": problem.message})
            continue
        found += theirs
        limits += unseen
    return {"documents": found, "limits": limits}


def _in_home(name, documents):
    home = pwd.getpwnam(name).pw_dir
    found, limits = [], []
    for document in documents:
        path = os.path.join(home, document["path"])
        if not os.path.lexists(path):
            continue
        entry = {"user": name, "path": path, "state": "present", "values": {}}
        try:
            _fill(entry, userio.read(path).decode("utf-8"), document["keys"])
        except UnicodeDecodeError:
            entry["state"] = "malformed"
            limits.append({"subject": name, "reason": "%s is not UTF-8" % path})
        except Refusal as problem:
            entry["state"] = "malformed" if problem.code == "malformed" else "unreadable"
            limits.append({"subject": name, "reason": problem.about(path)})
        found.append(entry)
    return found, limits


def _fill(entry, text, keys):
    for key in keys:
        present, value, _ = edit_json.get(text, key)
        if present:
            entry["values"][".".join(key)] = value
