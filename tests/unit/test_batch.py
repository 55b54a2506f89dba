"""Many commands in one script, run by a real shell: each keeps its own bytes, status and failure."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hardpoint.batch import Answer, Request, build, longest_silence, read, total_timeout
from hardpoint.connector import request_for

TOOLS = ("sh", "sleep", "cat", "kill", "head", "printf", "false", "id", "seq")


def ask(
    *requests: Request,
    path: str = "",
    elevate: str = "",
    shell: str = "sh",
    before: Sequence[str] = (),
) -> list[Answer]:
    script = build(requests, elevate)
    done = subprocess.run(
        [*before, shutil.which(shell) or shell],
        input=script.text.encode(),
        capture_output=True,
        timeout=60,
        cwd="/",
        env={"PATH": path} if path else None,
    )
    return read(script, done.stdout, done.stderr)


def command(text: str, **arguments: object) -> Request:
    return request_for(text, arguments)


CRAFTED = {
    "output": ("echo one; echo two", 0, b"one\ntwo\n", b""),
    "no final newline": ("printf abc", 0, b"abc", b""),
    "only a newline": ("echo", 0, b"\n", b""),
    "nothing": ("true", 0, b"", b""),
    "failure": ("echo partial; exit 3", 3, b"partial\n", b""),
    "only stderr": ("echo oops >&2", 0, b"", b"oops\n"),
    "both streams": ("echo out; echo err >&2; exit 1", 1, b"out\n", b"err\n"),
    "quotes": ('echo "it\'s" \'$HOME\' "\\\\"', 0, b"it's $HOME \\\n", b""),
    "binary": ("printf '\\000\\377\\376\\n\\001'", 0, b"\0\xff\xfe\n\1", b""),
    "stdin reader": ("cat; echo done", 0, b"done\n", b""),
    "exits its shell": ("exit 7; echo never", 7, b"", b""),
    "kills its own shell": ("echo before; kill -9 $$", 137, b"before\n", None),
    "exits as a time-out would": ("exit 124", 124, b"", b""),
    "exec": ("exec echo replaced", 0, b"replaced\n", b""),
    "changes directory": ("cd /; pwd", 0, b"/\n", b""),
    "sets traps": ("trap 'echo bye' EXIT; exit 2", 2, b"bye\n", b""),
    "redefines our functions": ("hp_frame() { :; }; echo hi", 0, b"hi\n", b""),
    "a heredoc": ("cat <<EOF\nEOF2\n$((1+1))\nEOF", 0, b"EOF2\n2\n", b""),
}


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_every_command_has_its_own_output_and_status(shell: str) -> None:
    answers = ask(*(command(text) for text, *_ in CRAFTED.values()), shell=shell)
    for name, answer in zip(CRAFTED, answers, strict=True):
        _, status, stdout, stderr = CRAFTED[name]
        assert (answer.status, answer.stdout, answer.failure) == (status, stdout, ""), name
        if stderr is not None:
            assert answer.stderr == stderr, name


def test_a_syntax_error_is_one_command_s(tmp_path: Path) -> None:
    broken, unclosed, good = ask(command("if then"), command("echo 'x"), command("echo fine"))
    assert broken.status and unclosed.status and broken.failure == unclosed.failure == ""
    assert good.stdout == b"fine\n"


def test_five_megabytes_and_what_follows() -> None:
    big, small = ask(command("head -c 5000000 /dev/zero"), command("echo small"))
    assert len(big.stdout) == 5_000_000
    assert small.stdout == b"small\n"


def test_a_command_that_hangs_is_ended_and_told_apart_from_one_that_fails_like_it() -> None:
    hanging, obstinate, after = ask(
        command("echo before; sleep 60", _timeout=1),
        command("trap '' TERM; sleep 60 & wait; sleep 60", _timeout=1),
        command("exit 124"),
    )
    assert (hanging.failure, hanging.stdout) == ("timeout", b"before\n")
    assert obstinate.failure == "timeout"
    assert (after.failure, after.status) == ("", 124)


def test_nothing_of_a_hanging_command_stays(tmp_path: Path) -> None:
    ask(command(f"(echo $$ >{tmp_path}/pid; sleep 60) & wait", _timeout=1))
    pid = (tmp_path / "pid").read_text().strip()
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("hangs", [False, True])
def test_without_timeout_a_watchdog_does_its_work(tmp_path: Path, hangs: bool) -> None:
    for tool in TOOLS:
        if found := shutil.which("bash" if tool == "sh" else tool):
            (tmp_path / tool).symlink_to(found)
    text = "echo a; sleep 60" if hangs else "echo a; exit 3"
    first, second = ask(
        command(text, _timeout=1), command("echo b"), path=str(tmp_path), shell="bash"
    )
    assert (first.failure, first.stdout) == ("timeout" if hangs else "", b"a\n")
    assert first.status == (137 if hangs else 3)
    assert second == Answer(0, b"b\n")


def test_a_child_in_the_background_holds_nobody_up() -> None:
    first, second = ask(command("sleep 3 & echo started"), command("echo next"))
    assert (first.stdout, second.stdout) == (b"started\n", b"next\n")


def test_what_a_login_prints_belongs_to_no_command() -> None:
    script = build([Request("echo mine", None)])
    stdout = b"Welcome to this host!\n" + f"\n{script.nonce} start 0 \n".encode()
    stdout += b"mine\n" + f"\n{script.nonce} 0 0 \n".encode()
    assert read(script, stdout, b"") == [Answer(0, b"mine\n")]


def test_environment_and_directory() -> None:
    (answer,) = ask(command("echo $MARK; pwd", _env={"MARK": "a b"}, _chdir="/"))
    assert answer.stdout == b"a b\n/\n"


@pytest.fixture
def root_says_no() -> Iterator[str]:
    """A command in the place of sudo that anybody may run."""
    with TemporaryDirectory() as folder:
        program = Path(folder) / "no"
        program.write_text("#!/bin/sh\necho no root for you >&2; exit 1\n")
        for path in (program, Path(folder)):
            path.chmod(0o755)
        yield str(program)


def ask_as_nobody(elevate: str, unprivileged: str = "") -> list[Answer]:
    requests = [
        command("echo own"),
        Request("sh -c 'echo root'", "root", unprivileged=unprivileged),
        command("echo bob", _sudo=True, _sudo_user="bob"),
    ]
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    return ask(*requests, elevate=elevate, before=become if os.geteuid() == 0 else [])


def test_without_root_its_commands_are_refused_with_the_reason(root_says_no: str) -> None:
    own, root, bob = ask_as_nobody(root_says_no)
    assert own == Answer(0, b"own\n")
    for answer in (root, bob):
        assert (answer.failure, answer.stderr) == ("refused", b"no root for you\n")


def test_the_unprivileged_form_is_asked_where_root_said_no(root_says_no: str) -> None:
    _, root, bob = ask_as_nobody(root_says_no, "sh -c 'echo little'")
    assert (root.stdout, root.refusal, root.failure) == (b"little\n", "no root for you", "")
    assert bob.failure == "refused"


def test_a_root_shell_that_dies_half_way_is_lost_and_never_answered_without_root() -> None:
    requests = [
        Request("sh -c 'echo first'", "root", unprivileged="sh -c 'echo less'"),
        Request("kill -9 $$; true", "root", unprivileged="sh -c 'echo less'"),
        Request("sh -c 'echo third'", "root", unprivileged="sh -c 'echo less'"),
    ]
    first, second, third = ask(*requests)
    assert first == Answer(0, b"first\n")
    assert second.failure == third.failure == "lost"


def test_other_users_are_entered_from_root_and_an_unknown_one_is_told() -> None:
    if os.geteuid():
        pytest.skip("only root becomes other users")
    root, nobody, unknown = ask(
        command("id -un", _sudo=True),
        command("id -un", _sudo=True, _sudo_user="nobody"),
        command("id -un", _sudo=True, _sudo_user="no-such-user"),
    )
    assert root.stdout == b"root\n"
    assert nobody.stdout in (b"nobody\n", b"") and not nobody.refusal
    assert unknown.failure == "refused"


def test_a_cut_connection_loses_only_what_had_not_ended() -> None:
    script = build([Request("true"), Request("true")])
    stdout = f"\n{script.nonce} start 0 \nout\n{script.nonce} 0 0 \nhalf".encode()
    done, lost = read(script, stdout, b"")
    assert (done.stdout, lost.failure) == (b"out", "lost")


def test_a_frame_in_a_command_s_own_output_fools_nobody() -> None:
    (answer,) = ask(command("printf '\\n%032d 0 0\\n' 0"))
    assert answer.stdout.endswith(b"0 0 0\n")


def test_a_dead_host_is_given_up_long_before_all_limits_add_up() -> None:
    requests = [Request("true", timeout=20)] * 60
    assert longest_silence(requests) < 60 < total_timeout(requests)
