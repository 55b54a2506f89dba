"""The proxy's language: CONNECT, and plain requests with a whole address; one of them a connection."""

import re
from urllib.parse import urlsplit

from rules import split

LIMIT = 32 * 1024
PATIENCE = 30
_LINE = re.compile(r"([A-Z]{1,20}) (\S{1,8192}) HTTP/1\.[01]")
_HOP = re.compile(rb"(?i)(proxy-[a-z-]+|connection|keep-alive)[ \t]*:")


class Malformed(Exception):
    """Nothing that a proxy is asked."""


class Asked:
    """host, port; `forward`: what the other side gets to hear first; `tunnel`: whether it is CONNECT."""

    def __init__(self, host, port, forward, tunnel):
        self.host, self.port, self.forward, self.tunnel = host, port, forward, tunnel


def asked(client):
    """What the client's first words ask for. Raises Malformed, or OSError when it takes too long."""
    client.settimeout(PATIENCE)
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = client.recv(4096)
        if not chunk or len(data) > LIMIT:
            raise Malformed("the request's head does not end")
        data += chunk
    client.settimeout(None)
    head, _, rest = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    found = _LINE.fullmatch(lines[0].decode("latin-1"))
    if not found:
        raise Malformed("not an HTTP request")
    method, target = found.groups()
    try:
        if method == "CONNECT":
            host, port = split(target)
            if port is None:
                raise Malformed("CONNECT names no port")
            return Asked(host, port, rest, True)
        return _plain(method, target, lines[1:], rest)
    except ValueError:
        raise Malformed("not an address") from None


def _plain(method, target, headers, rest):
    url = urlsplit(target)
    if url.scheme != "http" or not url.hostname or url.username is not None:
        raise Malformed("not the address of a plain page")
    path = (url.path or "/") + ("?" + url.query if url.query else "")
    kept = [line for line in headers if not _HOP.match(line) and not line[:5].lower() == b"host:"]
    first = "%s %s HTTP/1.1" % (method, path)
    own = [first.encode("latin-1"), b"Host: " + url.netloc.encode("latin-1"), b"Connection: close"]
    return Asked(url.hostname, url.port or 80, b"\r\n".join(own + kept) + b"\r\n\r\n" + rest, False)


def answer(status, text=""):
    """A whole answer; 200 has no body, a tunnel follows."""
    if status.startswith("200"):
        return b"HTTP/1.1 %s\r\n\r\n" % status.encode()
    body = ("hardpoint: %s\n" % text).encode("utf-8", "replace")
    head = "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n" % (
        status,
        len(body),
    )
    return head.encode() + b"Connection: close\r\n\r\n" + body
