"""One environment variable of one user's session, as the journal records it (macOS).

It lives as long as the session: after a logout nothing is left to take back.
"""

import re

from . import darwin
from .errors import Refusal
from .userio import account


def check(resource):
    name = resource.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise Refusal("bad-request", "not a variable name: %r" % (name,))
    account(resource.get("user"))


def value(user, name):
    """The value, or None: not set, or that user isn't logged in at the screen."""
    uid = account(user).pw_uid
    return darwin.getenv(uid, name) if darwin.has_session(uid) else None


def put(user, name, wanted):
    """Sets the value (None: takes it away); Refusal "manager-down" without a session."""
    uid = account(user).pw_uid
    if wanted is not None and (not isinstance(wanted, str) or re.search(r"[\0\r\n]", wanted)):
        raise Refusal("bad-request", "the value of %s is not one line of text" % name)
    if not darwin.has_session(uid):
        raise Refusal("manager-down", "%s is not logged in at the screen" % user)
    darwin.setenv(uid, name, wanted)
