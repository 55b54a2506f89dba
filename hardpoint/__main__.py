"""The `hardpoint` command."""

from gevent import monkey

# Before anything else is imported: pyinfra's API needs sockets and threads that yield.
monkey.patch_all()

import signal  # noqa: E402
from types import FrameType  # noqa: E402

from gevent import get_hub, getcurrent  # noqa: E402
from gevent.hub import Hub  # noqa: E402

# An interrupt that meets another greenlet than ours is handed on to us; gevent need not print it.
Hub.NOT_ERROR = (*Hub.NOT_ERROR, KeyboardInterrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Interrupts the command, not whichever greenlet runs now: a library's would swallow it."""
    hub = get_hub()
    if getcurrent() is hub.parent:
        raise KeyboardInterrupt
    hub.loop.run_callback_threadsafe(hub.parent.throw, KeyboardInterrupt)


def main() -> None:
    from hardpoint.cli import run

    signal.signal(signal.SIGINT, _interrupt)
    raise SystemExit(run())


if __name__ == "__main__":
    main()
