"""The `hardpoint` command."""

from gevent import monkey

# Before anything else is imported: pyinfra's API needs sockets and threads that yield.
monkey.patch_all()

from gevent.hub import Hub  # noqa: E402

# An interrupt that meets another greenlet than ours is handed on to us; gevent need not print it.
Hub.NOT_ERROR = (*Hub.NOT_ERROR, KeyboardInterrupt)


def main() -> None:
    from hardpoint.cli import run

    raise SystemExit(run())


if __name__ == "__main__":
    main()
