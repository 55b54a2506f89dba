"""A workstation that checks itself: pyinfra inventories/local.py deploys/self_check.py [--dry].

The policy says when: options: {hardpoint-self-check: {schedule: hourly}}.
"""

from hardpoint.deploy import only

only("hardpoint-self-check")
