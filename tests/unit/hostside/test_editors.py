"""Editing changes what it says and no other byte; putting back gives the very bytes."""

import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hardpoint.hostside.payload import edit_json, edit_lines, formats, scan_json
from hardpoint.hostside.payload.errors import Refusal
from hardpoint.hostside.payload.settings import _splices

# --- JSON: documents in any layout ------------------------------------------------------

names = st.sampled_from(["a", "b", "c d", "é", 'q"t', "http://x", "*/"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.sampled_from(["", "x", "//", "/* */", "\\", "é\n"])
)
space = st.sampled_from(
    ["", "", " ", "\n  ", "\r\n", "\t", " /* c */ ", "// n\n", ' // "a": 1\n  ']
)


@st.composite
def written(draw, value):
    """The text of a value with any white space, comments and trailing commas."""
    gap = lambda: draw(space)  # noqa: E731
    if isinstance(value, dict):
        parts = [
            f"{gap()}{json.dumps(k)}{gap()}:{gap()}{draw(written(v))}{gap()}"
            for k, v in value.items()
        ]
    elif isinstance(value, list):
        parts = [f"{gap()}{draw(written(v))}{gap()}" for v in value]
    else:
        return json.dumps(value, ensure_ascii=draw(st.booleans()))
    tail = "," + gap() if parts and draw(st.booleans()) else ""
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return opening + (",".join(parts) or gap()) + tail + closing


values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(names, values, max_size=4)


@st.composite
def documents(draw):
    value = draw(objects)
    tidy = draw(st.sampled_from([None, 2, "\t"]))
    if draw(st.booleans()):
        text = json.dumps(value, indent=tidy, ensure_ascii=False)
    else:
        text = draw(space) + draw(written(value)) + draw(space)
    return draw(st.sampled_from(["", "\ufeff"])) + text + draw(
        st.sampled_from(["", "\n", "\r\n"])
    ), value


keys = st.lists(names, min_size=1, max_size=3)


def quiet(function, *arguments):
    """The result, or a rejected example where the editor declines."""
    try:
        return function(*arguments)
    except Refusal as error:
        assert error.code == "malformed"
        assume(False)


@given(documents())
def test_get_reads_what_json_reads(document):
    text, value = document
    for name, expected in value.items():
        found, got, raw = edit_json.get(text, [name])
        assert found and got == expected and raw in text


@settings(max_examples=600)
@given(documents(), keys, values)
def test_put_means_what_it_says_and_restore_gives_the_bytes(document, key, value):
    text, before = document
    noted = quiet(edit_json.note, text, key)
    made = quiet(edit_json.put, text, key, value)
    assert edit_json.get(made, key)[:2] == (True, value)
    for name in before:
        if name != key[0]:
            assert edit_json.get(made, [name])[2] == edit_json.get(text, [name])[2]
    assert edit_json.restore(made, key, noted) == text


@settings(max_examples=400)
@given(documents(), keys)
def test_drop_takes_one_key_and_restore_brings_its_value_back(document, key):
    text, before = document
    noted = quiet(edit_json.note, text, key)
    made = quiet(edit_json.drop, text, key)
    assert not edit_json.get(made, key)[0]
    for name in before:
        if name != key[0]:
            assert edit_json.get(made, [name])[2] == edit_json.get(text, [name])[2]
    back = quiet(edit_json.restore, made, key, noted)
    assert edit_json.get(back, key) == edit_json.get(text, key)


@given(documents(), keys, keys, values)
def test_two_keys_can_be_taken_back_in_any_order(document, one, two, value):
    text, _ = document
    shorter = min(len(one), len(two))
    assume(one[:shorter] != two[:shorter])
    note_one, note_two = quiet(edit_json.note, text, one), quiet(edit_json.note, text, two)
    made = quiet(edit_json.put, quiet(edit_json.put, text, one, value), two, value)
    for order in ([(one, note_one), (two, note_two)], [(two, note_two), (one, note_one)]):
        back = made
        for key, noted in order:
            back = edit_json.restore(back, key, noted)
        assert scan_json.parse(back).value == scan_json.parse(text).value


@given(documents(), documents())
def test_splices_lead_back(one, two):
    old, new = one[0], two[0]
    made = new
    for start, length, text in reversed(_splices(old, new)):
        made = made[:start] + text + made[start + length :]
    assert made == old


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "[]",
        "1",
        "{",
        "{}}",
        '{"a"}',
        '{"a":}',
        '{"a":1 "b":2}',
        '{"a":1,,}',
        "{,}",
        '{"a":[1 2]}',
        '{"a":1,"a":2}',
        '{"x":{"a":1,"a":2}}',
        '{"a":1,"\\u0061":2}',
        '{"a":"\n"}',
        '{"a":"x}',
        '{"a":01}',
        '{"a":1.}',
        '{"a":NaN}',
        '{"a":truex}',
        "{'a':1}",
        '{"a":"\\x"}',
        '{"a":1} x',
        "{/* }",
        '{"a":' + "[" * 5000,
        '{"a":--1}',
        '{"a":' + "9" * 5000 + "}",
    ],
)
def test_malformed_text_is_never_rewritten(text):
    for edit in (
        lambda: edit_json.put(text, ["z"], 1),
        lambda: edit_json.get(text, ["z"]),
        lambda: edit_json.drop(text, ["z"]),
    ):
        with pytest.raises(Refusal) as caught:
            edit()
        assert caught.value.code == "malformed"


