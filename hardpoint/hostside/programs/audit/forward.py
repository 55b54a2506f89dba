"""Lines on their way to another machine: syslog (RFC 5424) or OTLP. Bounded; writing never waits for it."""

import calendar
import collections
import json
import socket
import threading
import time
import urllib.request
from urllib.parse import urlsplit

WAITING = 10000
BATCH = 200
SECONDS = 10
PAUSES = (1, 5, 30, 60)  # after the first, second ... failure

_FACILITY = 13  # log audit
_SEVERITY = {"error": 3, "deny": 4}  # all else is 6, informational


class Forwarder:
    """Its `take` and `undelivered` are what the writer needs."""

    def __init__(self, endpoint, host=None, sleep=time.sleep):
        self._send = _way(endpoint, host or socket.gethostname())
        self._waiting = collections.deque(maxlen=WAITING)
        self._missed = 0
        self._sleep = sleep
        self._woken = threading.Event()

    def take(self, line):
        if len(self._waiting) == WAITING:
            self._missed += 1
        self._waiting.append(line)
        self._woken.set()

    def undelivered(self):
        """How many lines were given up since the last call."""
        missed, self._missed = self._missed, 0
        return missed

    def run(self):
        """Delivers for ever, in order; what can't be delivered is tried again."""
        failures = 0
        while True:
            self._woken.wait()
            self._woken.clear()
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                try:
                    self._send(batch)
                    failures = 0
                except (OSError, ValueError):
                    self._put_back(batch)
                    self._sleep(PAUSES[min(failures, len(PAUSES) - 1)])
                    failures += 1

    def _put_back(self, batch):
        room = WAITING - len(self._waiting)
        self._missed += max(0, len(batch) - room)
        self._waiting.extendleft(reversed(batch[-room:] if room else []))


def _way(endpoint, host):
    """A function that delivers lines. endpoint: http(s)://..., udp://host:514, tcp://host:601, unix:///dev/log."""
    parts = urlsplit(endpoint)
    if parts.scheme in ("http", "https"):
        return _Otlp(endpoint, host)
    return _Syslog(parts.scheme, (parts.hostname, parts.port or 514), parts.path, host)


class _Syslog:
    """One message a line; over TCP with its length before it (RFC 6587)."""

    def __init__(self, scheme, address, path, host):
        self._scheme, self._address, self._path, self._host = scheme, address, path, host
        self._socket = None

    def __call__(self, lines):
        try:
            if self._socket is None:
                self._socket = self._connected()
            for line in lines:
                message = _message(line, self._host)
                if self._scheme == "tcp":
                    message = b"%d %s" % (len(message), message)
                self._socket.sendall(message)
        except OSError:
            if self._socket is not None:
                self._socket.close()
            self._socket = None
            raise

    def _connected(self):
        if self._scheme == "unix":
            made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            made.settimeout(SECONDS)
            made.connect(self._path)
            return made
        if self._scheme == "tcp":
            return socket.create_connection(self._address, SECONDS)
        family, kind, *_, address = socket.getaddrinfo(*self._address, type=socket.SOCK_DGRAM)[0]
        made = socket.socket(family, kind)
        made.connect(address)
        return made


def _message(line, host):
    event = json.loads(line)
    severity = _SEVERITY.get(event.get("decision"), _SEVERITY.get(event["kind"], 6))
    head = "<%d>1 %s %s hardpoint-audit - %s - " % (
        _FACILITY * 8 + severity, event["time"], host, event["kind"],
    )  # fmt: skip
    return head.encode() + line.rstrip(b"\n")


class _Otlp:
    """All lines of a batch in one request; the endpoint is the whole URL, or the collector's root."""

    def __init__(self, endpoint, host):
        root = urlsplit(endpoint).path in ("", "/")
        self._url = endpoint.rstrip("/") + "/v1/logs" if root else endpoint
        self._about = [_attribute("service.name", "hardpoint-audit"), _attribute("host.name", host)]

    def __call__(self, lines):
        records = [_record(line) for line in lines]
        scope = {"scope": {"name": "hardpoint-audit"}, "logRecords": records}
        body = {"resourceLogs": [{"resource": {"attributes": self._about}, "scopeLogs": [scope]}]}
        request = urllib.request.Request(
            self._url, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=SECONDS).close()


def _record(line):
    text = line.decode().rstrip("\n")
    event = json.loads(text)
    names = ("kind", "agent", "tool", "decision", "user")
    return {
        "timeUnixNano": str(_nanoseconds(event["time"])),
        "body": {"stringValue": text},
        "attributes": [_attribute(name, event[name]) for name in names if event.get(name)],
    }


def _nanoseconds(stamp):
    whole = time.strptime(stamp[:19] + "UTC", "%Y-%m-%dT%H:%M:%S%Z")
    return (calendar.timegm(whole) * 1000 + int(stamp[20:23])) * 1000000


def _attribute(name, value):
    return {"key": name, "value": {"stringValue": str(value)}}
