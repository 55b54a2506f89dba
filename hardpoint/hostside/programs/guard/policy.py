"""What the policy intends, from the one root-owned file. What can't be read or is not of its form raises."""

import json
import os

PATH = "/etc/hardpoint/agents.json"
UIDS, UNKNOWN = "/proc/self/uid_map", "/proc/sys/kernel/overflowuid"

LISTS = {
    "protected": ("home", "project", "exempt", "system"),
    "persistent": ("home", "project"),
    "network": ("allow",),
}
OURS = ("/etc/hardpoint", "/usr/local/lib/hardpoint", "/run/hardpoint", "/var/log/hardpoint")
"""What keeps an agent in its place is never the agent's to write."""


class BadPolicy(Exception):
    """The file is not there, or is not what it should be."""


class Policy:
    """`agents.json`, each list as a tuple."""

    def __init__(self, document, agent):
        if not isinstance(document, dict) or document.get("version") != 1:
            raise BadPolicy("it is not of version 1")
        for section, names in LISTS.items():
            for name in names:
                found = document.get(section, {}).get(name, [])
                setattr(self, section + "_" + name, _texts(found, section + "." + name))
        self.environment = _texts(document.get("environment", []), "environment")
        self.dangerous = frozenset(_texts(document.get("dangerous", []), "dangerous"))
        self.profile = document.get("profile", "coder")
        if self.profile not in ("research", "coder", "operator", "sealed"):
            raise BadPolicy("profile %r is none of ours" % (self.profile,))
        agents = document.get("agents", {})
        self.settings = tuple(
            path for one in agents.values() for path in _texts(one.get("settings", []), "settings")
        )
        self.state = tuple(
            path for one in agents.values() for path in _texts(one.get("state", []), "state")
        )
        self.programs = frozenset(str(one.get("program", "")) for one in agents.values())
        provider = agents.get(agent, {}).get("provider", [])
        self.provider = _texts(provider, "provider")


def _texts(found, name):
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise BadPolicy("%s is no list of texts" % name)
    return tuple(one.rstrip("/") or one for one in found)


def _roots():
    """How root's files look from here: as they are, or inside the launcher as nobody's that is known."""
    with open(UIDS) as mapping, open(UNKNOWN) as unknown:
        mapped = any(line.split()[0] == "0" for line in mapping)
        return (0,) if mapped else (int(unknown.read()),)


def load(agent, path=PATH):
    """The policy. Raises BadPolicy, with words for a person, whatever is wrong with the file."""
    try:
        with open(path, encoding="utf-8") as file:
            if path == PATH and os.fstat(file.fileno()).st_uid not in _roots():
                raise BadPolicy("it does not belong to root")
            return Policy(json.load(file), agent)
    except (OSError, ValueError, AttributeError, TypeError, RecursionError) as error:
        raise BadPolicy(str(error)) from None
