"""The lexer: the words that bash sees, and no text that makes it fail in any other way than its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.guard.conftest import PROGRAM, Judge

WORDS = """\
import json, sys
sys.path.insert(0, sys.argv[1])
sys.setrecursionlimit(3000)
import lex
from expand import fields
class State:
    cwd = "/"
    class places:
        home = "/home/x"
    def variable(self, name):
        return {"x": ["a b"], "e": [""]}.get(name, [])
    def substitute(self, found, process):
        return ["sub"]
out = []
for text in json.load(sys.stdin):
    try:
        ((command,),) = lex.parse(text)
        out.append([one[0] for word in command.words for one in fields(word, State())])
    except lex.Unreadable:
        out.append(None)
json.dump(out, sys.stdout)
"""

LINES = [
    "a b  c",
    "'a b' \"c d\" e\\ f",
    "a'b'\"c\"d",
    "'' \"\" a",
    r"$'\x41\101\u00e9\n' $'it\'s'",
    '"$x" $x ${x} "${x}c"',
    '"\\$x \\" \\\\ \\a"',
    "{a,b}c {1,2}{3,4} {a} {}",
    "a#b c # comment",
    "a\\\nb",
    "${x:-d} ${y:-d} ${y:+z} ${x#a} ${x%b} ${x/ /-} ${x:2:1} ${#e}q",
    "~ ~/a a~ '~'",
    "[ -f x ]",
    "a=b c=d --e={f,g}",
]


def words(lines: list[str]) -> list[list[str] | None]:
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", WORDS, PROGRAM],
        input=json.dumps(lines),
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash to compare with")
def test_it_sees_the_words_that_bash_sees() -> None:
    lines = [line for line in LINES if "${#" not in line and "${y:+" not in line]
    for line, got in zip(lines, words(["w " + line for line in lines]), strict=True):
        script = f"x='a b'; e=; set -f; w() {{ printf '%s\\0' \"$@\"; }}; w {line}\n"
        ran = subprocess.run(
            ["bash", "-c", script],
            capture_output=True,
            text=True,
            env={"HOME": "/home/x", "LC_ALL": "C.UTF-8"},
        )
        assert (got or [])[1:] == ran.stdout.split("\0")[:-1], line


@pytest.mark.parametrize(
    "text",
    [
        "'",
        '"',
        "`",
        "$(",
        "${",
        "((",
        "(",
        "{",
        "[[ a",
        "if",
        "if a; then b",
        "for x in a; do b",
        "case x in a) b",
        "a |",
        "a && (",
        "<",
        "a > ",
        ")",
        "}",
        "a ( b",
        "$'",
        "<(",
        "f() ",
        "(" * 5000,
        "$(" * 5000,
        '"${a' * 5000,
        "`" * 5001,
        "{a,b}" * 3000,
        "\\",
        "a" * 300_000,
    ],
    ids=lambda text: text[:12] + str(len(text)),
)
def test_broken_text_is_refused_or_harmless_and_never_a_crash(judge: Judge, text: str) -> None:
    assert judge([("Bash", {"command": text})])[0][0] != "crash"


MARKS = "' \" ` $ ( ) { } [ ] < > | & ; \\ # * ? ~ ! = + - / : , @ % ^ . \n \t"
OPERATORS = "$( ${ (( )) <<EOF\n EOF\n <<< >& &> [[ ]] $' ;; ||"
KEYWORDS = "if then fi for in do done case esac while function"
COMMANDS = "cat echo rm find xargs eval git env printf read awk curl sh -c base64 -d push -exec {}"
NAMES = "a x= $x ~/.ssh .env {a,b} ${x:- ${x// ${!x} \ue000 \udc80 \x00 é"


def split(text: str) -> list[str]:
    return [one for one in text.split(" ") if one]


PIECES = st.sampled_from(
    [
        *split(MARKS),
        *split(OPERATORS),
        *split(NAMES),
        *(f"{one} " for one in split(KEYWORDS) + split(COMMANDS)),
        " ",
    ]
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(PIECES, max_size=40).map("".join), min_size=40, max_size=40))
def test_no_text_crashes_the_guard(judge: Judge, texts: list[str]) -> None:
    found = judge([("Bash", {"command": one}) for one in texts])
    crashed = [(one, got) for one, got in zip(texts, found, strict=True) if got[0] == "crash"]
    assert crashed == []


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(PIECES, max_size=20).map("".join), min_size=30, max_size=30))
def test_no_code_crashes_the_guard(judge: Judge, texts: list[str]) -> None:
    found = judge([("exec", {"code": one}) for one in texts])
    crashed = [(one, got) for one, got in zip(texts, found, strict=True) if got[0] == "crash"]
    assert crashed == []
