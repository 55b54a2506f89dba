"""How much each user may write: so many events a second, so many bytes a day.

The bytes a day are the quota divided by the days of retention, so that one user alone can't push out what
others did. Who has no account (a number out of a user namespace) shares one limit with all such.
"""

import pwd
import threading
import time

PER_SECOND, BURST = 20, 300
STRANGER = "?"


class Limits:
    """Thread-safe. clock: seconds that never go back; day: what the present day is called."""

    def __init__(self, bytes_a_day, clock=time.monotonic, day=None):
        self._bytes_a_day = bytes_a_day
        self._clock, self._day = clock, day or (lambda: time.strftime("%F", time.gmtime()))
        self._lock = threading.Lock()
        self._buckets = {}  # name: (events left, since)
        self._spent = {}  # name: bytes of the day
        self._today = ""
        self._dropped = {}  # (name, why): events
        self._names = {}

    def user(self, uid):
        """The name of an account, STRANGER where there is none."""
        if uid is None:
            return STRANGER
        if uid not in self._names:
            if len(self._names) > 4096:
                self._names.clear()
            try:
                self._names[uid] = pwd.getpwuid(uid).pw_name
            except (KeyError, OverflowError):
                return STRANGER
        return self._names[uid]

    def allow(self, uid):
        """Whether one event more is taken; if not, it is counted."""
        name, now = self.user(uid), self._clock()
        with self._lock:
            left, since = self._buckets.get(name, (BURST, now))
            left = min(BURST, left + (now - since) * PER_SECOND)
            within = left >= 1
            self._buckets[name] = (left - 1 if within else left, now)
            if self._day() != self._today:
                self._today, self._spent = self._day(), {}
            affordable = self._spent.get(name, 0) < self._bytes_a_day
        if not within:
            self.drop(uid, "too many a second")
        elif not affordable:
            self.drop(uid, "over the quota of a day")
        return within and affordable

    def spend(self, uid, size):
        """So many bytes were written for him."""
        name = self.user(uid)
        with self._lock:
            self._spent[name] = self._spent.get(name, 0) + size

    def drop(self, uid, why):
        """An event of his is not written."""
        with self._lock:
            key = (self.user(uid), why)
            self._dropped[key] = self._dropped.get(key, 0) + 1

    def dropped(self):
        """[(name, why, count)] since the last call."""
        with self._lock:
            found, self._dropped = self._dropped, {}
        return [(name, why, count) for (name, why), count in sorted(found.items())]
