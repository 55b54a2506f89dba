"""Which program a command line runs, and with which flags; changed in place, all else kept."""

from __future__ import annotations

import pytest

from hardpoint.hostside.payload import command_flags, command_line, exec_lines
from hardpoint.hostside.payload.errors import Refusal

PROGRAMS = [
    "vllm",
    "-m vllm.entrypoints.openai.api_server",
    "main.py",
    "jupyter lab",
    "ollama",
    "open-webui",
    "@playwright/mcp",
    "mcp-proxy",
]
FLAGS = ["--host", "--listen", "-H", "--ip", "--ServerApp.ip"]


def seen(command: str):
    """(program, flags, variables) of the first program that a command line of systemd runs."""
    for words in exec_lines.lex(command):
        for run in command_line.runs(words, PROGRAMS):
            return run.program, command_flags.flags(run.arguments, FLAGS), run.variables
    return None


@pytest.mark.parametrize(
    ("command", "program", "flags"),
    [
        ("/opt/vllm/bin/vllm serve m --host 0.0.0.0", "vllm", {"--host": "0.0.0.0"}),
        ("/usr/bin/python3 /opt/vllm/bin/vllm serve m --host=0.0.0.0", "vllm", {"--host": "0.0.0.0"}),
        ("/usr/bin/python3.11 -u -W ignore /opt/vllm serve", "vllm", {}),
        (
            "/opt/v/bin/python -um vllm.entrypoints.openai.api_server --model x --host ::",
            "-m vllm.entrypoints.openai.api_server",
            {"--host": "::"},
        ),
        ("/usr/bin/python3 main.py --listen", "main.py", {"--listen": True}),
        ("/usr/bin/python3 main.py --listen --port 8188", "main.py", {"--listen": True}),
        ("/usr/bin/python3 /srv/c/main.py --listen 0.0.0.0,::", "main.py", {"--listen": "0.0.0.0,::"}),
        ("/usr/bin/jupyter lab --ip=0.0.0.0 --no-browser", "jupyter lab", {"--ip": "0.0.0.0"}),
        ("/usr/bin/jupyter --debug lab --ServerApp.ip='*'", "jupyter lab", {"--ServerApp.ip": "*"}),
        ("/usr/bin/ollama serve -H 1.2.3.4", "ollama", {"-H": "1.2.3.4"}),
        ("/usr/bin/ollama serve -H0.0.0.0:80", "ollama", {"-H": "0.0.0.0:80"}),
        ("/usr/bin/ollama serve -Help", "ollama", {}),
        ("/usr/bin/vllm serve --host a --host b", "vllm", {"--host": "b"}),
        ("/usr/bin/vllm serve -- --host b", "vllm", {}),
        ("/usr/bin/nice -n 5 /usr/bin/ionice -c2 -n 0 vllm serve --host x", "vllm", {"--host": "x"}),
        ("/usr/bin/numactl -N 0 --membind=0 taskset -c 0-3 vllm --host x", "vllm", {"--host": "x"}),
        ("/usr/bin/env -i -u A PATH=/bin vllm --host x", "vllm", {"--host": "x"}),
        ("/usr/bin/nohup setsid stdbuf -oL vllm --host x", "vllm", {"--host": "x"}),
        ("/usr/bin/sudo -nu svc -- vllm --host x", "vllm", {"--host": "x"}),
        ("/usr/bin/runuser -u svc -- vllm --host x", "vllm", {"--host": "x"}),
        ("/usr/bin/runuser -l svc -c 'vllm --host x'", "vllm", {"--host": "x"}),
        ("/usr/bin/flock -n /run/l vllm --host x", "vllm", {"--host": "x"}),
        ("/usr/bin/flock /run/l -c 'vllm --host x'", "vllm", {"--host": "x"}),
        ("/usr/bin/uv run --with x --directory /srv main.py --listen", "main.py", {"--listen": True}),
        ("/usr/bin/uv --directory /srv run vllm --host x", "vllm", {"--host": "x"}),
        ("/usr/bin/uvx --from 'vllm[all]==1' vllm serve --host x", "vllm", {"--host": "x"}),
        ("/usr/bin/uvx open-webui@latest serve --host x", "open-webui", {"--host": "x"}),
        ("/usr/bin/pipx run --spec a==1 open-webui serve", "open-webui", {}),
        ("/usr/bin/npx -y @playwright/mcp@0.0.41 --host ::", "@playwright/mcp", {"--host": "::"}),
        ("/usr/bin/bunx @playwright/mcp", "@playwright/mcp", {}),
        ("/usr/bin/deno run -A npm:@playwright/mcp@1 --host x", "@playwright/mcp", {"--host": "x"}),
        ("/usr/bin/node /u/node_modules/@playwright/mcp/cli.js --host=x", "@playwright/mcp", {"--host": "x"}),
        (
            "/usr/bin/conda run -n ai --no-capture-output python main.py --listen",
            "main.py", {"--listen": True},
        ),
        (
            "/bin/bash -lc 'cd /srv && exec vllm serve --host \"0.0.0.0\" > /tmp/l'",
            "vllm", {"--host": "0.0.0.0"},
        ),
        ("/bin/sh -c 'vllm --host $HOST'", "vllm", {"--host": None}),
        ("/bin/sh -c 'vllm --host=\"$HOST\"'", "vllm", {"--host": None}),
        ("/bin/sh -c 'vllm serve \"$MODEL\"'", "vllm", {}),
        ("/bin/sh -c 'vllm serve \"$@\"' - --host x", "vllm", dict.fromkeys(FLAGS)),
        (
            "/bin/sh -eux -o pipefail -c 'exec vllm $ARGS --host x'",
            "vllm", {**dict.fromkeys(FLAGS), "--host": "x"},
        ),
        ("/bin/sh /usr/local/bin/vllm --host x", "vllm", {"--host": "x"}),
    ],
)  # fmt: skip
def test_which_program_runs_with_which_flags(command: str, program: str, flags: dict) -> None:
    found = seen(command)
    assert found and found[:2] == (program, flags)


