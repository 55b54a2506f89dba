"""The first program in the sandbox: opens the ways out, says that it has started, becomes the agent.

The ways out are sockets that listen on the sandbox's own loopback and are handed to the proxy,
which is outside: nothing of ours stays here that an agent could stop or speak through.
argv[1]: JSON {"status": descriptor, "network": descriptor or null, "listen": [[host, port, name]]};
then the command.
"""

import json
import os
import signal
import socket
import sys

NOT_STARTED = 125


def main(arguments):
    given, command = json.loads(arguments[0]), arguments[1:]
    if given["network"] is not None:
        with socket.socket(fileno=given["network"]) as control:
            _hand_over(control, given["listen"])
    with socket.socket(fileno=given["status"]) as status:
        status.send(b"started")
    os.closerange(3, 4096)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # ignored by Python itself
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    try:
        os.execvp(command[0], command)
    except FileNotFoundError:
        status, why = 127, "is not there, or not among the programs that the sandbox shows"
    except OSError as error:
        status, why = 126, "can't be started: %s" % error.strerror
    sys.stderr.write("hardpoint-run: %s %s\n" % (command[0], why))
    return status


def _hand_over(control, listen):
    names, sockets = [], []
    for host, port, name in listen:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.bind((host, port))
        except OSError:
            if name is None:
                raise
            continue  # a kernel without IPv6, or a port that only root may have
        listener.listen(128)
        names.append(name)
        sockets.append(listener)
    descriptors = b"".join(one.fileno().to_bytes(4, sys.byteorder) for one in sockets)
    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)
    control.sendmsg([json.dumps(names).encode()], [rights])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except OSError as problem:
        sys.stderr.write("hardpoint-run: the sandbox's network can't be set up: %s\n" % problem)
        sys.exit(NOT_STARTED)
