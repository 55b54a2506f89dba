"""The ground of a trial: nothing of the host can be written, what could is empty. As root."""

import json
import os

import mounts
import outside

POLICY = "/etc/hardpoint/agents.json"


def policy_for_trial(text, agent, names):
    """The host's policy, to which the model's present place and what tells the agent of it are added.

    None where it is no policy: the programs that read it fail closed, in a trial as well.
    """
    try:
        policy = json.loads(text)
        about = policy["agents"][agent]
    except (ValueError, KeyError, TypeError):
        return None
    about["provider"] = about.get("provider", []) + ["127.0.0.1:%d" % outside.MODEL_PORT]
    about["environment"] = about.get("environment", []) + list(names)
    return json.dumps(policy)


def install_folders(program, real):
    """The folders that a program needs: its own, that of what it links to, its node modules."""
    folders = [os.path.dirname(program), os.path.dirname(real)]
    head, found, _ = real.partition("/node_modules/")
    if found:
        folders[1] = head + "/node_modules"
    return list(dict.fromkeys(folders))


def cover(hand, account, folders):
    """The user's home and the host's writable places emptied, but for the program's `folders`."""
    home = os.path.realpath(account.pw_dir)
    scratch = {home: (account.pw_uid, account.pw_gid, 0o700), "/run": (0, 0, 0o755)}
    scratch.update((place, (0, 0, 0o1777)) for place in ("/tmp", "/var/tmp", "/dev/shm"))
    if os.path.isdir("/var/spool/cron"):
        scratch["/var/spool/cron"] = (0, 0, 0o755)
    opened = {one: hand("open_folder", path=one) for one in folders if _below(one, scratch)}
    kept = [one for one in ("/run/current-system", "/run/wrappers") if os.path.isdir(one)]
    kept = {one: os.open(one, os.O_PATH) for one in kept}
    resolver = os.path.realpath("/etc/resolv.conf")

    mounts.lock_all()
    for place, (uid, gid, mode) in scratch.items():
        if os.path.isdir(place):
            mounts.empty(place, uid, gid, mode)
    for folder, fd in kept.items():
        os.mkdir(folder)
        mounts.bind("/proc/self/fd/%d" % fd, folder)
    for folder, fd in opened.items():
        if _below(folder, [home]):
            hand("make_folder", path=folder)
        else:
            os.makedirs(folder)
        mounts.bind("/proc/%d/fd/%d" % (hand.pid, fd), folder, read_only=True)
    if "/var/spool/cron" in scratch:
        os.mkdir("/var/spool/cron/crontabs")
        os.chown("/var/spool/cron/crontabs", account.pw_uid, account.pw_gid)
    _replace(resolver, "nameserver %s\n" % outside.NAMES)


def _below(path, places):
    real = os.path.realpath(path)
    return any(real == place or real.startswith(place + "/") for place in places)


def _replace(path, text):
    """Another text where a file is, for as long as the namespace lives."""
    os.makedirs("/run/trial", exist_ok=True)
    fresh = "/run/trial/" + os.path.basename(path)
    with open(fresh, "w") as stream:
        stream.write(text)
    os.chmod(fresh, 0o644)
    if os.path.exists(path):
        mounts.bind(fresh, path)
    elif path.startswith("/run/"):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.rename(fresh, path)


def replace_policy(agent, names):
    try:
        with open(POLICY) as stream:
            text = policy_for_trial(stream.read(), agent, names)
    except OSError:
        return
    if text is not None:
        _replace(POLICY, text)
