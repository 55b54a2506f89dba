"""Where programs (patterns, see command_line.py) are installed: the directories whose bin/ holds one of them."""

import glob
import itertools
import os
import pwd

from . import command_line, read_host

_SYSTEM = ("/opt/*", "/opt/*/*", "/usr/local", "/usr", "/srv/*")
_HOME = ("*/bin", ".*/bin", "*/*/bin")  # ~/venv, ~/.local and ~/.venv, ~/project/venv
_MOST = 1000  # such folders of one home


def of_system(programs):
    """Prefixes outside the homes."""
    places = [path for pattern in _SYSTEM for path in glob.glob(pattern)]
    return sorted({os.path.realpath(path) for path in places if _holds(path, programs)})


def of_home(home, programs):
    """(prefixes in a home, whether it has more folders than are looked at); call it as its user."""
    patterns = [os.path.join(glob.escape(home), pattern) for pattern in _HOME]
    bins = itertools.chain.from_iterable(map(glob.iglob, patterns))
    looked = [os.path.dirname(path) for path in itertools.islice(bins, _MOST + 1)]
    found = [path for path in looked if _holds(path, programs) and not os.path.islink(path)]
    return found, len(looked) > _MOST


def running(programs):
    """[[program, prefix, uid of the process]] of what runs now, by its own or its interpreter's bin/."""
    found = []
    for process in glob.glob("/proc/[0-9]*"):
        try:
            with open(process + "/cmdline", "rb") as file:
                values = file.read(65536).decode("utf-8", "replace").rstrip("\0").split("\0")
            owner = os.stat(process).st_uid
            if not os.path.samefile(process + "/root", "/"):
                continue  # a container's: its paths are not this host's
        except OSError:
            continue
        runs = command_line.runs(command_line.words(values), programs)
        for path in values[:2] if runs else ():
            folder = os.path.dirname(path)
            plain = path.startswith("/") and path == os.path.normpath(path)
            if plain and os.path.basename(folder) == "bin" and folder != "/bin":
                found += [[run.program, os.path.dirname(folder), owner] for run in runs]
    return found


def home_of(path):
    """The person in whose home a path lies, or None."""
    for user in read_host.people():
        if user.pw_dir not in ("", "/") and path.startswith(user.pw_dir.rstrip("/") + "/"):
            return user.pw_name
    return None


def owner(prefix):
    """Whose a prefix is, None for root: what lies in it is read as that user."""
    try:
        return account(os.lstat(prefix).st_uid)
    except OSError:
        return None


def account(uid):
    """The name of a user; None for root, for a number without name, and where we aren't root."""
    try:
        return pwd.getpwuid(uid).pw_name if uid and os.geteuid() == 0 else None
    except KeyError:
        return None


def _holds(prefix, programs):
    """Whether one of the programs is there; python's modules and npm's packages have no file in bin/."""
    heads = [program.split()[0] for program in programs]
    names = [head for head in heads if head != "-m" and "/" not in head]
    return any(glob.glob(os.path.join(glob.escape(prefix), "bin", name)) for name in names)
