"""python -m tests.hosts.reach.comparing INVENTORY HOST: the same reads in three ways, as JSON.

batched: one exec for all; single: ours, one at a time; stock: pyinfra's own SSH connector.
"""

from __future__ import annotations

if __name__ == "__main__":
    from gevent import monkey

    monkey.patch_all()

COMMANDS: list[tuple[str, dict]] = [
    ("echo one; echo two", {}),
    ("printf abc", {}),
    ("echo", {}),
    ("true", {}),
    ("false", {}),
    ("echo partial; exit 3", {}),
    ("exit 3", {"_success_exit_codes": [3]}),
    ("echo oops >&2", {}),
    ("echo out; echo err >&2; exit 1", {}),
    ("if then", {}),
    ("echo 'unclosed", {}),
    ("no-such-command", {}),
    ("! (command -v no-such >/dev/null) && echo '##PYINFRA_NOCMD##' || no-such", {}),
    ("head -c 5000000 /dev/zero | tr '\\0' x", {}),
    ("printf 'a\\377\\376b\\nafter\\n'", {}),
    ("cat; echo read", {}),
    ("sleep 30", {"_timeout": 1}),
    ("id -un", {}),
    ("id -un", {"_sudo": True}),
    ("id -un; pwd", {"_sudo": True, "_sudo_user": "bob", "_chdir": "/"}),
    ("id -un", {"_sudo": True, "_sudo_user": "no-such-user"}),
    ("echo $HOME", {"_sudo": True, "_sudo_user": "alice"}),
    ("echo $A-$B", {"_env": {"A": "1 2", "B": "'\"$"}}),
    ("echo $A", {"_env": {"A": "x"}, "_sudo": True}),
    ("pwd", {"_chdir": "/usr"}),
    ("pwd", {"_chdir": "/no such"}),
    ("echo $0", {"_shell_executable": "bash"}),
    ("sleep 5 & echo started", {}),
    ("echo before; kill -9 $$", {}),
    ("exec echo replaced", {}),
    ("exit 124", {}),
    ("cat /etc/shadow", {}),
    ("cat /etc/shadow | head -1", {"_sudo": True}),
    ("echo 'äöü €'; echo \"it's\" \\$HOME '`id`'", {}),
    ("cat <<EOF\nhere $((1+1))\nEOF", {}),
    ("seq 2000", {}),
    ("trap 'echo bye' EXIT; exit 2", {}),
    ("umask; ulimit -n >/dev/null; echo fine", {}),
]


def main() -> None:
    import json
    import sys

    from pyinfra.connectors.ssh import SSHConnector
    from pyinfra.facts import files, server

    from hardpoint import connector, inventory
    from hardpoint.session import Session, enter

    facts = [
        (server.Hostname, {}),
        (server.Kernel, {}),
        (server.Arch, {}),
        (server.Users, {}),
        (server.Groups, {}),
        (server.LinuxDistribution, {}),
        (server.Which, {"command": "sh"}),
        (server.Which, {"command": "no-such"}),
        (server.Command, {"command": "echo x; false"}),
        (files.File, {"path": "/etc/passwd"}),
        (files.File, {"path": "/no/such"}),
        (files.Directory, {"path": "/etc"}),
        (files.Sha256File, {"path": "/etc/passwd"}),
        (files.FindFiles, {"path": "/etc/apt"}),
        (files.FileContents, {"path": "/etc/hostname"}),
        (files.FileContents, {"path": "/etc/shadow", "_sudo": True}),
        (server.Home, {"user": "alice"}),
    ]

    def shown(run) -> list:
        try:
            good, output = run()
            return [good, output.stdout_lines, output.stderr_lines]
        except Exception as error:
            return [type(error).__name__]

    def fact(host, cls, arguments) -> str:
        try:
            return repr(host.get_fact(cls, **arguments))
        except Exception as error:
            return type(error).__name__

    loaded = inventory.load(sys.argv[1])
    hosts = [loaded.get_host(sys.argv[2])]
    session = Session(loaded, hosts)
    found: dict[str, list] = {}
    with session.phase() as state:

        def work(host) -> None:
            enter(host, state)
            ours = host.connector
            requests = [connector.request_for(command, given) for command, given in COMMANDS]
            before = ours.execs
            answers = ours.execute(requests)
            found["execs"] = [ours.execs - before]
            found["batched"] = [
                shown(lambda a=answer, g=given: connector.result_of(a, g))
                for answer, (_, given) in zip(answers, COMMANDS, strict=True)
            ]
            found["single"] = [
                shown(lambda c=command, g=given: ours.run_shell_command(c, **g))
                for command, given in COMMANDS
            ]
            found["facts"] = [fact(host, cls, given) for cls, given in facts]
            stock = SSHConnector(state, host)
            stock.client = ours.client
            found["stock"] = [
                shown(lambda c=command, g=given: stock.run_shell_command(c, **dict(g)))
                for command, given in COMMANDS
            ]
            host.connector = stock
            found["stock facts"] = [fact(host, cls, given) for cls, given in facts]
            host.connector = ours

        results = session.each(state, hosts, work)
    for error in results.values():
        if error is not None:
            raise error
    print(json.dumps(found))


if __name__ == "__main__":
    main()