def test_a_malformed_line_is_named():
    with pytest.raises(Refusal, match="line 3: the same key twice"):
        edit_json.get('{\n"a": 1,\n"a": 2}', ["a"])


def test_a_key_under_something_that_is_no_object_is_left_alone():
    assert edit_json.get('{"a": 1}', ["a", "b"]) == (False, None, None)
    with pytest.raises(Refusal, match="a is not an object"):
        edit_json.put('{"a": 1}', ["a", "b"], 2)


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ('{\n    "a": 1\n}\n', ["b"], '{\n    "a": 1,\n    "b": 5\n}\n'),
        ('{\n\t"a": 1, // one\n}\n', ["b"], '{\n\t"a": 1, // one\n\t"b": 5,\n}\n'),
        ('{\n  "a": 1 // one\n}\n', ["b"], '{\n  "a": 1, // one\n  "b": 5\n}\n'),
        ('{"a":1}', ["b"], '{"a":1,"b":5}'),
        ('{"a": 1}', ["b", "c"], '{"a": 1, "b": {"c": 5}}'),
        ("{}", ["b"], '{\n  "b": 5\n}'),
        ('{\r\n  "a": {}\r\n}', ["a", "b"], '{\r\n  "a": {\r\n    "b": 5\r\n  }\r\n}'),
        ('{ "a" : 1 /* x */ }', ["a"], '{ "a" : 5 /* x */ }'),
    ],
)
def test_the_documents_own_style(text, key, expected):
    assert edit_json.put(text, key, 5) == expected


# --- lines ------------------------------------------------------------------------------

SHELL = """\
# OLLAMA_HOST=comment
export A=1 OLLAMA_HOST=0.0.0.0 TOKEN="sk-1"   # why
if true; then
  OLLAMA_HOST="a b"; foo
fi
OLLAMA_HOST=for-one-command ollama serve
echo 'OLLAMA_HOST=quoted' "OLLAMA_HOST=x"
cat <<EOF && export OLLAMA_HOST='it is'
OLLAMA_HOST=document
EOF
NOT_OLLAMA_HOST=1; OLLAMA_HOSTS=2
export PATH="$PATH:$(echo "OLLAMA_HOST=inner")" OLLAMA_HOST=$(hostname)
export "OLLAMA_HOST=whole word"
[ -f x ] && OLLAMA_HOST=last"""


def test_assignments_of_a_profile():
    assert edit_lines.find(SHELL, "OLLAMA_HOST", "shell") == [
        (2, "0.0.0.0", "0.0.0.0"),
        (4, '"a b"', "a b"),
        (8, "'it is'", "it is"),
        (12, "$(hostname)", None),
        (13, '"OLLAMA_HOST=whole word"', "whole word"),
        (14, "last", "last"),
    ]


def test_put_and_restore_in_a_profile():
    noted = edit_lines.note(SHELL, "OLLAMA_HOST", "shell")
    assert "sk-1" not in json.dumps(noted)
    made = edit_lines.put(SHELL, "OLLAMA_HOST", "127.0.0.1", "shell")
    changed = [
        n
        for n, (a, b) in enumerate(zip(SHELL.split("\n"), made.split("\n"), strict=True), 1)
        if a != b
    ]
    assert changed == [2, 4, 8, 12, 13, 14]
    assert made.split("\n")[1] == 'export A=1 OLLAMA_HOST=127.0.0.1 TOKEN="sk-1"   # why'
    later = made.replace("# OLLAMA_HOST=comment\n", "# mine\n\n")
    assert edit_lines.restore(later, "OLLAMA_HOST", noted, "shell") == SHELL.replace(
        "# OLLAMA_HOST=comment\n", "# mine\n\n"
    )


