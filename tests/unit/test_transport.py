"""One exec: its end, its silence, its size, and a password that goes nowhere but to sudo."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hardpoint import transport
from hardpoint.transport import (
    Limits,
    LocalStream,
    SudoRefused,
    run_script,
    run_script_as_root,
    sudo_refusal,
)

SOON = Limits(20, 5)
END = b"\nthe end"
LAST = "printf '\\nthe end\\n'; printf '\\nthe end\\n' >&2\n"


def test_a_script_longer_than_any_argument_and_both_streams() -> None:
    text = "".join(f": {'x' * 1000}\n" for _ in range(500))
    reply = run_script(LocalStream, f"{text}echo out; echo err >&2\n{LAST}", END, SOON)
    assert reply.complete
    assert reply.stdout.startswith(b"out\n") and reply.stderr.startswith(b"err\n")


def test_it_ends_with_the_last_frame_though_a_child_goes_on_talking() -> None:
    began = time.monotonic()
    reply = run_script(LocalStream, f"sleep 30 &\n{LAST}", END, SOON)
    assert reply.complete and time.monotonic() - began < 4


def test_silence_ends_it_long_before_the_total() -> None:
    began = time.monotonic()
    reply = run_script(LocalStream, "echo hello\nsleep 30\n", END, Limits(60, 1))
    assert not reply.complete and reply.stdout == b"hello\n"
    assert time.monotonic() - began < 4


def test_talk_without_end_is_ended_by_the_total() -> None:
    began = time.monotonic()
    script = "while :; do echo on; sleep 0.1; done\n"
    assert not run_script(LocalStream, script, END, Limits(1, 5)).complete
    assert time.monotonic() - began < 4


def test_too_much_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_OUTPUT", 1_000_000)
    began = time.monotonic()
    reply = run_script(LocalStream, "cat /dev/zero\n", END, Limits(60, 60))
    assert not reply.complete and len(reply.stdout) < 2_000_000
    assert time.monotonic() - began < 10


def test_a_shell_that_dies_ends_it_at_once() -> None:
    began = time.monotonic()
    assert not run_script(LocalStream, "kill -9 $$\n", END, Limits(60, 60)).complete
    assert time.monotonic() - began < 4


FAKE_SUDO = """#!/bin/sh
# $0 -k -S -p '' sh -c LOOP
echo "$*" >>{folder}/argv
{reads}
shift 4
exec "$@"
"""
RIGHT = """IFS= read -r given; echo "$given" >>{folder}/tries
[ "$given" = right ] || {{
echo "Sorry, try again." >&2; IFS= read -r again && echo "$again" >>{folder}/tries
echo "sudo: 1 incorrect password attempt" >&2; exit 1; }}"""


@pytest.fixture
def sudo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """sudo(needs_password): our own sudo comes first, and nobody is root."""

    def install(needs_password: bool) -> Path:
        reads = RIGHT.format(folder=tmp_path) if needs_password else ":"
        for name, text in (
            ("sudo", FAKE_SUDO.format(folder=tmp_path, reads=reads)),
            ("id", "#!/bin/sh\necho 1000\n"),
        ):
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return tmp_path

    return install


@pytest.mark.parametrize("needs_password", [True, False])
def test_the_password_is_read_by_sudo_or_by_nobody(sudo, needs_password: bool) -> None:
    folder = sudo(needs_password)
    reply = run_script_as_root(LocalStream, f"echo ran\n{LAST}", END, SOON, "right")
    assert reply.complete and b"ran\n" in reply.stdout
    assert b"right" not in reply.stdout + reply.stderr
    assert "right" not in (folder / "argv").read_text()


def test_an_unwanted_password_is_no_command(sudo) -> None:
    folder = sudo(False)
    run_script_as_root(LocalStream, LAST, END, SOON, f"touch {folder}/was-run")
    assert not (folder / "was-run").exists()


def test_a_wrong_password_is_one_attempt(sudo) -> None:
    folder = sudo(True)
    with pytest.raises(SudoRefused, match="the sudo password is wrong"):
        run_script_as_root(LocalStream, f"echo ran\n{LAST}", END, SOON, "wrong")
    assert (folder / "tries").read_text() == "wrong\n"


@pytest.mark.parametrize(
    "said, told",
    [
        ("sudo: a password is required", "--ask-sudo"),
        ("sudo: a terminal is required to read the password", "--ask-sudo"),
        ("Sorry, try again.\nsudo: 1 incorrect password attempt", "the sudo password is wrong"),
        ("pat is not in the sudoers file.", "may not use sudo"),
        ("sh: 1: sudo: not found", "connect as root"),
        ("env: 'sudo': No such file or directory", "connect as root"),
        ("", "sudo said: nothing"),
        ("first\nlast words", "sudo said: last words"),
    ],
)
def test_refusals_name_the_remedy_and_stay_what_they_are(said: str, told: str) -> None:
    once = sudo_refusal(said)
    assert told in once
    assert sudo_refusal(once) == once
