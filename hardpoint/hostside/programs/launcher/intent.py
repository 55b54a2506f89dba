"""What the policy intends, from the one root-owned file. Whatever is wrong with it refuses."""

import json
import os
import stat

from errors import Refused

PATH = "/etc/hardpoint/agents.json"
PROFILES = ("sealed", "research", "coder", "operator")
"""From the strictest: each may be asked for where the policy has it or one after it."""

_LISTS = {
    "protected": ("home", "project", "exempt", "system"),
    "persistent": ("home", "project"),
    "network": ("allow",),
}
_OF_AGENTS = ("provider", "state", "settings", "copied", "environment")
_UNMAPPED = "/proc/sys/kernel/overflowuid"


class Agent:
    """One agent: id, program, and the lists of _OF_AGENTS."""

    def __init__(self, id, given):
        self.id = id
        self.program = given.get("program")
        if not isinstance(self.program, str) or not self.program or "/" in self.program:
            raise ValueError("agents.%s.program is not the name of a program" % id)
        for name in _OF_AGENTS:
            setattr(self, name, _texts(given.get(name, []), "agents.%s.%s" % (id, name)))


class Intent:
    """The file, each list as a tuple: protected_home, ..., persistent_project, network_allow."""

    def __init__(self, given):
        if not isinstance(given, dict) or given.get("version") != 1:
            raise ValueError("it is not of version 1")
        for section, names in _LISTS.items():
            part = given.get(section)
            if not isinstance(part, dict):
                raise ValueError("%s is missing" % section)
            for name in names:
                found = _texts(part.get(name, []), "%s.%s" % (section, name))
                setattr(self, "%s_%s" % (section, name), found)
        self.profile = given.get("profile")
        if self.profile not in PROFILES:
            raise ValueError("profile is none of %s" % ", ".join(PROFILES))
        agents = given.get("agents")
        if not isinstance(agents, dict) or not all(
            isinstance(one, dict) for one in agents.values()
        ):
            raise ValueError("agents is missing")
        self.agents = {id: Agent(id, one) for id, one in agents.items()}

    def agent(self, name):
        """The agent that an id, or the name or path of a program means; None for another command."""
        program = os.path.basename(name)
        found = [one for one in self.agents.values() if name == one.id or program == one.program]
        return found[0] if found else None


def load(path=PATH):
    """The Intent. Raises Refused."""
    try:
        only_roots(path)
        with open(path, encoding="utf-8") as file:
            return Intent(json.load(file))
    except FileNotFoundError:
        raise Refused("there is no policy for agents: %s is missing" % path) from None
    except (OSError, ValueError) as error:
        raise Refused("the policy for agents, %s, can't be used: %s" % (path, error)) from None


def only_roots(path):
    """Raises ValueError, unless the file and each folder on its way belong to root, and nobody else
    may write there."""
    while True:
        state = os.lstat(path)
        if state.st_uid not in _roots():
            raise ValueError("%s does not belong to root" % path)
        if stat.S_ISLNK(state.st_mode) or state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ValueError("%s may be changed by others than root" % path)
        if path == "/":
            return
        path = os.path.dirname(path)


def _roots():
    """Who root is here: in a sandbox, where only the user himself is known, whoever is unknown."""
    with open("/proc/self/uid_map") as file:
        mapped = [line.split() for line in file]
    if any(int(inside) == 0 for inside, _, _ in mapped):
        return (0,)
    with open(_UNMAPPED) as file:
        return (int(file.read()),)


def _texts(value, name):
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ValueError("%s is not a list of texts" % name)
    if any("\0" in one or "\n" in one for one in value):
        raise ValueError("%s holds a line break" % name)
    return tuple(value)
