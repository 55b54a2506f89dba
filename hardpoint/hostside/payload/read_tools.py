"""Whether the programs that agents' sandboxes are made of work: each is started, by an ordinary user."""

import os
import pwd
import re
import shutil
import subprocess

from . import read_host, userio
from .shell import plain

SRT = "/usr/local/lib/hardpoint/sandbox-runtime/node_modules/.bin"
PATH = "/usr/local/bin:/usr/bin:/bin:" + SRT
SECONDS = 5
INPUT = b"hardpoint\n"
NODE = (
    "const v=process.versions.node,[a,b]=v.split('.').map(Number);"
    "if(a<22||a==22&&b<12){console.log('Node.js '+v+' is too old: it needs 22.12');process.exit(1)}"
)
# What is run with INPUT on its standard input; each has to end with 0. None of it writes anywhere.
PROBES = {
    "bwrap": [
        "bwrap --unshare-all --die-with-parent --ro-bind / / --dev /dev --proc /proc true".split()
    ],
    "socat": [["socat", "-t", "1", "STDIO", "EXEC:cat"]],
    "rg": [["rg", "--no-config", "--quiet", "hardpoint", "-"]],
    "srt": [["node", "-e", NODE], ["srt", "--version"]],
}
KERNEL = (
    "/proc/sys/kernel/unprivileged_userns_clone",
    "/proc/sys/user/max_user_namespaces",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
)
APPARMOR = "/etc/apparmor.d"
_FOR_BWRAP = re.compile(r"^\s*(profile\s+\S+\s+)?\"?/usr/bin/bwrap\"?\s[^\n]*\{", re.M)


def read(request):
    """{tools: {name: {path, works, said}}, user, apt, kernel: {path: text | None}, profiles: [paths], limits}.

    `works` is None where a program failed and may work all the same: where this check is locked in itself.
    """
    names = request["tools"]
    found = userio.as_user(_somebody(), _look, names, timeout=SECONDS * (2 * len(names) + 1))
    return {**found, "apt": bool(shutil.which("apt-get")), "limits": list(_untried(found["tools"]))}


def _untried(tools):
    for name, tool in tools.items():
        if tool["works"] is None:
            reason = "%s can't be tried by a check that is locked in itself: %s" % (
                name,
                tool["said"],
            )
            yield {"subject": None, "reason": reason}


def _somebody():
    """Whom to be: an ordinary user of this host; None for who we are, if that is one."""
    if os.geteuid():
        return None
    people = sorted((one.pw_uid, one.pw_name) for one in read_host.people() if one.pw_uid)
    return people[0][1] if people else "nobody"


def _look(names):
    return {
        "user": pwd.getpwuid(os.geteuid()).pw_name,
        "tools": {name: _try(name) for name in names},
        "kernel": {path: _text(path) for path in KERNEL},
        "profiles": _profiles(),
    }


def _try(name):
    path = shutil.which(name, os.F_OK, PATH)
    if not path:
        return {"path": "", "works": False, "said": ""}
    for command in PROBES[name]:
        works, said = _run(command)
        if not works:
            return {"path": path, "works": None if _is_confined() else False, "said": said}
    return {"path": path, "works": True, "said": ""}


def _run(command):
    if _is_confined():  # a new /proc is refused there, where parts of the old one are hidden
        command = [word for word in command if word not in ("--proc", "/proc")]
    try:
        done = subprocess.run(
            command,
            input=INPUT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": PATH, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"},
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, plain(str(error))[:300]
    lines = plain(done.stdout[-2000:].decode("utf-8", "replace")).strip().splitlines()
    return not done.returncode, (lines or ["exit status %d" % done.returncode])[-1][:300]


def _is_confined():
    """Whether this check is itself locked in, as our own timer's is (NoNewPrivileges=)."""
    return "NoNewPrivs:\t1" in (_text("/proc/self/status") or "")


def _text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(65536).strip()
    except OSError:
        return None


def _profiles():
    """The AppArmor profiles for bwrap that are not disabled."""
    try:
        names = sorted(os.listdir(APPARMOR))
    except OSError:
        return []
    return [
        os.path.join(APPARMOR, name)
        for name in names
        if _FOR_BWRAP.search(_text(os.path.join(APPARMOR, name)) or "")
        and not os.path.lexists(os.path.join(APPARMOR, "disable", name))
    ]
