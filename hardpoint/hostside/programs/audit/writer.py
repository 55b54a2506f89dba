"""The one writer: takes events from all who receive, appends them, and keeps the log in its bounds."""

import queue
import time

import events

WAITING = 4096  # events; what comes while so many wait is counted
BATCH = 500
SYNC, TELL, TIDY = 1, 10, 60  # seconds


class Writer:
    """`forward(line)` gets every line that was written; it must not wait."""

    def __init__(self, store, limits, forward=lambda line: None, undelivered=lambda: 0):
        self.store, self.limits = store, limits
        self._forward, self._undelivered = forward, undelivered
        self._queue = queue.Queue(WAITING)
        self._due = dict.fromkeys((self._sync, self._tell, self._tidy), 0.0)

    def take(self, uid, pid, sent):
        """Another thread has an event of this user, or the datagram that holds one."""
        who = {"uid": uid, "user": self.limits.user(uid), "pid": pid}
        try:
            self._queue.put_nowait((who, sent))
        except queue.Full:
            self.limits.drop(uid, "more than can be written")

    def run(self, stopped):
        """Until `stopped()`."""
        while not stopped():
            self._append(self._next())
            self._look_after()
        while not self._queue.empty():
            self._append(self._next())
        self._tell()
        self.store.close()

    def _next(self):
        """The events that wait, after half a second at the latest."""
        found = []
        try:
            found.append(self._queue.get(timeout=0.5))
            while len(found) < BATCH:
                found.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        return [entry for entry in map(self._read, found) if entry]

    def _read(self, entry):
        """(who, event); None for a datagram that holds none, which is counted."""
        who, sent = entry
        if isinstance(sent, dict):
            return entry
        try:
            return who, events.parsed(sent)
        except events.Unreadable:
            self.limits.drop(who["uid"], "not readable")
            return None

    def _append(self, entries):
        if not entries:
            return
        for who, line in self.store.append(entries):
            self.limits.spend(who["uid"], len(line))
            self._forward(line)

    def _look_after(self):
        now = time.monotonic()
        for task, seconds in ((self._sync, SYNC), (self._tell, TELL), (self._tidy, TIDY)):
            if now - self._due[task] >= seconds:
                self._due[task] = now
                task()

    def _sync(self):
        self.store.sync()

    def _tidy(self):
        self.store.tidy()

    def _tell(self):
        """What was not written, or not delivered, is a line itself."""
        lines = [
            events.of_ours("dropped: " + why, count, name)
            for name, why, count in self.limits.dropped()
        ]
        missed = self._undelivered()
        if missed:
            lines.append(events.of_ours("not forwarded", missed))
        self._append([({"uid": 0, "user": "root", "pid": None}, line) for line in lines])
