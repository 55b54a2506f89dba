"""The files of the log: sealed lines, one file a day, a quota, retention; and the state beside them."""

import os
import time

import audit_chain as chain
import events

_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # goes on while a laptop sleeps
SETTLED = 3600  # seconds without a jump of the clock before anything is removed for its age
JUMP = 60


class Store:
    """One writer. `quota` bytes in all, `days` of retention; `clock` gives (time of day, steady seconds)."""

    def __init__(self, logs, state, quota, days, clock=None):
        self._logs, self._folder = logs, state
        self._quota, self._days, self._clock = quota, days, clock or _now
        self._file = self._out = None
        self._size = 0
        self._unsaved = False
        self._lost = 0  # events that a full disk swallowed
        now, steady = self._clock()
        self._offset, self._steady_since = now - steady, steady

    def open(self):
        """Goes on where the log ends. What was found wrong is the first that is written."""
        self._key, key_is_new = self._load_key()
        text = chain._content(self._path("state.json"))
        state = chain.state_of(text, self._key) if text else None
        names = chain.files(self._logs)
        notes = []
        if state is None:
            state = self._fresh(names)
            if names or text:
                notes.append(events.of_ours("key lost" if key_is_new else "state lost"))
        self._anchor, self._head = state["anchor"], state["head"]
        self._seq, self._chain = self._head["seq"], self._head["chain"]
        self._save_state()
        cut = self._recover(names)
        if cut:
            notes.append(events.of_ours("unfinished bytes removed", cut))
        self.append([(_ROOT, note) for note in [*notes, events.of_ours("started")]])

    def append(self, entries):
        """Writes [(who, event)]; [(who, line)], or [] where the disk takes nothing: they are counted."""
        now, notes = self._look_at_the_clock()
        if self._lost:
            notes.append(events.of_ours("lost while the disk was full", self._lost))
        entries = [(_ROOT, note) for note in notes] + entries
        seq, last, lines = self._seq, self._chain, []
        for who, event in entries:
            seq += 1
            line, last = chain.sealed(events.body(seq, who, event, now), last, self._key)
            lines.append(line + b"\n")
        try:
            self._out_for(now, self._seq + 1)
            self._write(b"".join(lines))
        except OSError:
            self._lost += len(entries) - len(notes)
            return []
        self._seq, self._chain, self._lost, self._unsaved = seq, last, 0, True
        return [(who, line) for (who, _), line in zip(entries, lines)][len(notes) :]

    def sync(self):
        """What was written lies on the disk, and the head says so. A full disk leaves the old head."""
        if not self._unsaved:
            return
        try:
            os.fdatasync(self._out)
            self._head = {
                "seq": self._seq, "chain": self._chain, "file": self._file, "size": self._size,
                "time": events.stamp(self._clock()[0]),
            }  # fmt: skip
            self._save_state()
            self._unsaved = False
        except OSError:
            pass

    def tidy(self):
        """Removes the oldest files: those beyond the retention, and as many as the quota asks."""
        now, steady = self._clock()
        names = chain.files(self._logs)
        sizes = {name: os.path.getsize(self._log(name)) for name in names}
        total = sum(sizes.values())
        settled = steady - self._steady_since > SETTLED
        early = 0
        for name, following in zip(names, names[1:]):  # never the newest
            old = settled and os.path.getmtime(self._log(name)) < now - self._days * 86400
            if not old and total <= self._quota:
                break
            try:
                self._remove(name, chain.first(following) - 1)
            except OSError:  # without room for the new anchor the old file stays
                break
            total -= sizes[name]
            early += not old
        if early:
            self.append([(_ROOT, events.of_ours("removed before its time, for the quota", early))])

    def close(self):
        self.append([(_ROOT, events.of_ours("stopped"))])
        self.sync()

    # Parts

    def _load_key(self):
        """(key, whether it was made just now)."""
        path = self._path("key")
        key = chain._content(path)
        if key and len(key) == 32:
            return key, False
        key = os.urandom(32)
        _replace(path, key)
        return key, True

    def _fresh(self, names):
        """A state for a log that has none: after what lies there, which nobody vouches for."""
        seq, last = 0, chain.START
        if names:
            seq = chain.first(names[-1]) - 1
            with open(self._log(names[-1]), "rb") as file:
                for line in file:
                    entry = chain.opened(line.rstrip(b"\n"))
                    seq, last = (entry[0], entry[2]) if entry else (seq, last)
        before = chain.first(names[0]) - 1 if names else 0
        anchor = {"seq": before, "chain": None if names else chain.START, "time": ""}
        size = os.path.getsize(self._log(names[-1])) if names else 0
        newest = names[-1] if names else ""
        head = {"seq": seq, "chain": last, "file": newest, "size": size, "time": ""}
        return {"anchor": anchor, "head": head}

    def _recover(self, names):
        """Takes over the lines that were written after the head was; how many bytes of no line were cut off.

        Where the head's own file is gone or shorter, a new one is begun: the gap stays to be seen.
        """
        for name in [name for name in names if name >= self._head["file"]]:
            start = self._head["size"] if name == self._head["file"] else 0
            size = os.path.getsize(self._log(name))
            good = self._follow(name, start)
            if start > size or (good < size and name != names[-1]):
                return 0
        if not names or names[-1] < self._head["file"]:
            return 0
        if good < size:
            os.truncate(self._log(names[-1]), good)
        self._use(names[-1])
        return size - good

    def _follow(self, name, start):
        """Where the lines end that follow what was written until now."""
        with open(self._log(name), "rb") as file:
            file.seek(start)
            for line in file:
                entry = chain.opened(line.rstrip(b"\n"))
                if not (entry and line.endswith(b"\n") and self._is_next(entry)):
                    break
                self._seq, self._chain = entry[0], entry[2]
                start += len(line)
        return start

    def _is_next(self, entry):
        seq, body, own = entry
        return seq == self._seq + 1 and chain.follows(body, own, self._chain, self._key)

    def _out_for(self, now, seq):
        """The file of the day is open; a new one when the day is another or the file is long."""
        day = time.strftime("%Y-%m-%d", time.gmtime(now))
        if self._out is None or self._file[13:23] != day or self._size > self._quota // 16:
            self._use(chain.name(seq, day))

    def _use(self, name):
        out = os.open(self._log(name), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if self._out is not None:
            os.fdatasync(self._out)
            os.close(self._out)
        self._out, self._file, self._size = out, name, os.fstat(out).st_size

    def _write(self, data):
        """All of it or nothing."""
        try:
            if os.write(self._out, data) == len(data):
                self._size += len(data)
                return
        except OSError:
            os.ftruncate(self._out, self._size)
            raise
        os.ftruncate(self._out, self._size)
        raise OSError("the disk is full")

    def _remove(self, name, last):
        """Takes the file away, and keeps the chain of its last line: what follows is tied to that."""
        entry = chain.opened(chain._last_line(self._log(name)))
        tie = entry[2] if entry and entry[0] == last else None
        self._anchor = {"seq": last, "chain": tie, "time": events.stamp(self._clock()[0])}
        self._save_state()
        os.unlink(self._log(name))

    def _save_state(self):
        state = {"anchor": self._anchor, "head": self._head}
        _replace(self._path("state.json"), chain.state_text(state, self._key))

    def _look_at_the_clock(self):
        """(time of day, notes): a jump is told, and puts off what is removed for its age."""
        now, steady = self._clock()
        jump = now - steady - self._offset
        self._offset = now - steady
        if abs(jump) < JUMP:
            return now, []
        self._steady_since = steady
        return now, [events.of_ours("the clock jumped, seconds", round(jump))]

    def _log(self, name):
        return os.path.join(self._logs, name)

    def _path(self, name):
        return os.path.join(self._folder, name)


def _now():
    return time.time(), time.clock_gettime(_BOOT)


_ROOT = {"uid": 0, "user": "root", "pid": os.getpid()}


def _replace(path, content):
    """The file has this content whole, or the one it had."""
    temporary = path + ".new"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(temporary, path)
