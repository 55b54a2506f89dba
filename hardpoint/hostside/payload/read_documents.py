"""Single keys of settings files in the homes; nothing else of such a file leaves the host."""

import os
import pwd

from . import edit_json, homes, userio
from .errors import Refusal


def read(request):
    """{documents: [{user, path, state, values: {key: value}}], limits: [...]}.

    `request["documents"]` is [{path (below the home), keys: [[...]]}]; state is present, malformed
    or unreadable; files that don't exist are left out. A key is joined with dots in `values`.
    """
    found, limits = homes.look(_in_home, request["documents"])
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
