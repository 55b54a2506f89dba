"""The policy: what is asked of which host, with which options, and what is waived.

    policy = load_policy(path, registry)          # None: the profile `recommended`
    here = policy.for_host("gpu-01", ["gpu"])
    here.asks("ollama-loopback"), here.options("ollama-loopback"), here.waiver("ollama-loopback")

`load_policy` raises `PolicyError` with everything that is wrong in the file, each with its line.
"""

from hardpoint.policy.fleet import Policies
from hardpoint.policy.load import load_policy
from hardpoint.policy.model import HostPolicy, Policy, Waiver
from hardpoint.policy.problems import PolicyError
from hardpoint.policy.show import PolicyRow, policy_table

__all__ = [
    "HostPolicy",
    "Policies",
    "Policy",
    "PolicyError",
    "PolicyRow",
    "Waiver",
    "load_policy",
    "policy_table",
]
