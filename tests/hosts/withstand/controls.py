"""A control whose drop-in keeps a service from starting, one that needs it, and one beside them."""

from __future__ import annotations

from hardpoint.control import Registry
from hardpoint.operations.file import File
from hardpoint.operations.unit import Unit
from tests.sample_controls import Sample

DROP_IN = "/etc/systemd/system/ollama.service.d/breaks-it.conf"
QUERY = {"units": ["ollama.service"], "variables": ["OLLAMA_HOST"]}


def registry() -> Registry:
    return Registry(
        [
            Sample(
                "breaks-it",
                File(DROP_IN, "[Service]\nExecStartPre=/bin/false\n"),
                Unit("ollama.service", "system", (DROP_IN,), QUERY, ("OLLAMA_HOST",)),
            ),
            Sample("needs-it", File("/etc/sample/needs-it", "1\n"), requires=("breaks-it",)),
            Sample("apart", File("/etc/sample/apart", "1\n")),
        ]
    )
