"""The journal on disk, root-only.

    <root>/key                          secret of the keyed digests
    <root>/runs/<run>/index.jsonl       one event a line, appended and fsynced; no content of any file
    <root>/runs/<run>/blobs/<sha256>    content, once each
    <root>/origins/<identity>.json      the first record of a resource, with claims of pruned runs
    <root>/origins/blobs/<sha256>

Events of an index (all have "at"): begin, record, doing, done, void, inherits, rolled_back, close.
A line that was cut by a crash is ignored: nothing was changed before its fsync.
"""

import errno
import hashlib
import hmac
import json
import os
import re
import shutil
import stat
import sys
import time
from collections import namedtuple

from .errors import Refusal

VERSION = 1
RUN = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4,16}\Z")
RESERVE = (
    1024 * 1024
)  # bytes that must stay free, so that "done" can still be written after a change
_NAME = re.compile(r"[0-9a-f]{64}\Z")

Places = namedtuple("Places", "root lease")
PLACES = Places("/var/lib/hardpoint", "/run/hardpoint")
if sys.platform == "darwin":  # its root is read-only, and has neither
    PLACES = Places("/var/db/hardpoint", "/var/run/hardpoint")


def digest(content):
    return hashlib.sha256(content).hexdigest()


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def check_run(run):
    if not isinstance(run, str) or not RUN.match(run):
        raise Refusal("bad-request", "not a run id: %r" % (run,))
    return run


