"""Where Debian packages come from: this machine's own apt configuration, read at run time."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from urllib.parse import urlsplit

from .errors import LabUnavailable

CODENAMES = ("bullseye", "bookworm", "trixie", "forky", "sid", "stable", "oldstable", "testing")
FIELDS = "$(REPO_URI) $(RELEASE) $(COMPONENT)"


@dataclass(frozen=True)
class Mirror:
    """The address of Debian's main archive and, if the machine has it, of the security archive."""

    main: str
    security: str | None

    def sources(self, codename: str) -> str:
        """An apt sources.list for one release."""
        lines = [f"deb {self.main} {codename} main", f"deb {self.main} {codename}-updates main"]
        if self.security:
            lines.append(f"deb {self.security} {codename}-security main")
        return "\n".join(lines) + "\n"

    def origins(self) -> set[tuple[str, int]]:
        """Host and port of every archive: all that a lab's proxy may talk to."""
        return {_origin(url) for url in (self.main, self.security) if url}


def machine_mirror() -> Mirror:
    """Debian's archives as this machine's apt knows them."""
    archives: dict[str, str] = {}
    for line in _targets():
        url, release, component = line.split()
        codename, _, pocket = release.partition("-")
        if codename in CODENAMES and component == "main":
            archives.setdefault(pocket, url)
    if "" not in archives:
        raise LabUnavailable("apt on this machine knows no Debian archive: add one to its sources")
    return Mirror(archives[""], archives.get("security"))


def machine_proxy() -> tuple[str, int] | None:
    """The proxy that this machine's own apt uses, if any."""
    done = subprocess.run(
        ["apt-config", "shell", "PROXY", "Acquire::http::Proxy"],
        capture_output=True,
        text=True,
        check=True,
    )
    url = done.stdout.partition("=")[2].strip().strip("'")
    return _origin(url) if url and url != "DIRECT" else None


def checks_dates() -> bool:
    """Whether this machine's apt refuses release files that are past their date."""
    done = subprocess.run(
        ["apt-config", "shell", "CHECK", "Acquire::Check-Valid-Until"],
        capture_output=True,
        text=True,
        check=True,
    )
    return "false" not in done.stdout


def _targets() -> list[str]:
    command = ["apt-get", "indextargets", "--format", FIELDS, "Created-By: Packages"]
    try:
        return subprocess.run(
            command, capture_output=True, text=True, check=True
        ).stdout.splitlines()
    except (FileNotFoundError, subprocess.CalledProcessError) as none:
        raise LabUnavailable("no working apt here to say where Debian packages come from") from none


def _origin(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    if not parts.hostname:
        raise LabUnavailable(
            f"apt gets packages from {url}: only http and https archives can be shared with hosts"
        )
    return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
