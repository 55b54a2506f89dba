"""Running commands inside a host from the machine's side: no login, no session, no log entry."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import cgroup
from .errors import LabError
from .shell import JOIN_CGROUP

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NAMESPACES = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd")


@dataclass(frozen=True)
class Person:
    """One line of a host's /etc/passwd."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str


def people(leader: int) -> dict[str, Person]:
    """Everyone in the host's /etc/passwd."""
    found = {}
    for line in Path(f"/proc/{leader}/root/etc/passwd").read_text().splitlines():
        name, _, uid, gid, _, home, shell = line.split(":")
        found[name] = Person(name, int(uid), int(gid), home, shell)
    return found


def command_line(leader: int, command: str | Sequence[str], user: str, session: bool) -> list[str]:
    """The command as this machine has to start it so that it runs in the host as that user."""
    person = people(leader).get(user)
    if person is None:
        raise LabError(f"the host has no user {user}")
    inside = cgroup.create(
        cgroup.of_process(leader).parent / "exec"
    )  # logind refuses callers from outside
    join = [*JOIN_CGROUP, str(inside)]
    enter = ["nsenter", "--target", str(leader), *NAMESPACES]
    become = ["setpriv", f"--reuid={person.uid}", f"--regid={person.gid}", "--init-groups"]
    words = ["sh", "-c", command] if isinstance(command, str) else list(command)
    in_home = ["sh", "-c", 'cd "$HOME" && exec "$@"', "sh"]
    settings = [f"{name}={value}" for name, value in _environment(person, session).items()]
    return [*join, *enter, *become, "env", "-i", *settings, *in_home, *words]


def _environment(person: Person, session: bool) -> dict[str, str]:
    runtime = f"/run/user/{person.uid}"
    bus = {"XDG_RUNTIME_DIR": runtime, "DBUS_SESSION_BUS_ADDRESS": f"unix:path={runtime}/bus"}
    return {
        "PATH": PATH,
        "HOME": person.home,
        "USER": person.name,
        "LOGNAME": person.name,
        "SHELL": person.shell,
        "LANG": "C.UTF-8",
        **(bus if session else {}),
    }


def execute(
    command: list[str], shown: str | Sequence[str], input: bytes | None, check: bool, timeout: float
) -> subprocess.CompletedProcess[bytes]:
    """Run to the end; at the time-out every process of the command dies, not only the first."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE if input is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    what = shown if isinstance(shown, str) else shlex.join(shown)
    try:
        out, err = process.communicate(input, timeout=timeout)
    except subprocess.TimeoutExpired as late:
        raise LabError(f"{what}: no end after {timeout:g} s") from late
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if check and process.returncode:
        words = (err.strip() or out.strip()).decode(errors="replace")[-2000:]
        raise LabError(f"{what}: exit {process.returncode}: {words}")
    return subprocess.CompletedProcess(command, process.returncode, out, err)
