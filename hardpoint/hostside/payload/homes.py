"""One look into every home that may be looked into, each as its own user."""

from . import read_host, userio
from .errors import Refusal


def look(function, *arguments):
    """(everything found, limits): `function(user name, *arguments)` gives both for one home.

    A home that can't be reached is a limit of its user alone.
    """
    found, limits = [], list(read_host.limits())
    for user in read_host.visible_people():
        try:
            theirs, unseen = userio.as_user(user.pw_name, function, user.pw_name, *arguments)
        except Refusal as problem:
            limits.append({"subject": user.pw_name, "reason": problem.message})
            continue
        found += theirs
        limits += unseen
    return found, limits
