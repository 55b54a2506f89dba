"""What the tests of coding agents share: the command on one host."""

from __future__ import annotations

from tests.hosts.services.conftest import On, on

__all__ = ["On", "on"]