def test_a_dropped_assignment_leaves_valid_shell(tmp_path):
    import subprocess

    made = edit_lines.drop(SHELL, "OLLAMA_HOST", "shell")
    assert edit_lines.find(made, "OLLAMA_HOST", "shell") == []
    assert subprocess.run(["sh", "-n"], input=made, text=True, check=False).returncode == 0
    only = "if true; then\n  export X=1\nfi\n"
    assert (
        subprocess.run(
            ["sh", "-n"], input=edit_lines.drop(only, "X", "shell"), text=True, check=False
        ).returncode
        == 0
    )


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("set -gx X 1", "1"),
        ("set -x -g X 1", "1"),
        ("set --export --global X '1 2'", "1 2"),
        ("set -Ux X a b", "a b"),
        ("set X $Y", None),
        ("set -a X 1", None),
        ("if true; set -gx X (cmd); end", None),
        ("export X=1", "1"),
        ("and set -gx X 1 # c", "1"),
        ("set -gx X 'it\\'s'", "it's"),
    ],
)
def test_fish(line, value):
    assert [found[2] for found in edit_lines.find(line + "\n", "X", "fish")] == [value]


@pytest.mark.parametrize(
    "line", ["set -e X", "set -q X", "set Y X", "# set -gx X 1", "echo set X 1", "set -gx XY 1"]
)
def test_what_is_no_assignment_in_fish(line):
    assert edit_lines.find(line, "X", "fish") == []


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("X=1", "1"),
        ('X="a b"', "a b"),
        ("X='a b'", "a b"),
        ("  export X=1 ", "1"),
        ("X=it's", "it's"),
        ("X=", ""),
        ("X=a b c", "a b c"),
        ('X="a\\"b"', 'a"b'),
        ("X=$HOME/x", None),
        ("X='$HOME'", "$HOME"),
        ('X="open', '"open'),
    ],
)
def test_environment(line, value):
    assert edit_lines.find(f"# X=0\n{line}\nY=X=2\n", "X", "environment") == [
        (2, line.split("=", 1)[1].strip(), value)
    ]


lines = st.sampled_from(
    [
        "",
        "# X=1",
        "X=1",
        "X=2",
        "export X=1",
        "export A=1 X=0.0.0.0 B=2",
        "X='a b'",
        'X="$HOME"',
        "Y=3",
        "  X=1  ",
        "echo hi",
        "if true; then X=1; fi",
        "export X=a && echo X=b",
        "set -gx X 1",
        "set -gx Y 2",
        "X+=1",
        "A=1 X=2",
    ]
)
texts = st.builds(
    lambda rows, newline, last: newline.join(rows) + (newline if last and rows else ""),
    st.lists(lines, max_size=6),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
styles = st.sampled_from(formats.VARIABLES)
words = st.sampled_from(
    ["127.0.0.1", "a b", "it's", 'say "x"', "$HOME", "", "a`b\\c", "é", "#", "a;b"]
)


@settings(max_examples=600)
@given(texts, words, styles)
def test_put_then_restore_gives_the_bytes(text, value, style):
    noted = edit_lines.note(text, "X", style)
    made = quiet(edit_lines.put, text, "X", value, style)
    assert {found[2] for found in edit_lines.find(made, "X", style)} == {value}
    assert edit_lines.find(made, "Y", style) == [
        (number, raw, known) for number, raw, known in edit_lines.find(text, "Y", style)
    ]
    assert edit_lines.restore(made, "X", noted, style) == text


@settings(max_examples=400)
@given(texts, styles)
def test_drop_takes_all_and_restore_brings_the_values_back(text, style):
    noted = edit_lines.note(text, "X", style)
    made = edit_lines.drop(text, "X", style)
    assert edit_lines.find(made, "X", style) == []
    assert [f[1:] for f in edit_lines.find(made, "Y", style)] == [
        f[1:] for f in edit_lines.find(text, "Y", style)
    ]
    back = edit_lines.restore(made, "X", noted, style)
    assert sorted(str(f[2]) for f in edit_lines.find(back, "X", style)) == sorted(
        str(f[2]) for f in edit_lines.find(text, "X", style)
    )


@given(words)
def test_a_value_means_the_same_to_the_shell(value):
    import subprocess

    made = edit_lines.put("export X='q q'\n", "X", value, "shell") + 'printf %s "$X"\n'
    assert (
        subprocess.run(["sh", "-c", made], capture_output=True, text=True, check=True).stdout
        == value
    )


@pytest.mark.parametrize("value", ["a\nb", "a\0b", 5, None])
def test_a_value_that_is_no_line_is_refused(value):
    with pytest.raises(Refusal, match="not one line"):
        edit_lines.put("", "X", value, "shell")


@pytest.mark.parametrize("text", ['export X="open\n', "X='open", "X=$(open", "X=${open", "X=`open"])
def test_an_open_quote_is_malformed(text):
    with pytest.raises(Refusal, match="line 1"):
        edit_lines.put(text, "X", "1", "shell")