class Store:
    """Reading creates nothing; `ensure` makes the directories before the first write."""

    def __init__(self, places=None):
        places = places or PLACES
        self.root = places.root
        if places is PLACES and os.geteuid() != 0:
            raise Refusal("not-root", "the journal of this host is root's: run with sudo")

    def ensure(self):
        for path in (
            self.root,
            self._at("runs"),
            self._at("origins"),
            self._at("origins", "blobs"),
        ):
            if not os.path.isdir(path):
                os.mkdir(path, 0o700)
                _sync(os.path.dirname(path))
        found = os.lstat(self.root)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise Refusal(
                "foreign-owner", "%s must be a directory of root alone, mode 0700" % self.root
            )
        if not os.path.exists(self._at("key")):
            _write(self._at("key"), os.urandom(32))

    def demand_space(self, size=0, reserve=RESERVE):
        """Refusal "disk-full" unless `size` and a reserve fit."""
        free = os.statvfs(self.root)
        if free.f_bavail * free.f_frsize < size + reserve or (free.f_files and not free.f_favail):
            raise Refusal(
                "disk-full",
                "no space for the journal in %s: nothing was changed, free some and run again"
                % self.root,
            )

    def seal(self, text):
        """A digest that tells nothing about a short secret without the key."""
        if not hasattr(self, "_key"):
            with open(self._at("key"), "rb") as file:
                self._key = file.read()
        return hmac.new(self._key, text.encode(), "sha256").hexdigest()

    # --- runs ----------------------------------------------------------------------------------------------

    def runs(self):
        """Ids of all runs, oldest first."""
        try:
            names = [name for name in os.listdir(self._at("runs")) if RUN.match(name)]
        except FileNotFoundError:
            return []
        begun = [
            (self._begin(name).get("seq", 0), name)
            for name in names
            if os.path.exists(self._index(name))
        ]
        return [name for _, name in sorted(begun)]

    def exists(self, run):
        return os.path.exists(self._index(run))

    def create(self, run, who):
        seq = 1 + max(
            [self._begin(name).get("seq", 0) for name in self.runs()] + [self._origin_seq()]
        )
        for path in (self._at("runs", run), self._at("runs", run, "blobs")):
            if not os.path.isdir(path):
                os.mkdir(path, 0o700)
        _sync(self._at("runs"))
        self.append(run, {"event": "begin", "version": VERSION, "run": run, "seq": seq, "who": who})

    def _origin_seq(self):
        return max(
            [claim["seq"] for origin in self.origins().values() for claim in origin["carried"]]
            or [0]
        )

    def _begin(self, run):
        events = self.events(run)
        return events[0] if events and events[0]["event"] == "begin" else {}

    def events(self, run):
        try:
            with open(self._index(run), "rb") as file:
                lines = file.read().split(b"\n")
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and "event" in event:
                found.append(event)
        if found and found[0].get("version", VERSION) != VERSION:
            raise Refusal(
                "unsupported", "run %s was written by a newer hardpoint: use that one" % run
            )
        return found

    def append(self, run, *events):
        """Write events with one fsync; on a full disk nothing of them stays."""
        text = "".join(
            json.dumps({**event, "at": now()}, separators=(",", ":")) + "\n" for event in events
        )
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        fresh = not self.exists(run)
        file = os.open(self._index(run), flags, 0o600)
        try:
            size = os.fstat(file).st_size
            if size and os.pread(file, 1, size - 1) != b"\n":
                text = "\n" + text  # ends a line that a crash has cut
            try:
                _write_all(file, text.encode())
                os.fsync(file)
            except OSError:
                os.ftruncate(file, size)
                raise
        except OSError as error:
            raise _full(error, self.root) from None
        finally:
            os.close(file)
        if fresh:
            _sync(os.path.dirname(self._index(run)))

    def put_blobs(self, run, blobs):
        for name, content in blobs.items():
            path = self._at("runs", run, "blobs", name)
            if not os.path.exists(path):
                _write(path, content)

    def get_blob(self, run, name):
        """A content of a run, or of an origin (`run` None, or pruned); Refusal "damaged"."""
        for path in ([self._at("runs", run, "blobs", name)] if run else []) + [
            self._at("origins", "blobs", name)
        ]:
            if _NAME.match(name) and os.path.exists(path):
                with open(path, "rb") as file:
                    content = file.read()
                if digest(content) == name:
                    return content
        raise Refusal(
            "damaged", "the journal lost the content %s: restore this one from a backup" % name[:8]
        )

    def size(self, run):
        total = 0
        for folder, _, names in os.walk(self._at("runs", run)):
            total += sum(os.lstat(os.path.join(folder, name)).st_size for name in names)
        return total

    def forget(self, run):
        gone = self._at("runs", ".gone-" + run)
        os.rename(self._at("runs", run), gone)  # in one step: half a run must never be read
        _sync(self._at("runs"))
        shutil.rmtree(gone, ignore_errors=True)

    def sweep(self, keep):
        """Remove what a crash left, and origin blobs that no origin in `keep` names."""
        for name in os.listdir(self._at("runs")):
            if name.startswith(".gone-"):
                shutil.rmtree(self._at("runs", name), ignore_errors=True)
        named = {name for origin in keep for name in origin["blobs"]}
        for name in os.listdir(self._at("origins", "blobs")):
            if name not in named:
                os.unlink(self._at("origins", "blobs", name))

    # --- origins -------------------------------------------------------------------------------------------

    def origins(self):
        """{identity: origin}: {"version", "resource", "before", "blobs": [names], "run", "carried": [claims]}"""
        found = {}
        try:
            names = os.listdir(self._at("origins"))
        except FileNotFoundError:
            return {}
        for name in names:
            if name.endswith(".json") and _NAME.match(name[:-5]):
                found[name[:-5]] = self.origin(name[:-5])
        return found

    def origin(self, identity):
        try:
            with open(self._at("origins", identity + ".json"), "rb") as file:
                return json.loads(file.read())
        except FileNotFoundError:
            return None
        except ValueError:
            raise Refusal(
                "damaged", "the origin %s in the journal can't be read" % identity[:8]
            ) from None

    def put_origin(self, identity, origin, blobs=None):
        for name, content in (blobs or {}).items():
            path = self._at("origins", "blobs", name)
            if not os.path.exists(path):
                _write(path, content)
        _write(
            self._at("origins", identity + ".json"),
            json.dumps({"version": VERSION, **origin}).encode(),
        )

    def drop_origin(self, identity):
        try:
            os.unlink(self._at("origins", identity + ".json"))
            _sync(self._at("origins"))
        except FileNotFoundError:
            pass

    def _at(self, *parts):
        return os.path.join(self.root, *parts)

    def _index(self, run):
        return self._at("runs", run, "index.jsonl")


def _write(path, content):
    """A file of root alone, whole or not at all."""
    temporary = "%s.%s" % (path, os.urandom(4).hex())
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            _write_all(file, content)
            os.fsync(file)
        finally:
            os.close(file)
        os.rename(temporary, path)
    except OSError as error:
        os.unlink(temporary)
        raise _full(error, os.path.dirname(path)) from None
    _sync(os.path.dirname(path))


def _write_all(file, content):
    while content:
        content = content[os.write(file, content) :]


def _full(error, where):
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Refusal(
            "disk-full", "no space for the journal in %s: free some and run again" % where
        )
    return error


def _sync(path):
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
