"""Single keys of settings files in the homes; nothing else of such a file leaves the host."""

import os
import pwd

from . import edit_json, read_host, userio


def read(request):
    """{documents: [{user, path, state, values: {key: value}}], limits: [...]}.

    `request["documents"]` is [{path (below the home), keys: [[...]]}]; state is present, malformed
    or unreadable; files that don't exist are left out. A key is joined with dots in `values`.
    """
    found, limits = [], list(read_host.limits())
    for user in read_host.visible_people():
        reply = userio.as_user(user.pw_name, _in_home, user.pw_name, request["documents"])
        if "error" in reply:
            limits.append({"subject": user.pw_name, "reason": reply["message"]})
            continue
        found += reply["documents"]
        limits += reply["limits"]
    return {"documents": found, "limits": limits}


def _in_home(name, documents):
    home = pwd.getpwnam(name).pw_dir
    found, limits = [], []
    for document in documents:
        path = os.path.join(home, document["path"])
        if not os.path.lexists(path):
            continue
        entry = {"user": name, "path": path, "state": "present", "values": {}}
        content = userio.read_file(name, path)
        problem = content.get("message") or _fill(entry, content.get("text"), document["keys"])
        if problem:
            entry["state"] = "unreadable" if "error" in content else "malformed"
            limits.append({"subject": name, "reason": "%s: %s" % (path, problem)})
        found.append(entry)
    return {"documents": found, "limits": limits}


def _fill(entry, text, keys):
    try:
        for key in keys:
            present, value, _ = edit_json.get(text, key)
            if present:
                entry["values"][".".join(key)] = value
    except ValueError as problem:
        return str(problem)
    return None
