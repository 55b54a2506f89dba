"""bubblewrap: what every Linux sandbox of agents is made of, and what keeps it from working."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from hardpoint import templates
from hardpoint.control import HostView, Subject
from hardpoint.controls.tools.tool import ToolInstalled
from hardpoint.operations import Desired
from hardpoint.operations.file import File
from hardpoint.operations.started import Started
from hardpoint.outcome import Finding

PROFILE = "/etc/apparmor.d/hardpoint-bwrap"
UNIT = "hardpoint-bwrap-profile.service"
SERVICE = f"/etc/systemd/system/{UNIT}"
FILES = (PROFILE, SERVICE)

CLONE = "/proc/sys/kernel/unprivileged_userns_clone"
MOST = "/proc/sys/user/max_user_namespaces"
APPARMOR = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
# setting: (the value that forbids, what allows them again)
FORBIDDING = {
    CLONE: ("0", "kernel.unprivileged_userns_clone=1"),
    MOST: ("0", "user.max_user_namespaces=15000"),
}
SYSCTL = "/etc/sysctl.d/60-user-namespaces.conf"
TRY = "bwrap --unshare-all --ro-bind / / --dev /dev --proc /proc true"


class BubblewrapInstalled(ToolInstalled):
    """Also the AppArmor profile that it needs where only named programs may make user namespaces."""

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        yield from super().harden(host, subject)
        if self._wants_profile(self.state(host)):
            profile = templates.render("tools/bwrap.apparmor.j2")
            mark = hashlib.sha256(profile.encode()).hexdigest()[:12]
            yield File(PROFILE, profile)
            yield File(
                SERVICE,
                templates.render("tools/bwrap-profile.service.j2", profile=PROFILE, mark=mark),
            )
            yield Started(UNIT, (SERVICE,))

    def _wants_profile(self, state: dict[str, Any]) -> bool:
        """Where AppArmor restricts user namespaces: ours stays, and comes where bwrap has none and fails."""
        if state["kernel"].get(APPARMOR) != "1":
            return False
        works = state["tools"].get(self.tool.program, {}).get("works")
        return PROFILE in state["profiles"] or (works is False and not state["profiles"])

    def broken(self, state: dict[str, Any], tool: dict[str, Any]) -> Finding:
        why, fix = _cause(state, tool)
        return Finding(
            seen=f"{state['user']} can't start anything in bubblewrap: {self.tool.without}",
            who=self.metadata.risk,
            why=why,
            fix=fix,
        )


def _cause(state: dict[str, Any], tool: dict[str, Any]) -> tuple[str, str]:
    """(why bubblewrap fails, what to do about it): the first setting that forbids it, else its own words."""
    for path, (value, allowing) in FORBIDDING.items():
        if state["kernel"].get(path) == value:
            return (
                f"{path} has {value}: no ordinary user may make a user namespace",
                f"echo {allowing} | sudo tee {SYSCTL} && sudo sysctl --system; if they are forbidden "
                "on purpose, start no agent here",
            )
    others = [path for path in state["profiles"] if path != PROFILE]
    if others:
        return (
            f"{others[0]} has a profile for bwrap that is not loaded, or does not let it make user "
            "namespaces",
            f"sudo apparmor_parser --replace {others[0]}; if that does not help, give it the rule: userns,",
        )
    if state["kernel"].get(APPARMOR) == "1":
        return (
            f"{APPARMOR} has 1: only programs with an AppArmor profile that says so may make user "
            "namespaces",
            f"{PROFILE}, which lets bwrap alone, loaded by {UNIT}",
        )
    said = f"started by {state['user']}, {tool['path']} said: {tool['said']}"
    return said, f"see what refuses it: sudo -u {state['user']} {TRY}"
