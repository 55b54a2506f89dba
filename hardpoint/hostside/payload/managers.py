"""The service manager of the system and those of users: what they say, and the environment that they hand on."""

import os
import subprocess

from . import unit_settings

SECONDS = 8


def running(user):
    """Whether a user's manager runs, so far as its socket tells."""
    return os.path.exists("/run/user/%d/systemd/private" % user.pw_uid)


def unreachable(error):
    """Whether a manager did not answer because it is not there: its socket outlives it, and is there before it."""
    return "connect" in str(error).lower()


def environment(manager, user):
    """What the manager itself hands to every service: set-environment, DefaultEnvironment=, ..."""
    place = "the environment of %s (systemctl %sshow-environment)" % (
        "%s's manager" % manager if user else "the system manager",
        "--user " if user else "",
    )
    lines = systemctl(user, ["show-environment"]).splitlines()
    pairs = [line.partition("=")[::2] for line in lines]
    return [(name, _unquoted(value), place) for name, value in pairs]


def _unquoted(value):
    """show-environment writes what a shell could misread as $'...'."""
    words = unit_settings.words(value[1:]) if value.startswith("$'") else []
    return words[0] if words else value


def systemctl(user, arguments):
    command = ["systemctl"] + (["--user"] if user else []) + arguments
    environment = dict(os.environ, LC_ALL="C", SYSTEMD_COLORS="0", SYSTEMD_PAGER="")
    if user:
        runtime = "/run/user/%d" % user.pw_uid
        environment["XDG_RUNTIME_DIR"] = runtime
        environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=%s/bus" % runtime
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        raise OSError("%s: no answer within %d s" % (" ".join(command), SECONDS)) from None
    if done.returncode != 0:
        raise OSError(
            "%s: %s" % (" ".join(command), done.stderr.decode("utf-8", "replace").strip())
        )
    return done.stdout.decode("utf-8", "replace")
