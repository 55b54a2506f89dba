"""The processes of a run: the proxy outside, bubblewrap, the agent in it; signals and exit status."""

import json
import os
import select
import signal
import socket
import struct
import subprocess

from errors import Refused
from sandbox import INSIDE, PYTHON

BWRAP = ("/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap")
_OURS = ("-I", "-S", "-B")
_FROM_TERMINAL = 0x80  # SI_KERNEL: the whole foreground group, the agent too, has it already
_PASSED = (
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
_AWAITED = (*_PASSED, signal.SIGCHLD)


def bubblewrap():
    """Its path. Raises Refused where it is not installed."""
    for path in BWRAP:
        if os.access(path, os.X_OK):
            return path
    raise Refused("bubblewrap is not installed: install the package bubblewrap (apt, dnf, pacman)")


class Session:
    """One run. Nothing of it is left when `run` returns, or when this process is killed."""

    def __init__(self, proxy):
        """proxy: the folder of the proxy's program."""
        self._bwrap, self._proxy_program = bubblewrap(), proxy
        self._proxy, self._agent = None, None

    def run(self, arguments, filter, environment, command, ways, event):
        """The exit status. ways: (entries, listeners) of the proxy, None where there is no way out."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _AWAITED)
        status, theirs = socket.socketpair()
        status.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        network, listen = None, []
        if ways:
            listen = ways[1]
            network = self._start_proxy(ways[0], event)
        descriptors = [theirs.fileno(), _file(b"\0".join(os.fsencode(one) for one in arguments))]
        line = [self._bwrap, "--args", str(descriptors[1])]
        if filter is None:
            line.append("--new-session")
        else:
            descriptors.append(_file(filter))
            line += ["--seccomp", str(descriptors[2])]
        descriptors += [network.fileno()] if network else []
        given = {
            "status": theirs.fileno(),
            "network": network and network.fileno(),
            "listen": listen,
        }
        line += ["--", PYTHON, *_OURS, INSIDE, json.dumps(given), *command]
        sandbox = subprocess.Popen(line, env=environment, pass_fds=descriptors)
        for one in (theirs, network):
            if one is not None:
                one.close()
        for one in descriptors[1 : 2 if filter is None else 3]:
            os.close(one)
        return self._wait(sandbox, status)

    def _start_proxy(self, entries, event):
        ours, theirs = socket.socketpair()
        self._proxy = subprocess.Popen(
            [PYTHON, *_OURS, self._proxy_program, str(theirs.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin"},
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # Ctrl-C is for the agent
        )
        theirs.close()
        self._proxy.stdin.write(json.dumps({"allow": entries, "event": event}).encode() + b"\n")
        self._proxy.stdin.flush()
        return ours

    def _wait(self, sandbox, status):
        while sandbox.poll() is None:
            told = signal.sigwaitinfo(_AWAITED)
            if told.si_signo != signal.SIGCHLD and told.si_code != _FROM_TERMINAL:
                self._pass_on(told.si_signo, status)
        if self._proxy:
            self._proxy.stdin.close()
            self._proxy.wait()
        if sandbox.returncode and not self._started(status):
            raise Refused(
                "the sandbox could not be made: bubblewrap says why above. Where user namespaces are "
                "forbidden, whoever looks after this machine has to allow them for bubblewrap"
            )
        code = sandbox.returncode
        return 128 - code if code < 0 else code

    def _pass_on(self, number, status):
        if self._started(status):
            try:
                os.kill(self._agent, number)
            except ProcessLookupError:
                pass

    def _started(self, status):
        """Whether the first program has told that it runs; the kernel adds its number, seen from here."""
        if self._agent is None and select.select([status], [], [], 0)[0]:
            room = socket.CMSG_SPACE(struct.calcsize("3i"))
            data, ancillary, _, _ = status.recvmsg(64, room)
            if data:
                self._agent = struct.unpack("3i", ancillary[0][2][: struct.calcsize("3i")])[0]
        return self._agent is not None


def _file(content):
    """A descriptor of a file in memory with that content, at its start."""
    descriptor = os.memfd_create("hardpoint-run")
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
