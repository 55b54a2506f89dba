"""The chain of the agents' audit log: a line is sealed over the one before it, with a key of the host.

Shared by the program that writes the log and by the read that verifies it. A line is JSON that begins with
"seq" and ends with "chain"; chain is the HMAC-SHA256 of the previous chain, a line feed and the line without
"chain". The state holds the anchor (the last line that retention removed) and the head (the last line that is
known to lie on the disk), with a mac of their own, so that a log that was cut at either end is told.
"""

import hmac
import json
import os
import re

LOGS = "/var/log/hardpoint/agents"
STATE = "/var/lib/hardpoint-audit"
START = "0" * 64  # the chain before the first line
MAX_PROBLEMS = 20

_NAME = re.compile(r"([0-9]{12})-[0-9]{4}-[0-9]{2}-[0-9]{2}\.jsonl")
_SEQ = re.compile(rb'\{"seq":([0-9]{1,12}),')
_CHAIN = re.compile(rb',"chain":"([0-9a-f]{64})"\}')
_CHAIN_LENGTH = 76
_TAIL = 64 * 1024  # longer than any line


def name(seq, day):
    """The file whose first line is `seq`; by its number, so that no clock decides the order."""
    return "%012d-%s.jsonl" % (seq, day)


def first(file):
    """The number of a file's first line."""
    return int(file[:12])


def files(folder):
    """The names of the log's files, oldest first."""
    return sorted(file for file in os.listdir(folder) if _NAME.fullmatch(file))


def sealed(body, previous, key):
    """(the whole line, its chain) for a body `{"seq":...}` in bytes."""
    chain = _chain(body, previous, key)
    return b'%s,"chain":"%s"}' % (body[:-1], chain.encode()), chain


def opened(line):
    """(seq, body, chain) of a line, or None where it isn't one."""
    seq, chain = _SEQ.match(line), _CHAIN.fullmatch(line, max(0, len(line) - _CHAIN_LENGTH))
    if not seq or not chain:
        return None
    return int(seq[1]), line[:-_CHAIN_LENGTH] + b"}", chain[1].decode()


def _chain(body, previous, key):
    return hmac.digest(key, previous.encode() + b"\n" + body, "sha256").hex()


def follows(body, chain, previous, key):
    """Whether a line with that body and chain was written after the line whose chain is `previous`."""
    return hmac.compare_digest(chain, _chain(body, previous, key))


def state_text(state, key):
    """The file of a state {"anchor": {seq, chain, time}, "head": {seq, chain, file, size, time}}."""
    return json.dumps({**state, "mac": _mac(state, key)}, sort_keys=True).encode() + b"\n"


def state_of(text, key):
    """The state that a file holds, or None where it isn't one that was written with this key."""
    try:
        state = json.loads(text)
        mac = state.pop("mac")
        return state if hmac.compare_digest(str(mac), _mac(state, key)) else None
    except (ValueError, KeyError, AttributeError, TypeError):
        return None


def _mac(state, key):
    text = json.dumps(state, sort_keys=True).encode()
    return hmac.digest(key, b"state\n" + text, "sha256").hex()


class Walk:
    """One pass over the log, oldest line first.

    problems: at most MAX_PROBLEMS {"what": edit | gap | order | cut | key | state, "seq", "file", "count"};
    `found` is how many there are. lines, bytes: what was gone over. budget: only the newest files of so many
    bytes; the first of them is tied to the last line of the file before.
    """

    def __init__(self, folder, state_folder, budget=None):
        self._folder = folder
        self._budget = budget
        self.problems, self.found = [], 0
        self.lines = self.bytes = 0
        self.key = _content(os.path.join(state_folder, "key")) or b""
        text = _content(os.path.join(state_folder, "state.json"))
        self.state = state_of(text, self.key) if text and self.key else None
        if not self.key:
            self._problem("key", 0, "key")
        elif self.state is None:
            self._problem("state", 0, "state.json")

    def bodies(self):
        """The body of every line that can be read, in bytes; what is wrong is noted on the way."""
        names = files(self._folder)
        chosen, seq, chain = self._start(names)
        for file in chosen:
            for line in self._lines_of(file, file == names[-1]):
                entry = opened(line)
                if entry is None:
                    self._problem("edit", seq + 1, file)
                    seq, chain = seq + 1, None
                    continue
                if self.state and entry[0] <= self.state["anchor"]["seq"]:
                    continue  # retention was about to remove it
                seq, chain = self._compare(entry, seq, chain, file)
                yield entry[1]
        head = self.state["head"]["seq"] if self.state else 0
        if head > seq:
            self._problem("cut", seq + 1, "", head - seq)

    def _start(self, names):
        """(files to go over, number and chain of the line before them)."""
        chosen = self._within_budget(names)
        before = names[: len(names) - len(chosen)]
        if before:
            last = _last_line(os.path.join(self._folder, before[-1]))
            seq, _, chain = opened(last) or (first(chosen[0]) - 1, b"", None)
            return chosen, seq, chain
        if self.state:
            anchor = self.state["anchor"]
            return chosen, anchor["seq"], anchor["chain"]
        return chosen, (first(names[0]) - 1 if names else 0), None

    def _within_budget(self, names):
        if self._budget is None:
            return names
        chosen, left = [], self._budget
        for file in reversed(names):
            left -= os.path.getsize(os.path.join(self._folder, file))
            if chosen and left < 0:
                break
            chosen.insert(0, file)
        return chosen

    def _lines_of(self, file, newest):
        with open(os.path.join(self._folder, file), "rb") as lines:
            for line in lines:
                if not line.endswith(b"\n") and newest:
                    return  # it is being written
                self.lines += 1
                self.bytes += len(line)
                yield line.rstrip(b"\n")

    def _compare(self, entry, before, previous, file):
        """(number and chain of this line), after it was compared with the one before."""
        seq, body, chain = entry
        head = self.state and self.state["head"]
        if seq > before + 1:
            self._problem("gap", before + 1, file, seq - before - 1)
        elif seq <= before:
            self._problem("order", seq, file)
            return before, previous
        elif previous is not None and self.key and not follows(body, chain, previous, self.key):
            self._problem("edit", seq, file)
        elif head and seq == head["seq"] and chain != head["chain"]:
            self._problem("edit", seq, file)
        return seq, chain

    def _problem(self, what, seq, file, count=1):
        self.found += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append({"what": what, "seq": seq, "file": file, "count": count})


def _last_line(path):
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - _TAIL))
        return (file.read().splitlines() or [b""])[-1]


def _content(path):
    try:
        with open(path, "rb") as file:
            return file.read(64 * 1024)
    except FileNotFoundError:
        return None
