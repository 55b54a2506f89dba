"""many_listeners.py PORTS PROCESSES: so many sockets in one process, and one in each of more."""

import os
import signal
import socket
import sys

ADDRESSES = ("0.0.0.0", "::", "127.0.0.1", "::1")


def listen(number: int) -> socket.socket:
    address = ADDRESSES[number % len(ADDRESSES)]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind((address, 20000 + number))
    listener.listen(1)
    return listener


ports, processes = int(sys.argv[1]), int(sys.argv[2])
kept = [listen(number) for number in range(ports)]
for number in range(processes):
    if os.fork() == 0:
        for listener in kept:
            listener.close()
        kept = [listen(ports + number)]
        signal.pause()
signal.pause()
