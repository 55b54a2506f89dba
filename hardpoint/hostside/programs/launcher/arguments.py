"""What was typed."""

import argparse

from intent import PROFILES

USAGE = "hardpoint-run [--profile research|coder|operator|sealed] [--project DIR] AGENT|COMMAND [ARGS...]"


def parse(words):
    """.profile, .project (each None where not given) and .command, a list. Exits for a mistake."""
    parser = argparse.ArgumentParser(
        prog="hardpoint-run",
        usage=USAGE,
        allow_abbrev=False,
        description="Starts a coding agent, or any command, where it sees this project and little else.",
    )
    parser.add_argument(
        "--profile",
        choices=PROFILES,
        help="research: the project can't be changed, no network but the model's; coder, operator: "
        "also the policy's hosts; sealed: no network at all",
    )
    parser.add_argument("--project", metavar="DIR", help="default: the repository you are in")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="an agent's name, or a command")
    given = parser.parse_args(words)
    given.command = given.command[1:] if given.command[:1] == ["--"] else given.command
    if not given.command:
        parser.error("say which agent or command to start")
    return given
