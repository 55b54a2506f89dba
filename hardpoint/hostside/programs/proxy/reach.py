"""A connection to a place that the rules allow: resolved here, once, and checked before it is used."""

import socket

PATIENCE = 15


def connect(rules, host, port):
    """A connected socket. Raises rules.Denied, or OSError where it may be reached and can't."""
    name = rules.check(host, port)
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise OSError("%s can't be resolved: %s" % (name, error)) from None
    rules.check_addresses(name, port, {where[4][0] for where in found})
    failed = OSError("%s has no address" % name)
    for family, kind, protocol, _, where in found:
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(PATIENCE)
        try:
            connection.connect(where)
        except OSError as error:
            connection.close()
            failed = error
            continue
        connection.settimeout(None)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return connection
    raise failed
