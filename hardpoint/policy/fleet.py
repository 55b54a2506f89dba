"""The policies of a run: hosts of one fleet may have different ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hardpoint.policy.model import HostPolicy, Policy


@dataclass(frozen=True)
class Policies:
    """The policy of each host, by the host's name."""

    of_hosts: Mapping[str, Policy]

    def for_host(self, host: str, groups: Iterable[str] = ()) -> HostPolicy:
        """What is asked of one host; KeyError for one that has no policy here."""
        return self.of_hosts[host].for_host(host, groups)

    def name(self, host: str) -> str:
        """Its policy file as the user named it, or the profile where there is none."""
        return self.of_hosts[host].name

    @property
    def profile(self) -> str:
        """Of all hosts: `recommended`; of some each: `recommended, strict`."""
        return ", ".join(sorted({policy.profile for policy in self.of_hosts.values()}))

    @property
    def notices(self) -> list[str]:
        """Lines about all the policies; one about a file that several extend is told once."""
        lines = (line for policy in self.of_hosts.values() for line in policy.notices)
        return list(dict.fromkeys(lines))
