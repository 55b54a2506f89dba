"""Debian packages: installed ones, installing, and removing exactly what an install brought.

A state: {"kind": "package", "status": "installed" | "config-files" | "absent", "version": "1.2" | None}
"""

import re

from . import shell
from .errors import Refusal

_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?")
_APT = [
    "apt-get", "-q", "-y", "--no-install-recommends",
    "-o", "Dpkg::Options::=--force-confold", "-o", "DPkg::Lock::Timeout=60", "-o", "APT::Get::AutomaticRemove=0",
]  # fmt: skip
_ENVIRONMENT = {
    "DEBIAN_FRONTEND": "noninteractive",
    "NEEDRESTART_SUSPEND": "1",
    "APT_LISTCHANGES_FRONTEND": "none",
}
_TIMEOUT = 1200


def check(name):
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Refusal("bad-request", "not a package name: %r" % (name,))


def installed():
    """The names of all installed packages, as apt writes them (architecture only where it is a foreign one)."""
    native = shell.run(["dpkg", "--print-architecture"], timeout=60)[1].strip()
    status, output = shell.run(
        ["dpkg-query", "-W", "-f", "${Package}\t${Architecture}\t${db:Status-Status}\n"], timeout=60
    )
    if status:
        raise Refusal("package-failed", "dpkg-query: %s" % shell.plain(output).strip()[-300:])
    names = set()
    for name, architecture, state in (line.split("\t") for line in output.splitlines()):
        if state not in ("not-installed", "config-files"):
            names.add(name if architecture in (native, "all") else "%s:%s" % (name, architecture))
    return names


def state(name):
    status, output = shell.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}\t${Version}\n", "--", name], timeout=60
    )
    if status:
        return _state("", "")
    return _state(*(output.splitlines()[0].split("\t") + [""])[:2])


def _state(status, version):
    if status in ("", "not-installed"):
        return {"kind": "package", "status": "absent", "version": None}
    if status == "config-files":
        return {"kind": "package", "status": "config-files", "version": version}
    return {"kind": "package", "status": "installed", "version": version}


def plan(name):
    """The packages that installing `name` would bring, itself included; Refusal "not-reversible" for more."""
    status, output = _apt(["-s", "install", name])
    if status:  # perhaps only the lists are old
        _apt(["update"])
        status, output = _apt(["-s", "install", name])
    if status:
        raise Refusal("package-failed", "%s can't be installed: %s" % (name, _last(output)))
    new = re.findall(r"^Inst (\S+) \(", output, re.M)
    other = re.findall(r"^Inst (\S+) \[", output, re.M) + re.findall(
        r"^(?:Remv|Purg) (\S+)", output, re.M
    )
    if other:
        listed = ", ".join(sorted(set(other))[:8])
        raise Refusal(
            "not-reversible",
            "installing %s would upgrade or remove %s, which could not be taken back: upgrade the host first"
            % (name, listed),
        )
    return new


def install(name):
    """Install without upgrading or removing anything; Refusal "package-failed"."""
    arguments = ["install", "--no-remove", name]
    status, output = _apt(arguments)
    if status and re.search(r"404|Failed to fetch|Unable to fetch", output):
        _apt(["update"])
        status, output = _apt(arguments)
    if status:
        raise Refusal("package-failed", "installing %s failed: %s" % (name, _last(output)))


def removable(names, wanted=()):
    """(those of `names` that can go, {the others: why not}): nothing outside `names` may go with them.

    `wanted` are names that someone marked as manual since."""
    going = [name for name in names if name not in wanted]
    kept = {name: "installed by hand since" for name in names if name in wanted}
    while True:
        for name in going:
            needing = _removed_with(name) - set(going)
            if needing:
                kept[name] = "needed by %s" % ", ".join(sorted(needing)[:5])
                going.remove(name)
                break
        else:
            return going, kept


def _removed_with(name):
    status, output = _apt(["-s", "remove", name])
    if status:
        raise Refusal("package-failed", "%s can't be removed: %s" % (name, _last(output)))
    gone = set(re.findall(r"^(?:Remv|Purg) (\S+)", output, re.M)) | set(
        re.findall(r"^Inst (\S+)", output, re.M)
    )
    return gone - {name}


def manual():
    """Names that are marked as installed by hand."""
    return set(shell.run(["apt-mark", "showmanual"], timeout=60)[1].split())


def remove(names, keep_configuration=()):
    """Purge `names`; those in `keep_configuration` had configuration before us and keep it."""
    # all at once, since removing one would take those that need it along; purged when none of them is left
    for action, group in (
        ("remove", list(names)),
        ("purge", [name for name in names if name not in keep_configuration]),
    ):
        if group:
            status, output = _apt([action, *group])
            if status:
                raise Refusal(
                    "package-failed", "removing %s failed: %s" % (", ".join(group), _last(output))
                )


def _apt(arguments):
    if "-s" in arguments:  # a simulation writes nothing, not even apt's own caches
        arguments = ["-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=", *arguments]
    return shell.run([*_APT, *arguments], timeout=_TIMEOUT, environment=_ENVIRONMENT)


def _last(output):
    lines = [
        line for line in shell.plain(output).splitlines() if line.startswith("E:")
    ] or shell.plain(output).splitlines()
    return " ".join(lines[-3:])[:500]
