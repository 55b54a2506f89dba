"""Who listens where, and what answers there on the host's own loopback."""

import http.client
import os
import pwd

from . import read_host, sockets

PROBE_SECONDS = 1.5
MAX_LISTENERS = 5000


def read(request):
    """{listeners: [{address, port, uid, user, pid, comm, unit, ...}], answers: {port: body}, root}.

    `request["identify"]` maps a port to a path: a harmless GET tells what answers there.
    Without root the process of another user's socket is unknown: pid is None.
    """
    if read_host.DARWIN:
        return _darwin(request)
    owners = sockets.owners()
    rows = [row for row in sockets.table() if row["state"] == sockets.LISTEN][:MAX_LISTENERS]
    seen = {}
    listeners = []
    for row in rows:
        pid = owners.get(row["inode"])
        if pid is not None and pid not in seen:
            seen[pid] = sockets.describe(pid)
        listener = {"address": row["address"], "port": row["port"], "user": _name(row["uid"])}
        listener.update(seen[pid] if pid is not None else {"pid": None, "comm": "", "unit": ""})
        listeners.append(listener)
    return _told(listeners, request)


def _darwin(request):
    """The same, and `limits`: what lsof doesn't show without root."""
    from . import darwin

    listeners, limits = darwin.listeners()
    return {**_told(listeners[:MAX_LISTENERS], request), "limits": limits}


def _told(listeners, request):
    identify = request.get("identify", {})
    answers = {port: _ask(listeners, int(port), path) for port, path in identify.items()}
    return {
        "listeners": listeners,
        "answers": {port: body for port, body in answers.items() if body is not None},
        "root": os.geteuid() == 0,
    }


WILDCARDS = {"0.0.0.0": ("127.0.0.1",), "::": ("127.0.0.1", "::1")}


def _ask(listeners, port, path):
    """What answers on the port, asked at every address that somebody listens on, until one does."""
    addresses = [row["address"] for row in listeners if row["port"] == port]
    targets = [target for one in addresses for target in WILDCARDS.get(one, (one,))]
    answers = (_get(target, port, path) for target in dict.fromkeys(targets))
    return next((answer for answer in answers if answer is not None), None)


def _get(address, port, path):
    connection = http.client.HTTPConnection(address, port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", path, headers={"Host": "127.0.0.1:%d" % port})
        return connection.getresponse().read(2048).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _name(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
