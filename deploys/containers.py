"""Containers only: pyinfra inventories/local.py deploys/containers.py [--dry]."""

from hardpoint.deploy import family

family("containers")
