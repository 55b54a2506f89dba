"""The one way out of a confined agent: an HTTP proxy that goes by names. Started by the launcher,
ends with it.

argv[1]: the descriptor of a socket over which the sandbox sends its listening sockets: they belong
to the sandbox's network, this process to the host's. First line of stdin: JSON {"allow": [entries
of rules.py], "event": {agent, session, cwd}}. The end of stdin ends the proxy.
"""

import json
import os
import socket
import sys
import threading

from audit import Audit
from http_proxy import Malformed, answer, asked
from reach import connect
from relay import relay
from rules import Denied, Rules

AT_ONCE = 256
LISTENERS = 32


class Proxy:
    def __init__(self, rules, audit):
        self._rules, self._audit = rules, audit
        self._free = threading.BoundedSemaphore(AT_ONCE)

    def serve(self, listener, talk, *more):
        while True:
            client = listener.accept()[0]
            self._free.acquire()
            threading.Thread(target=self._guarded, args=(talk, client, *more), daemon=True).start()

    def _guarded(self, talk, client, *more):
        try:
            with client:
                talk(client, *more)
        except OSError:
            pass
        finally:
            self._free.release()

    def proxied(self, client):
        """Someone in the sandbox asks for a place by its name."""
        try:
            wanted = asked(client)
        except Malformed as error:
            self._audit.tell("deny", "", str(error))
            client.sendall(answer("400 Bad Request", str(error)))
            return
        where = "%s:%d" % (wanted.host, wanted.port)
        try:
            server = self._reached(wanted.host, wanted.port)
        except Denied as error:
            text = "%s may not be reached: %s" % (where, error)
            client.sendall(answer("403 Forbidden", text))
        except OSError as error:
            client.sendall(answer("502 Bad Gateway", "%s: %s" % (where, error)))
        else:
            if wanted.tunnel:
                client.sendall(answer("200 Connection established"))
            server.sendall(wanted.forward)
            relay(client, server)

    def forwarded(self, client, host, port):
        """Someone in the sandbox connects to an address of the host's loopback that the list has."""
        try:
            relay(client, self._reached(host, port))
        except Denied:
            pass

    def _reached(self, host, port):
        where = "%s:%d" % (host, port)
        try:
            server = connect(self._rules, host, port)
        except Denied as error:
            self._audit.tell("deny", where, str(error))
            raise
        except OSError as error:
            self._audit.tell("allow", where, "not reached: %s" % error)
            raise
        self._audit.tell("allow", where, "")
        return server


def main(descriptor):
    given = json.loads(sys.stdin.readline())
    try:
        rules = Rules(given["allow"])
    except ValueError as error:
        sys.exit("hardpoint-run: no network: the list of hosts can't be used: %s" % error)
    proxy = Proxy(rules, Audit(given["event"]))
    with socket.socket(fileno=descriptor) as control:
        names, listeners = _received(control)
    for name, listener in zip(names, listeners):
        talk = (proxy.proxied,)
        if name is not None:
            host, _, port = name.rpartition(":")
            talk = (proxy.forwarded, host, int(port))
        threading.Thread(target=proxy.serve, args=(listener, *talk), daemon=True).start()
    sys.stdin.read()


def _received(control):
    """([None for the proxy's own port, or "host:port" to forward to], [listening sockets])."""
    data, ancillary, _, _ = control.recvmsg(64 * 1024, socket.CMSG_SPACE(4 * LISTENERS))
    found = [
        int.from_bytes(payload[place : place + 4], sys.byteorder)
        for level, kind, payload in ancillary
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
        for place in range(0, len(payload) - len(payload) % 4, 4)
    ]
    return json.loads(data or b"[]"), [socket.socket(fileno=one) for one in found]


if __name__ == "__main__":
    main(int(sys.argv[1]))
    os._exit(0)  # conversations are threads that may wait for ever
