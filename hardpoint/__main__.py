"""The `hardpoint` command."""

from gevent import monkey

# Before anything else is imported: pyinfra's API needs sockets and threads that yield.
monkey.patch_all()


def main() -> None:
    from hardpoint.cli import run

    raise SystemExit(run())


if __name__ == "__main__":
    main()
