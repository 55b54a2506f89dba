"""What decides over agents in homes and projects, by keyed fingerprints, and what was reviewed of it."""

import hashlib
import hmac
import json
import os
import pwd
import time

from . import config_files, config_grants, hidden_text, homes, projects
from .store import PLACES

SECONDS = 16  # for all homes; one read may take 20
OF_ONE = 8
TEXT = 512 * 1024  # bytes of a file that is looked into for hidden text


def read(request):
    """{configs: {user: {files: {path: fingerprint}, grants: [[path, kind, name, fingerprint]],
    flags: [[path, fingerprint, what, line]], projects: [paths]}}, reviewed: {user: what a review left},
    limits}.

    `request["watched"]` is {home, project, anywhere, state: [names], grants: [table]}: see config_files.py
    and config_grants.py. Of files of `state`, in homes and projects, only what they allow counts: they are
    rewritten all the time.
    """
    key, until = _key(), time.monotonic() + SECONDS
    found, limits = homes.look(_of_home, request["watched"], key, until)
    reviewed = {}
    for user, _ in found:
        reviewed[user], problem = _reviewed(user)
        if problem:
            limits.append({"subject": user, "reason": problem})
    return {"configs": dict(found), "reviewed": reviewed, "limits": limits}


def _key():
    """The machine's own: a fingerprint of a short file tells nothing elsewhere."""
    try:
        with open("/etc/machine-id", "rb") as file:
            return file.read(64)
    except OSError:
        return b""


def _reviewed(user):
    """(what the last review left, or None; why it can't be seen, or "")"""
    path = os.path.join(PLACES.root, "agents", user + ".json")
    if os.geteuid():
        return None, "only root can see what was reviewed"
    try:
        with open(path, "rb") as file:
            return json.loads(file.read(config_files.MOST * 1024)), ""
    except FileNotFoundError:
        return None, ""
    except (OSError, ValueError):
        return None, "%s is not readable: take a new review" % path


def _of_home(name, watched, key, until):
    home, until = pwd.getpwnam(name).pw_dir, min(until, time.monotonic() + OF_ONE)
    look = _Look(watched["grants"], key)
    look.files(config_files.watched(home, watched["home"]), home)
    look.files(config_files.watched(home, watched["state"]), home, state=True)
    folders, more = projects.below([home])
    for folder in folders:
        if folder == home:
            continue
        if time.monotonic() > until:
            look.limits.append("there was no time to look into all projects: %s" % folder)
            break
        there = config_files.watched(folder, watched["project"], watched["anywhere"])
        look.files(there, folder)
        look.files(config_files.watched(folder, watched["state"]), folder, state=True)
        if there[0]:
            look.found["projects"].append(folder)
    if more:
        look.limits.append("%s has too many folders to find all projects" % home)
    limits = [{"subject": name, "reason": reason} for reason in look.limits]
    return ([[name, look.found]] if look.found["files"] or look.found["grants"] else []), limits


class _Look:
    """What was found so far, and why something was not."""

    def __init__(self, table, key):
        self._table, self._key = table, key
        self.found = {"files": {}, "grants": [], "flags": [], "projects": []}
        self.limits = []

    def files(self, there, base, state=False):
        paths, more = there
        if more:
            self.limits.append("%s has more than %d files for agents" % (base, config_files.MOST))
        for path in paths:
            content = config_files.content(path)
            if content is None:
                self.limits.append("%s can't be read, or is too big to be looked at" % path)
                continue
            self._settings(path, content)
            if not state:
                mark = self._seal(content)
                self.found["files"][path] = mark
                self._flags(path, content, mark)

    def _settings(self, path, content):
        if config_grants.style_of(path) is None:
            return
        text = content.decode("utf-8", "replace")
        seen, problem = config_grants.readable(text, path, self._table, self._text)
        self.found["grants"] += [[path, *one] for one in seen]
        if problem:
            self.limits.append(problem)

    def _flags(self, path, content, mark):
        try:
            text = content[:TEXT].decode("utf-8")
        except UnicodeDecodeError:
            return  # a picture or a program of a plugin
        self.found["flags"] += [[path, mark, what, line] for what, line in hidden_text.flags(text)]

    def _seal(self, content):
        return hmac.new(self._key, content, hashlib.sha256).hexdigest()[:16]

    def _text(self, text):
        return self._seal(text.encode())
