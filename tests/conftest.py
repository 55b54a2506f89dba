"""What all tests share: the lab, and the command as a person runs it."""

from __future__ import annotations

pytest_plugins = ["tests.lab.plugin", "tests.command"]
