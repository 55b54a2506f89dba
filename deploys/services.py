"""Local AI services only: pyinfra inventories/local.py deploys/services.py [--dry]."""

from hardpoint.deploy import family

family("services")
