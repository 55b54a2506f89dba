"""What macOS has instead of /proc: lsof, ps, ifconfig and launchctl, each with a parser of its text.

Tested with recorded text only: nothing of it has run on a Mac.
"""

import ipaddress
import os
import pwd
import re
import time

from . import read_host, shell
from .errors import Refusal

LISTENING = ["/usr/sbin/lsof", "-nP", "-iTCP", "-sTCP:LISTEN", "-FpcuLtnT"]
UID_MIN = 501
SECONDS = 8
_WILDCARDS = {"IPv4": "0.0.0.0", "IPv6": "::"}
_APP = re.compile(r"(/.*?\.app)/Contents/")
_ETIME = re.compile(r"(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+)")


# --- listeners -----------------------------------------------------------------------------


def listeners():
    """(rows like those of read_listeners, limits): without root lsof shows one's own sockets only."""
    status, text = _run(LISTENING)
    rows, problem = sockets_of(text), text.strip().splitlines()
    if status and not rows and problem:  # 1 and silence: nobody listens
        raise Refusal("unsupported", "lsof failed: %s" % shell.plain(problem[-1])[:200])
    pids = sorted({row["pid"] for row in rows})
    seen = processes(_run(_ps(pids))[1], time.time()) if pids else {}
    labels = _jobs({row.pop("uid") for row in rows})
    return [_listener(row, seen.get(row["pid"], {}), labels) for row in rows], hidden()


def _jobs(uids):
    """pid -> label; each user has a launchd domain, and root sees its own alone unless it goes there."""
    found = {}
    for uid in sorted(uids):
        command = _inside(uid) if uid else ["/bin/launchctl"]
        found.update(jobs(_run([*command, "list"])[1]))
    return found


def _ps(pids):
    return ["/bin/ps", "-ww", "-o", "pid=,etime=,comm=", "-p", ",".join(map(str, pids))]


def _listener(row, process, labels):
    program = process.get("program", "")
    app = _APP.match(program)
    return {
        "address": row["address"],
        "port": row["port"],
        "user": row["user"],
        "pid": row["pid"],
        # lsof cuts names, and shows what it doesn't like as \x20
        "comm": os.path.basename(program) or row["comm"],
        "program": program,
        "unit": "",
        "manager": "",
        "started": process.get("started"),
        "app": app.group(1) if app else "",
        "job": labels.get(row["pid"], ""),
    }


def hidden():
    """What lsof doesn't show to anybody but root."""
    if os.geteuid() == 0:
        return []
    me, reason = os.geteuid(), "only root sees the listeners of %s on macOS"
    others = [user.pw_name for user in read_host.people() if user.pw_uid not in (0, me)]
    return [{"subject": "system", "reason": reason % "the system"}] + [
        {"subject": name, "reason": reason % name} for name in others
    ]


def sockets_of(text):
    """[{pid, comm, uid, user, address, port}] of `lsof -F`: a letter and a value a line (lsof(8), OUTPUT
    FOR OTHER PROGRAMS); p begins a process, f a file of it. A socket that is held twice counts once."""
    found, process, file = [], {}, None
    for line in text.splitlines():
        letter, value = line[:1], line[1:]
        if letter == "p":
            process, file = {"p": value}, None
        elif letter == "f":
            file = {}
            found.append((process, file))
        elif letter == "T":
            key, _, state = value.partition("=")
            if file is not None and key == "ST":
                file["state"] = state
        elif letter in ("c", "u", "L"):
            process[letter] = value
        elif letter in ("t", "n") and file is not None:
            file[letter] = value
    rows = [_socket(process, file) for process, file in found]
    return [row for n, row in enumerate(rows) if row and row not in rows[:n]]


