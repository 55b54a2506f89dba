"""The `hardpoint` command over other controls: python -m tests.custom_command MODULE ARGUMENTS.

MODULE has a function `registry()`.
"""

from gevent import monkey

monkey.patch_all()


def main() -> None:
    import importlib
    import sys

    from hardpoint import cli

    cli.all_controls = importlib.import_module(sys.argv[1]).registry
    raise SystemExit(cli.run(sys.argv[2:]))


if __name__ == "__main__":
    main()
