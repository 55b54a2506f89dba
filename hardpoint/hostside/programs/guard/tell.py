"""One decision to the audit log: a datagram that nobody waits for and whose failure changes nothing."""

import json
import re

SOCKET = "/run/hardpoint/audit.sock"
LONGEST = 2000

KEYWORDS = ("pass", "secret", "token", "api", "credential", "authorization", "private")
NAMED = (
    r"(?i)(\b(?:[\w-]*(?:passw(?:or)?d|passwd|secret|token|api[_-]?key|apikey|credential|authorization|private[_-]?key)"
    r"[\w-]*)[\"']?\s*(?:[=:]|\s)\s*(?:bearer\s+|basic\s+)?[\"']?)([^\s\"'&|;,]{4,})"
)
BEGINNINGS = (
    "sk-",
    "pk-",
    "rk-",
    "gh",
    "xox",
    "AKIA",
    "AIza",
    "glpat-",
    "npm_",
    "hf_",
    "eyJ",
    "-----BEGIN",
)
SHAPES = (
    r"(?:sk|pk|rk)-[\w-]{16,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{12,}"
    r"|AIza[\w-]{30,}|glpat-[\w-]{15,}|npm_\w{20,}|hf_\w{20,}|eyJ[\w-]{10,}\.[\w-]{5,}[\w.-]*"
    r"|-----BEGIN[^-]+-----[\s\S]*?(?:-----END[^-]+-----|$)"
)
HIDDEN = "[redacted]"


def redacted(text):
    """The text without what looks like a secret. An expression is made only where it could find something."""
    if any(one in text for one in BEGINNINGS):
        text = re.sub(SHAPES, HIDDEN, text)
    if "@" in text:
        text = re.sub(r"(://)[^/\s@]+@", r"\1" + HIDDEN + "@", text)
    if any(one in text.lower() for one in KEYWORDS):
        text = re.sub(NAMED, lambda found: found.group(1) + HIDDEN, text)
    return text


def detail(arguments):
    """What a call is about, short: its command, path or address, never the contents of a file."""
    shown = {
        key: value
        for key, value in arguments.items()
        if key
        not in (
            "content",
            "contents",
            "new_string",
            "old_string",
            "newString",
            "oldString",
            "file_text",
            "new_str",
            "old_str",
            "new_source",
        )
    }
    text = json.dumps(shown, ensure_ascii=False, default=str)
    return redacted(text[: 4 * LONGEST])[:LONGEST]


def send(event, path=SOCKET):
    """Sends an event; never blocks, never raises."""
    try:
        import _socket

        sender = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM)
        try:
            sender.setblocking(False)
            sender.sendto(json.dumps(event, ensure_ascii=False).encode("utf-8", "replace"), path)
        finally:
            sender.close()
    except (
        Exception
    ):  # the log is not the guard's business: what can't be sent must not decide anything
        pass
