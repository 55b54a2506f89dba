"""A period of the agents' audit log in numbers: what leaves the host are counts and names, no commands."""

from collections import Counter, defaultdict

KEYS = 300  # names in one table; whoever invents more is counted under "..."
DETAILS = 200
_DETAIL = ("time", "user", "agent", "kind", "tool", "decision", "reason", "detail", "cwd", "by")


class Summary:
    """Of the lines that were added."""

    def __init__(self, details=False):
        self._details = [] if details else None
        self._days = set()
        self._tables = defaultdict(Counter)
        self._peaks = defaultdict(Counter)  # of what: by (who, day or hour)

    def add(self, line):
        kind, agent, user = (str(line.get(name, "")) for name in ("kind", "agent", "user"))
        day, hour = str(line.get("time", ""))[:10], str(line.get("time", ""))[:13]
        if kind == "audit":
            self._tables["notes"][
                self._key("notes", line.get("reason", ""), line.get("about", ""))
            ] += line.get("count", 1) if isinstance(line.get("count", 1), int) else 1
            return
        self._days.add(day)
        decision = line.get("decision", "")
        self._count("kinds", agent, user, kind)
        if kind == "tool" and decision:
            # the guard and the agent may both tell of one call
            self._count("calls", agent, user, line.get("tool", ""), line.get("by", ""), decision)
            self._peak("calls", (agent, user, line.get("by", "")), day)
        if kind == "network" and decision:
            domain = str(line.get("detail", "")).rpartition(":")[0] or str(line.get("detail", ""))
            self._count("domains", domain.lower(), decision)
        if decision == "deny":
            self._count("denials", agent, user, line.get("by", ""), line.get("reason", "")[:120])
            self._peak("denials", (agent, user), day)
        if kind == "error":
            self._count("errors", agent, user, line.get("reason", "")[:120])
            self._peak("errors", (agent, user), hour)
        if self._details is not None and (decision == "deny" or kind in ("error", "network")):
            self._details.append({name: line[name] for name in _DETAIL if name in line})
            del self._details[:-DETAILS]

    def told(self):
        """{days, TABLE: [[name, ..., count]], peaks: {calls | denials | errors: [[agent, user, ..., count]]},
        details?}; peaks of a day, of errors of an hour."""
        tables = {name: [] for name in ("kinds", "calls", "domains", "denials", "errors", "notes")}
        tables.update((name, _rows(counts)) for name, counts in self._tables.items())
        peaks = {}
        for what, counts in self._peaks.items():
            highest = Counter()
            for (who, _), count in counts.items():
                highest[who] = max(highest[who], count)
            peaks[what] = _rows(highest)[:KEYS]
        told = {"days": len(self._days), **tables, "peaks": peaks}
        if self._details is not None:
            told["details"] = self._details
        return told

    def _count(self, table, *names):
        self._tables[table][self._key(table, *names)] += 1

    def _key(self, table, *names):
        key = tuple(str(name) for name in names)
        counts = self._tables[table]
        return key if key in counts or len(counts) < KEYS else ("...",) * len(key)

    def _peak(self, what, who, when):
        counts = self._peaks[what]
        key = (who, when)
        if key in counts or len(counts) < KEYS * 100:
            counts[key] += 1


def _rows(counts):
    return [
        [*names, count]
        for names, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
