"""Everything that the policy asks: pyinfra inventories/local.py deploys/baseline.py [--dry]."""

from hardpoint.deploy import baseline

baseline()
