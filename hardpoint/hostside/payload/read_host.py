"""What kind of machine this is, its addresses, and who has a home on it."""

import fcntl
import os
import platform
import pwd
import re
import socket
import struct

UID_MIN, UID_MAX = 1000, 59999
DARWIN = platform.system() == "Darwin"
_INNER = re.compile(r"(docker|podman|cni-podman|virbr|lxcbr|lxdbr|incusbr)[0-9]+$|br-[0-9a-f]{12}$")
_SIOCGIFADDR = 0x8915


def read(request):
    """{system, kernel, systemd, python, root, hostname, addresses: [..], users: [{name, uid, home, state}]}."""
    return {
        "system": _system(),
        "kernel": platform.system(),
        "systemd": os.path.isdir("/run/systemd/system"),
        "python": platform.python_version(),
        "root": os.geteuid() == 0,
        "user": pwd.getpwuid(os.geteuid()).pw_name,
        "hostname": socket.gethostname(),
        "addresses": addresses(),
        "users": [_describe(user) for user in people()],
    }


def people():
    """Everybody who can log in and owns a home: root, and the ordinary users."""
    shells = ("/nologin", "/false", "/sync")
    return [
        user for user in pwd.getpwall() if _is_person(user) and not user.pw_shell.endswith(shells)
    ]


def _is_person(user):
    if DARWIN:
        from . import darwin

        return darwin.is_person(user)
    return user.pw_uid == 0 or UID_MIN <= user.pw_uid <= UID_MAX


def visible_people():
    """Those whose files this process may read: everybody for root, else oneself."""
    me = os.geteuid()
    return [user for user in people() if me in (0, user.pw_uid)]


def limits():
    """What can't be judged: [{subject, reason}] of homes that are not there, or not for us to see."""
    if os.geteuid() == 0:
        reasons = [(user, _ABSENT.get(_state(user))) for user in people()]
        return [
            {"subject": user.pw_name, "reason": reason % user.pw_dir}
            for user, reason in reasons
            if reason
        ]
    seen = {user.pw_name for user in visible_people()}
    return [
        {"subject": user.pw_name, "reason": "only root can look into %s" % user.pw_dir}
        for user in people()
        if user.pw_name not in seen
    ]


_ABSENT = {
    "locked": "%s is empty: an encrypted or network home that is not mounted?",
    "missing": "%s does not exist: a network home that is not mounted?",
}


def _describe(user):
    return {
        "name": user.pw_name,
        "uid": user.pw_uid,
        "home": user.pw_dir,
        "state": _state(user),
    }


def _state(user):
    """ok, missing or locked: what isn't mounted shows as an empty folder, or not at all."""
    if not os.path.isdir(user.pw_dir):
        return "missing"
    try:
        empty = user.pw_uid != 0 and os.geteuid() == 0 and not os.listdir(user.pw_dir)
    except OSError:  # some network homes are for their users alone
        empty = False
    return "locked" if empty else "ok"


def _system():
    if platform.system() == "Darwin":
        return "macOS " + platform.mac_ver()[0]
    try:
        with open("/etc/os-release", encoding="utf-8", errors="replace") as release:
            values = dict(line.rstrip("\n").split("=", 1) for line in release if "=" in line)
    except OSError:
        return platform.system()
    name = values.get("NAME", "Linux").strip('"').replace(" GNU/Linux", "")
    return (name + " " + values.get("VERSION_ID", "").strip('"')).strip()


def addresses():
    """The machine's own addresses that others may reach: no loopback, no link-local, no inner bridge.

    First the one that this machine has on its way out, which a neighbour would use.
    """
    v4, v6 = _darwin() if DARWIN else (_v4(), _v6())
    return sorted(v4, key=_preference("198.51.100.1")) + sorted(v6, key=_preference("2001:db8::1"))


def _darwin():
    from . import darwin

    return darwin.addresses()


def _preference(far):
    """A key that sorts the source address of the route to `far` first; nothing is sent."""
    family = socket.AF_INET6 if ":" in far else socket.AF_INET
    source = None
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))
            source = probe.getsockname()[0]
    except OSError:
        pass
    return lambda address: (address != source, address)


def _v4():
    found, last = set(), ""
    try:
        with open("/proc/net/fib_trie", encoding="ascii", errors="replace") as trie:
            for line in trie:
                words = line.split()
                if words[:1] == ["|--"]:
                    last = words[1]
                elif "host" in words and "LOCAL" in words and not last.startswith("127."):
                    found.add(last)
    except OSError:
        pass
    return {address for address in found if not address.startswith("169.254.")} - _inner()


def _inner():
    """IPv4 addresses of bridges to containers and virtual machines: elsewhere they are other machines."""
    found = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for _, name in socket.if_nameindex():
            if _INNER.match(name):
                try:
                    answer = fcntl.ioctl(asked, _SIOCGIFADDR, struct.pack("256s", name.encode()))
                    found.add(socket.inet_ntoa(answer[20:24]))
                except OSError:
                    continue
    return found


def _v6():
    found = set()
    try:
        with open("/proc/net/if_inet6", encoding="ascii") as table:
            for line in table:
                words = line.split()
                address = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(words[0]))
                inner = address.startswith("fe80:") or _INNER.match(words[-1])
                if address != "::1" and not inner:
                    found.add(address)
    except OSError:
        pass
    return found


def native_address(hexadecimal):
    """The text of an address as /proc/net/tcp writes it: 32-bit words in host byte order."""
    raw = bytes.fromhex(hexadecimal)
    words = struct.unpack("=%dI" % (len(raw) // 4), raw)
    packed = struct.pack(">%dI" % len(words), *words)
    if len(packed) == 4:
        return socket.inet_ntop(socket.AF_INET, packed)
    text = socket.inet_ntop(socket.AF_INET6, packed)
    return text[len("::ffff:") :] if text.startswith("::ffff:") else text
