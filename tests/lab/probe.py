"""Another laptop on the same network: a throw-away network namespace with a cable to the switch."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Literal

from . import paths
from .network import Cable, Switch, hold_namespaces
from .shell import run

Outcome = Literal["open", "reset", "timeout", "prohibited", "unreachable"]


class Probe:
    """Asks hosts from outside what a neighbour on the network would see."""

    def __init__(self, cable: Cable, switch: Switch, group: Path) -> None:
        self.address = cable.address
        self.address6 = cable.address6
        self.cable = cable
        self._holder = hold_namespaces(group, "--net")
        switch.plug(cable, self._holder.pid)

    def connect(self, address: str, port: int, timeout: float = 2) -> Outcome:
        """Try one TCP connection and say how it ended."""
        outcome: Outcome = self._ask("connect", address, str(port), str(timeout))
        return outcome

    def http(self, url: str, question: object = None) -> tuple[int, str]:
        """Fetch a page, or post a question as JSON: status and text; a LabError without answer."""
        status, body = self._ask("http", url, *([json.dumps(question)] if question else []))
        return status, body

    @property
    def closed(self) -> bool:
        """Whether the laptop is gone."""
        return self._holder.poll() is not None

    def close(self) -> None:
        """Take the laptop away; its cable goes with it."""
        self._holder.kill()
        self._holder.wait()

    def _ask(self, *arguments: str) -> Any:
        enter = ["nsenter", "--target", str(self._holder.pid), "--net"]
        script = [sys.executable, "-I", str(paths.PACKAGE / "probing.py")]
        return json.loads(run([*enter, *script, *arguments]))
