"""Who listens where, which service it is, and what it answers on the host's own loopback."""

import http.client
import json
import os
import pwd
import socket
import time

from . import command_line, read_host, sockets

PROBE_SECONDS = 1.5
MAX_LISTENERS = 5000
ASK_SECONDS = 12  # for all of them: some accept a connection and never answer
MAX_ASKED = 4  # ports of one process: some open dozens that don't speak HTTP
MAX_VERSION = 40


def read(request):
    """{listeners: [{address, port, user, pid, comm, unit, ..., service, version, open}], root, limits}.

    `request["services"]` is [{id, programs, port, ports, path, contains, version, protected}]. `service`
    is the id of the one that a process runs, or where the process is hidden or unknown, that answers
    a harmless GET of `path` with what it `contains`; "" else. `version`: the text at that key.
    `open`: whether `protected` is answered without credentials; None where that was not asked.
    `v6only`: a listener on :: that takes no IPv4.
    Without root the process of another user's socket is unknown: pid is None.
    """
    if read_host.DARWIN:
        return _darwin(request)
    table = [row for row in sockets.table() if row["state"] == sockets.LISTEN]
    rows = sorted(table, key=_is_inside)[:MAX_LISTENERS]
    owners = sockets.owners(row["inode"] for row in rows)
    seen = {}
    listeners = []
    for row in rows:
        pid = owners.get(row["inode"])
        if pid is not None and pid not in seen:
            seen[pid] = sockets.describe(pid)
        listener = {"address": row["address"], "port": row["port"], "user": _name(row["uid"])}
        listener.update(seen[pid] if pid is not None else {"pid": None, "comm": "", "unit": ""})
        listeners.append(listener)
    run = {pid: run_by(sockets.arguments(pid), request.get("services", [])) for pid in seen}
    reply = _told(listeners, request, run)
    return {**reply, "limits": reply["limits"] + _cut(len(table))}


def _is_inside(row):
    """What others can reach comes first, and is the last to be cut off."""
    return row["address"].startswith("127.") or row["address"] == "::1"


def _cut(count):
    said = "%d sockets listen here: only %d of them were looked at" % (count, MAX_LISTENERS)
    return [{"subject": None, "reason": said}] if count > MAX_LISTENERS else []


def _darwin(request):
    """The same, and `limits`: what lsof doesn't show without root."""
    from . import darwin

    listeners, limits = darwin.listeners()
    limits += _cut(len(listeners))
    listeners = listeners[:MAX_LISTENERS]
    services = request.get("services", [])
    run = {row["pid"]: run_by([row["comm"]], services) for row in listeners}
    reply = _told(listeners, request, run)
    return {**reply, "limits": reply["limits"] + limits}


def run_by(arguments, services):
    """The service that a process with these arguments runs; the first of several that may."""
    patterns = {pattern: one for one in reversed(services) for pattern in one["programs"]}
    names = [pattern for one in services for pattern in one["programs"]]
    found = command_line.runs(command_line.words(arguments), names)
    return patterns[found[0].program] if found else None


def _told(listeners, request, run):
    services = request.get("services", [])
    asked, answers, silent = {}, {}, set()
    deadline = time.monotonic() + ASK_SECONDS
    for row in listeners:
        known = run.get(row["pid"]) if row["pid"] is not None else None
        candidates = [known] if known else [one for one in services if _is_on(one, row["port"])]
        count = asked[row["pid"]] = asked.get(row["pid"], 0) + bool(candidates)
        ask = candidates and (row["pid"] is None or count <= MAX_ASKED)
        if ask and row["port"] not in answers and time.monotonic() > deadline:
            silent.add(row["port"])
        elif ask and row["port"] not in answers:
            answers[row["port"]] = _identified(listeners, row["port"], candidates)
        service, answer = answers.get(row["port"], (None, {}))
        row.update({"version": "", "open": None, **answer})
        row["service"] = known["id"] if known else service or ""
        row["v6only"] = bool(row["service"]) and _is_v6only(row, listeners)
    said = "%d ports were not asked what they are: too many others did not answer" % len(silent)
    limits = [{"subject": None, "reason": said}] if silent else []
    limits += _hidden(listeners)
    return {"listeners": listeners, "root": os.geteuid() == 0, "limits": limits}


def _hidden(listeners):
    """What others can reach and we don't know: it may be anything, on any port. What root can't name
    is the kernel's own, or another machine's on the same network stack."""
    if os.geteuid() == 0:
        return []
    hidden = [row for row in listeners if row["pid"] is None and not row["service"]]
    ports = sorted({row["port"] for row in hidden if not _is_inside(row)})
    said = "only root sees which programs listen on port %s" % ", ".join(map(str, ports[:9]))
    return [{"subject": "system", "reason": said}] if ports else []


def _is_v6only(row, listeners):
    """Whether IPv4 doesn't come in at ::, which /proc/net/tcp6 doesn't tell."""
    if row["address"] != "::":
        return False
    if any(one["port"] == row["port"] and "." in one["address"] for one in listeners):
        return True
    try:
        socket.create_connection(("127.0.0.1", row["port"]), PROBE_SECONDS).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        pass
    return False


def _is_on(service, port):
    return port == service["port"] or port in service.get("ports", [])


def _identified(listeners, port, candidates):
    """(id of the service that answers like itself, what it said); (None, {}) where none does."""
    for service in candidates:
        if not service.get("path"):
            continue
        answer = _ask(listeners, port, service["path"])
        if answer is None:
            return None, {}
        if service["contains"] in answer[1]:
            return service["id"], _said(listeners, port, service, answer[1])
    return None, {}


def _said(listeners, port, service, body):
    said = {"version": _version(body, service["version"])}
    if service.get("protected"):
        answer = _ask(listeners, port, service["protected"])
        said["open"] = answer is not None and 200 <= answer[0] < 300
    return said


def _version(body, key):
    try:
        value = json.loads(body)[key]
    except (ValueError, KeyError, TypeError):
        return ""
    return value[:MAX_VERSION] if isinstance(value, str) and value.isprintable() else ""


WILDCARDS = {"0.0.0.0": ("127.0.0.1",), "::": ("127.0.0.1", "::1")}


def _ask(listeners, port, path):
    """(status, body) of the first address that somebody listens on and that answers."""
    addresses = [row["address"] for row in listeners if row["port"] == port]
    targets = [target for one in addresses for target in WILDCARDS.get(one, (one,))]
    answers = (_get(target, port, path) for target in dict.fromkeys(targets))
    return next((answer for answer in answers if answer is not None), None)


def _get(address, port, path):
    connection = http.client.HTTPConnection(address, port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", path, headers={"Host": "127.0.0.1:%d" % port})
        answer = connection.getresponse()
        return answer.status, answer.read(2048).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _name(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
