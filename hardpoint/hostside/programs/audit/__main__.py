"""The agents' audit log: receives, redacts, seals, writes, forwards. Run by systemd."""

import argparse
import os
import signal
import socket
import sys
import threading

import audit_chain
import receive
from forward import Forwarder
from limits import Limits
from store import Store
from writer import Writer

SOCKET = "/run/hardpoint/audit.sock"
FOLDER = os.path.dirname(os.path.abspath(__file__))
MIB = 1024 * 1024


def main(arguments):
    """Until SIGTERM; exit status 0. When the program's files were replaced, it becomes what is there now."""
    began = _files()
    given = _parser().parse_args(arguments)
    os.umask(0o077)
    quota = given.quota_mib * MIB
    limits = Limits(quota // given.retention_days)
    store = Store(given.logs, given.state, quota, given.retention_days)
    forwarder = Forwarder(given.forward) if given.forward else None
    more = (forwarder.take, forwarder.undelivered) if forwarder else ()
    writer = Writer(store, limits, *more)
    store.open()
    stop, replaced = threading.Event(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server = receive.Server(("127.0.0.1", given.port), writer)
    receiver = receive.bound(given.socket)
    tasks = [(server.serve_forever, ()), (receive.datagrams, (receiver, writer))]
    tasks += [(_until_replaced, (began, replaced, stop))]
    tasks += [(forwarder.run, ())] if forwarder else []
    for task, with_ in tasks:
        threading.Thread(target=_or_die, args=(task, *with_), daemon=True).start()
    _tell_systemd("READY=1")
    writer.run(stop.is_set)
    if replaced.is_set():  # at once, and the socket's file stays
        os.execv(sys.executable, [sys.executable, "-I", "-S", "-B", FOLDER, *arguments])
    os.unlink(given.socket)
    return 0


def _until_replaced(began, replaced, stop):
    """Stops the whole when the program's files are no longer those that run, and no more of them change."""
    last = began
    while not stop.wait(5):
        now = _files()
        if began != now == last:
            replaced.set()
            stop.set()
        last = now


def _files():
    found = os.scandir(FOLDER)
    return sorted((one.name, one.stat().st_mtime_ns, one.stat().st_ino) for one in found)


def _or_die(task, *arguments):
    """A part that fails ends the whole: systemd starts it again."""
    try:
        task(*arguments)
    except BaseException as error:
        sys.stderr.write("hardpoint-audit: %s: %s\n" % (type(error).__name__, error))
        os.kill(os.getpid(), signal.SIGTERM)


def _tell_systemd(state):
    """sd_notify(3)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(state.encode(), address.replace("@", "\0", 1))


def _parser():
    parser = argparse.ArgumentParser(prog="hardpoint-audit")
    parser.add_argument("--port", type=int, default=4378)
    parser.add_argument("--quota-mib", type=int, default=256)
    parser.add_argument("--retention-days", type=int, default=90)
    parser.add_argument("--forward", default="")
    parser.add_argument("--socket", default=SOCKET)
    parser.add_argument("--logs", default=audit_chain.LOGS)
    parser.add_argument("--state", default=audit_chain.STATE)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