@pytest.mark.parametrize(
    "command",
    [
        "/usr/bin/docker run --rm vllm/vllm-openai --host 0.0.0.0",
        "/usr/bin/podman run ollama serve",
        "/usr/bin/python3 -c 'import vllm' vllm",
        "/usr/bin/grep vllm /etc/passwd",
        "/usr/bin/jupyter notebook",
        "/usr/bin/uv pip install vllm",
        "/usr/bin/npm install @playwright/mcp",
        "/bin/sh -c 'echo \"'",
        "/usr/bin/vllm 'not closed",
        "",
    ],
)
def test_what_runs_something_else_is_none_of_them(command: str) -> None:
    assert seen(command) is None


@pytest.mark.parametrize(
    ("command", "variables"),
    [
        ("/usr/bin/env OLLAMA_HOST=0.0.0.0 A=1 ollama serve", {"OLLAMA_HOST": "0.0.0.0", "A": "1"}),
        ("/bin/sh -c 'OLLAMA_HOST=:80 exec ollama serve'", {"OLLAMA_HOST": ":80"}),
        ("/bin/sh -c 'export OLLAMA_HOST=$X; ollama serve'", {"OLLAMA_HOST": None}),
    ],
)
def test_variables_that_the_command_sets(command: str, variables: dict) -> None:
    found = seen(command)
    assert found and found[2] == variables


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        ("vllm serve --host 0.0.0.0  -x", {"--host": "::1"}, "vllm serve --host ::1  -x"),
        ("vllm '--host=0.0.0.0' -x", {"--host": "::1"}, "vllm '--host=::1' -x"),
        ('vllm --host="0.0.0.0" -x', {"--host": "::1"}, 'vllm --host="::1" -x'),
        (r"vllm --host \x30.0.0.0 -x", {"--host": "::1"}, "vllm --host ::1 -x"),
        ("vllm --host a --host=b", {"--host": "::1"}, "vllm --host ::1 --host=::1"),
        ("vllm --host ''", {"--host": "::1"}, "vllm --host ::1"),
        ("vllm --host=", {"--host": "::1"}, "vllm --host=::1"),
        ("vllm -H0.0.0.0", {"-H": "::1"}, "vllm -H::1"),
        ("vllm serve m", {"--host": "::1"}, "vllm serve m --host ::1"),
        ("vllm", {"--host": "::1"}, "vllm --host ::1"),
        ("vllm -- m", {"--host": "::1"}, "vllm --host ::1 -- m"),
        ("vllm m -- n", {"--host": "::1"}, "vllm m --host ::1 -- n"),
        ("python3 main.py --listen --x", {"--listen": None}, "python3 main.py --x"),
        ("python3 main.py --listen", {"--listen": "::1"}, "python3 main.py --listen ::1"),
        ("python3 main.py --listen 0.0.0.0 -x", {"--listen": None}, "python3 main.py -x"),
        ("vllm %% \"a b\" 'it''s' \\x41 --host b", {"--host": "c"}, "vllm %% \"a b\" 'it''s' \\x41 --host c"),
        ("vllm --host ${HOST} x", {"--host": "::1"}, "vllm --host ::1 x"),
        ("vllm --host=${HOST}", {"--host": "::1"}, "vllm --host=::1"),
        ("vllm $ARGS", {"--host": "::1"}, "vllm $ARGS --host ::1"),
        ("sh -c 'exec vllm --host 0.0.0.0 >/l'", {"--host": "::1"}, "sh -c 'exec vllm --host ::1 >/l'"),
        (
            "sh -c 'exec vllm --host \"0.0.0.0\" >/l'",
            {"--host": "::1"}, "sh -c 'exec vllm --host \"::1\" >/l'",
        ),
        ("sh -c \"vllm --host=\\\"$H\\\" x; y\"", {"--host": "::1"}, "sh -c \"vllm --host=::1 x; y\""),
        (
            "sh -c 'cd /x && vllm m >/l 2>&1'",
            {"--host": "::1"}, "sh -c 'cd /x && vllm m --host ::1 >/l 2>&1'",
        ),
        ("sh -c 'exec vllm'", {"--host": "::1"}, "sh -c 'exec vllm --host ::1'"),
    ],
)  # fmt: skip
def test_a_flag_is_changed_where_it_stands(before: str, changes: dict, after: str) -> None:
    made = command_flags.edited("/bin/env " + before, exec_lines.lex, PROGRAMS, changes, add=True)
    assert made == "/bin/env " + after


@pytest.mark.parametrize(
    ("command", "changes"),
    [
        ("vllm --host 0.0'.0.0'", {"--host": "::1"}),
        ("sh -c 'vllm --host \"'", {"--host": "::1"}),
        ("vllm m", {"--host": "a b"}),
        ("vllm m", {"--host": "$(x)"}),
        ("other m", {"--host": "::1"}),
    ],
)
def test_what_cannot_be_changed_safely_is_refused(command: str, changes: dict) -> None:
    text = "/bin/env " + command
    try:
        made = command_flags.edited(text, exec_lines.lex, PROGRAMS, changes, add=True)
    except Refusal:
        return
    assert made == text or seen(made)[1] == changes


def test_a_flag_that_is_not_there_is_added_only_where_asked() -> None:
    text = "/usr/bin/vllm serve m"
    made = command_flags.edited(text, exec_lines.lex, PROGRAMS, {"--host": "::1"}, add=False)
    assert made == text
