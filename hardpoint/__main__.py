"""The `hardpoint` command."""

from gevent import monkey

# Before anything else is imported: pyinfra's API needs sockets and threads that yield.
monkey.patch_all()

import signal  # noqa: E402
from functools import partial  # noqa: E402
from types import FrameType  # noqa: E402

from gevent import get_hub, getcurrent  # noqa: E402
from gevent.hub import Hub  # noqa: E402
from greenlet import greenlet  # noqa: E402

# An interrupt that meets another greenlet than ours is handed on to us; gevent need not print it.
Hub.NOT_ERROR = (*Hub.NOT_ERROR, KeyboardInterrupt)


def _interrupt(command: greenlet, number: int, frame: FrameType | None) -> None:
    """Interrupts the command, not whichever greenlet runs now: a library's would swallow it."""
    if getcurrent() is command:
        raise KeyboardInterrupt
    get_hub().loop.run_callback_threadsafe(command.throw, KeyboardInterrupt)


def main() -> None:
    from hardpoint.cli import run

    signal.signal(signal.SIGINT, partial(_interrupt, getcurrent()))
    raise SystemExit(run())


if __name__ == "__main__":
    main()
