"""Coding agents and what confines them: pyinfra inventories/local.py deploys/agents.py [--dry]."""

from hardpoint.deploy import family

family("tools", "agents")