def _socket(process, file):
    address, _, port = file.get("n", "").rpartition(":")
    if file.get("state", "LISTEN") != "LISTEN" or not port.isdigit() or not process["p"].isdigit():
        return None
    if address == "*":
        address = _WILDCARDS.get(file.get("t", ""), "::")
    return {
        "pid": int(process["p"]),
        "comm": _unescaped(process.get("c", "")),
        "uid": int(process["u"]) if process.get("u", "").isdigit() else 0,
        "user": process.get("L") or _name(process.get("u", "")),
        "address": address.strip("[]"),
        "port": int(port),
    }


def _unescaped(text):
    return re.sub(r"\\x([0-9a-fA-F]{2})", lambda match: chr(int(match.group(1), 16)), text)


def _name(uid):
    try:
        return pwd.getpwuid(int(uid)).pw_name
    except (KeyError, ValueError):
        return uid


def processes(text, now):
    """{pid: {program, started}} of `ps -o pid=,etime=,comm=`; on macOS comm is the whole path."""
    found = {}
    for line in text.splitlines():
        words = line.split(None, 2)
        match = _ETIME.fullmatch(words[1]) if len(words) == 3 and words[0].isdigit() else None
        if match:
            days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
            age = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
            found[int(words[0])] = {"program": words[2].strip(), "started": now - age}
    return found


def jobs(text):
    """{pid: label} of `launchctl list`: PID, last status and label, parted by tabs; "-" doesn't run.

    What a person opens in the Finder has a label of its own, application.*, which is no job."""
    rows = [line.split("\t") for line in text.splitlines()]
    return {
        int(row[0]): row[2]
        for row in rows
        if len(row) == 3 and row[0].isdigit() and not row[2].startswith("application.")
    }


# --- addresses and people ------------------------------------------------------------------


def addresses():
    """(IPv4, IPv6) of this machine that others may reach."""
    return addresses_of(_run(["/sbin/ifconfig", "-a"])[1])


def addresses_of(text):
    """({IPv4}, {IPv6}) of `ifconfig -a`, without loopback and link-local ones."""
    found = {4: set(), 6: set()}
    for line in text.splitlines():
        words = line.split()
        if len(words) < 2 or words[0] not in ("inet", "inet6") or not line[0].isspace():
            continue
        try:
            address = ipaddress.ip_address(words[1].partition("%")[0])
        except ValueError:
            continue
        if not (address.is_loopback or address.is_link_local or address.is_unspecified):
            found[address.version].add(str(address))
    return found[4], found[6]


def is_person(entry):
    """Whether a passwd entry is root's, or one of those that System Settings makes; accounts of a
    directory have large numbers, and services have no home of their own."""
    home = entry.pw_dir.startswith("/") and entry.pw_dir not in ("/", "/dev/null", "/var/empty")
    return entry.pw_uid == 0 or (UID_MIN <= entry.pw_uid < 2**31 and home)


# --- the environment that launchd gives to what a person opens ------------------------------


def has_session(uid):
    """Whether that user is logged in at the screen."""
    return _run(["/bin/launchctl", "print", "gui/%d" % uid])[0] == 0


def getenv(uid, name):
    """The value of a variable in that user's session; None: not set."""
    status, text = _run([*_inside(uid), "getenv", name])
    if status:
        raise Refusal("unit-failed", "launchctl getenv %s: %s" % (name, _last(text)))
    return text.rstrip("\n") or None


def setenv(uid, name, value):
    """Sets it (None: takes it away) for all that this user opens from now on."""
    change = ["unsetenv", name] if value is None else ["setenv", name, value]
    status, text = _run([*_inside(uid), *change])
    if status:
        raise Refusal("unit-failed", "launchctl %s %s: %s" % (change[0], name, _last(text)))


def _inside(uid):
    """launchctl as that session sees it; only root has to go there, and only root can."""
    command = ["/bin/launchctl"]
    return command + ["asuser", str(uid)] + command if os.geteuid() == 0 else command


def _last(text):
    return shell.plain((text.strip().splitlines() or ["it failed"])[-1])[:200]


def _run(command):
    return shell.run(command, timeout=SECONDS)
