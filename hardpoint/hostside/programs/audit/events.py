"""What a line of the log holds: known fields, short, without secrets and without persons' addresses."""

import json
import re
import time

from redact import redacted

KINDS = ("tool", "network", "model", "error", "session")
LENGTHS = {
    "agent": 40, "tool": 120, "decision": 10, "reason": 300, "detail": 2000, "by": 20,
    "session": 80, "cwd": 400,
}  # fmt: skip
"""Fields that a sender may give, and how many characters of each are kept."""

_ROOM = 4096  # what is looked at: redacting takes time, and only makes it shorter
_MAIL = re.compile(r"(?<![\w.+-])(?!git@)[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")


class Unreadable(ValueError):
    """What was sent is no event."""


def parsed(datagram):
    """The event in a datagram; Unreadable."""
    try:
        event = json.loads(datagram)
    except (ValueError, RecursionError):
        raise Unreadable("not JSON") from None
    return cleaned(event)


def cleaned(event):
    """The known fields of an event, bounded and redacted; Unreadable where it has no known kind."""
    if not isinstance(event, dict) or event.get("kind") not in KINDS:
        raise Unreadable("kind is one of " + ", ".join(KINDS))
    kept = {"kind": event["kind"]}
    for field, length in LENGTHS.items():
        value = event.get(field)
        if isinstance(value, str) and value:
            kept[field] = short(value, length)
    if kept.get("decision") not in ("allow", "deny"):
        kept.pop("decision", None)
    return kept


def short(text, length):
    """The text without secrets and e-mail addresses, of at most `length` characters."""
    if len(text) > _ROOM:  # up to a blank: half of a secret isn't known as one
        text = text[:_ROOM].rpartition(" ")[0] + " …"
    text = _MAIL.sub("[address]", redacted(text))
    return text if len(text) <= length else text[: length - 1] + "…"


def body(seq, who, event, now=None):
    """The line in bytes, still without its chain. who: {uid, user, pid}; all else of it is ASCII, escaped."""
    now = time.time() if now is None else now
    whole = {"seq": seq, "time": stamp(now), **who, **event}
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=True).encode()


def stamp(now):
    """UTC, ISO 8601, with milliseconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + ".%03dZ" % (now % 1 * 1000)


def of_ours(reason, count=None, about=None):
    """What the writer itself has to say; nobody else may send this kind."""
    event = {"kind": "audit", "agent": "hardpoint", "reason": reason}
    if count is not None:
        event["count"] = count
    if about is not None:
        event["about"] = about
    return event
