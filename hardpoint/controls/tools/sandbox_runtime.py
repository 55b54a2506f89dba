"""sandbox-runtime: a sandbox for any command, from npm; only where a policy wants it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from typing import Any

from hardpoint.control import HostView, Subject
from hardpoint.controls.tools.tool import ToolInstalled
from hardpoint.operations import Desired
from hardpoint.operations.file import File

PREFIX = "/usr/local/lib/hardpoint/sandbox-runtime"
FILES = tuple(f"{PREFIX}/{name}" for name in ("package.json", "package-lock.json"))
INSTALL = f"cd {PREFIX} && sudo npm ci --ignore-scripts --omit=dev --no-audit --no-fund"
_LOCK = resources.files(__package__).joinpath("sandbox-runtime")


class SandboxRuntimeInstalled(ToolInstalled):
    """Its lock is on the host, pinned by hashes; a person runs npm, which may need a registry's password."""

    def subjects(self, host: HostView) -> list[Subject]:
        there = super().subjects(host)
        return there if host.options["wanted"] else []

    def harden(self, host: HostView, subject: Subject) -> Iterator[Desired]:
        for path in FILES:
            name = path.rpartition("/")[2]
            yield File(path, _LOCK.joinpath(name).read_text(encoding="utf-8"))

    def installing(self, state: dict[str, Any]) -> str:
        return f"after apply, with Node.js 22.12 or newer: {INSTALL}"
