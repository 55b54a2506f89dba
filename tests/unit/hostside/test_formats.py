"""TOML, YAML, INI and Python: one key changes, every other byte stays, and the way back is exact."""

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hardpoint import hostside
from hardpoint.hostside.payload import formats, resources, scan_toml, tree
from hardpoint.hostside.payload.errors import Refusal

from .conftest import needs_root, setting
from .format_cases import CASES, COMPOSE, JUPYTER, QUADLET, STREAMLIT
from .test_shipping import VERSIONS

NEW = ("toml", "yaml", "ini", "python")


def look(style, text, key):
    return formats.editor(style).look(text, key)


def stored(noted):
    """A note as the journal gives it back."""
    return json.loads(json.dumps(noted))


def refused(style, text, key=("a", "b"), value="x"):
    """The code and message with which a change is refused."""
    with pytest.raises(Refusal) as caught:
        formats.editor(style).put(text, list(key), value)
    return caught.value.code, caught.value.message


@pytest.mark.parametrize(("style", "text", "key", "value", "expected"), CASES)
def test_an_edit_and_the_way_back(style, text, key, value, expected):
    editor = formats.editor(style)
    noted = editor.note(text, key)
    made = editor.put(text, key, value)
    assert made == expected
    assert editor.data(made, key) == (True, value)
    assert editor.put(made, key, value) == made
    assert editor.restore(made, key, stored(noted)) == text


@pytest.mark.parametrize(("style", "text", "key", "value", "expected"), CASES)
def test_the_way_back_after_somebody_elses_edit(style, text, key, value, expected):
    """A line before, and where the format has room for it one behind."""
    before = "// mine\n" if style == "json" else "# mine\n"
    behind = {"yaml": "zz: mine\n", "toml": "\n[zz]\nmine = 1\n", "ini": "\n[zz]\nmine=1\n"}
    behind["python"] = "c.Zz.mine = 1\n"
    skip = text.startswith(("\ufeff", "{")) or not text.endswith("\n") or "\n---\n" in text
    if skip:
        return

    def edited(one):
        nl = "\r\n" if "\r\n" in text else "\n"
        return (before + one + behind[style]).replace("\r\n", "\n").replace("\n", nl)

    editor = formats.editor(style)
    noted = editor.note(text, key)
    assert editor.restore(edited(editor.put(text, key, value)), key, stored(noted)) == edited(text)


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.12", "3.13"])
def test_every_supported_python_edits_alike(tmp_path, version):
    found = sorted(VERSIONS.glob(f"{version}.*/bin/python3"))
    if not found:
        pytest.skip(f"no Python {version} here")
    (tmp_path / "yaml").mkdir()
    (tmp_path / "yaml" / "__init__.py").touch()
    for name, path in hostside._needed(["edit_yaml"]).items():
        if name.startswith("yaml."):
            shutil.copy(path, tmp_path / "yaml")
    shutil.copytree(hostside.PAYLOAD, tmp_path / "payload")
    program = """if 1:
        import json, sys
        from payload import formats
        from payload.errors import Refusal
        for style, text, key, value, expected in json.load(sys.stdin):
            editor = formats.editor(style)
            noted = editor.note(text, key)
            made = editor.put(text, key, value)
            assert made == expected, (key, made)
            assert editor.restore(made, key, noted) == text, key
        for style in ("toml", "yaml", "ini", "python"):
            for text in ("[" * 100000, "a = (" * 50000, "-" * 200000, "a: " * 9999, "{" * 9999):
                try:
                    formats.editor(style).look(text, ["a", "b"])
                except Refusal:
                    pass
    """
    subprocess.run(
        [found[0], "-c", program],
        input=json.dumps(CASES),
        text=True,
        check=True,
        env={"PYTHONPATH": str(tmp_path), "PYTHONIOENCODING": "utf-8"},
    )


# --- reading ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "text", "key", "value", "line"),
    [
        ("yaml", COMPOSE, ["services", "ollama", "ports"], ["11434:11434", "8080:80"], 9),
        ("yaml", COMPOSE, ["services", "second", "ports", "0"], "3000:8080", 19),
        ("yaml", COMPOSE, ["services", "ollama", "logging", "driver"], "json-file", 3),
        ("yaml", "a: yes\n", ["a"], True, 1),
        ("yaml", "a: 22:22\nb: 010\nc: 2020-01-01\n", ["a"], "22:22", 1),
        ("yaml", "a: 010\n", ["a"], "010", 1),
        ("yaml", "a: ~\n", ["a"], None, 1),
        ("yaml", "a: !!str 1\n", ["a"], "1", 1),
        ("yaml", 'a: "\\x41\\u00e9"\n', ["a"], "Aé", 1),
        ("yaml", "a:\n  - b: {c: [1, 2.5, no]}\n", ["a", "0", "b", "c"], [1, 2.5, False], 2),
        ("yaml", "a: &x {b: 1}\nc: {<<: [*x, {b: 2}], d: 3}\n", ["c", "b"], 1, 1),
        (
            "yaml",
            "a: &x {b: 1, e: 0}\nc: {<<: [*x, {b: 2}], d: 3, e: 4}\n",
            ["c"],
            {"b": 1, "e": 4, "d": 3},
            2,
        ),
        ("toml", STREAMLIT, ["server", "folders"], ["a", "b"], 11),
        ("toml", 'a = """\n1\\\n   2"""', ["a"], "12", 1),
        ("toml", "a = 0x1F\nb = 1979-05-27 07:32:00Z", ["b"], "1979-05-27 07:32:00Z", 2),
        ("toml", "[a]\nb = {c.d = 1}", ["a", "b", "c", "d"], 1, 2),
        ("ini", QUADLET, ["Container", "PublishPort"], ["11434:11434", "8080:80"], 7),
        ("ini", QUADLET, ["Container", "Exec"], "serve --all", 10),
        ("ini", QUADLET, ["Container", "Image", "0"], "docker.io/ollama/ollama", 6),
        ("python", JUPYTER, ["ServerApp", "ip"], "0.0.0.0", 9),
        ("python", "c.A.b = ('x'\n  'y')\n", ["A", "b"], "xy", 1),
        ("python", "if x:\n  c.A.b = 1\nc.A.b = 2\n", ["A", "b"], 2, 3),
    ],
)
def test_what_a_key_says(style, text, key, value, line):
    assert look(style, text, key) == {"value": value, "line": line, "computed": None}


@pytest.mark.parametrize(
    ("style", "text", "key"),
    [
        ("yaml", COMPOSE, ["services", "nobody"]),
        ("yaml", COMPOSE, ["services", "ollama", "ports", "2"]),
        ("yaml", COMPOSE, ["other"]),
        ("yaml", "", ["a"]),
        ("toml", STREAMLIT, ["server", "address"]),
        ("ini", QUADLET, ["Unit", "Image"]),
        ("python", JUPYTER, ["ServerApp", "token"]),
        ("python", '"""\nc.A.b = 1\n"""\n# c.A.b = 2\n', ["A", "b"]),
    ],
)
def test_what_is_not_there(style, text, key):
    assert look(style, text, key) is None


@pytest.mark.parametrize(
    "text",
    [
        "import os\nc.A.b = os.environ.get('X', '0.0.0.0')\n",
        "c.A.b = 1\nif x:\n    c.A.b = 2\n",
        "try:\n    c.A.b = 2\nexcept E: pass\n",
        "def f():\n    c.A.b = 2\nf()\nc.A.b = 1\n",
        "c.A.b = c.A.d = 1\n",
        "c.A.b, x = 1, 2\n",
        "c.A.b = {1, 2}\n",
        "c.A.b = f'{x}'\n",
        "c.A.b = 1\nc.A.b += 1\n",
        "c.A.b = []\nc.A.b.append(1)\n",
        "c.A.b = 1\nc.A.update({'b': 2})\n",
        "c.A = {'b': 1}\n",
        "c['A']['b'] = 1\n",
        "setattr(c.A, 'b', 1)\n",
        "cfg = get_config()\ncfg.A.b = 1\n",
        "get_config().A.b = 1\n",
        "c.A.b = 1\nload_subconfig('more.py')\n",
        "c.A.b = 1\nexec('c.A.b = 2')\n",
        "c.A.b = 1\nfrom other import *\n",
        "from other import config as c\nc2 = c\n",
        "c = other()\n",
        "for c.A.b in x: pass\n",
        "with x as c.A.b: pass\n",
        "c.A.b = 1\ndel c.A.b\n",
        "c.A.b: str = g()\n",
    ],
)
def test_what_only_python_knows_is_computed_and_never_rewritten(text):
    seen = look("python", text, ["A", "b"])
    assert seen["value"] is None and seen["computed"]
    code, message = refused("python", text, ["A", "b"])
    assert code == "computed" and "by hand" in message


def test_a_tag_of_an_application_is_computed():
    text = "services:\n  a:\n    ports: !override [1]\n    b: !reset null\n"
    assert look("yaml", text, ["services", "a", "ports"])["computed"]
    assert refused("yaml", text, ["services", "a", "b"])[0] == "computed"


def test_an_indented_line_is_ambiguous():
    """systemd reads two settings, Python's configparser one of two lines."""
    text = "[a]\nb=1\n  c=2\n"
    assert look("ini", text, ["a", "b"])["computed"] == "1"
    assert look("ini", text, ["a", "c"])["computed"] == "2"


# --- anchors ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    [["services", "second", "ports", "0"], ["services", "second", "image"]],
)
def test_what_comes_through_a_merge_is_refused_and_named(key):
    code, message = refused("yaml", COMPOSE, key)
    assert code == "shared" and "line 17" in message


def test_what_comes_through_an_alias_is_refused_and_named():
    code, message = refused("yaml", COMPOSE, ["services", "ollama", "logging", "driver"])
    assert code == "shared" and "line 2" in message
    assert refused("yaml", COMPOSE, ["services", "ollama", "logging", "new"])[0] == "shared"


def test_a_bomb_is_neither_expanded_nor_slow():
    rows = ["a0: &a0 [x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    text = "\n".join(rows) + "\nz: 1\n"
    assert formats.editor("yaml").put(text, ["z"], 2).endswith("z: 2\n")
    with pytest.raises(Refusal, match="expands"):
        look("yaml", text, ["a39"])
    merges = ["m0: &m0 {a: 1}"]
    merges += [f"m{n}: &m{n} {{<<: [*m{n - 1}, *m{n - 1}]}}" for n in range(1, 60)]
    assert look("yaml", "\n".join(merges), ["m59", "nothing"]) is None
    with pytest.raises(Refusal, match="expands"):
        look("yaml", "\n".join(merges), ["m59"])


@pytest.mark.parametrize(
    "text", ["a: &a [*a]\n", "a: *b\n", "a: &a {<<: *a}\n", "x: &x 1\n---\ny: *x\n"]
)
def test_an_alias_without_a_whole_anchor(text):
    assert refused("yaml", text)[0] == "malformed"


# --- hostile text -----------------------------------------------------------------------

BAD = {
    "yaml": ["a: [", "a: 'x", "a: 1\na: 2", '"a": 1\na: 2', "\ta: 1", "a:\n\tb: 1", "a: b: c", "- 1",
             "just text", "a: {b", "%YAML 9.9\n---\na: 1", "a: \x01", '"\\UFFFFFFFF": 1', "a: &", "}"],
    "toml": ["a", "a =", "a = 1 b = 2", "a = 1\na = 2", "[a]\n[a]", "a = 'x", 'a = "x\n"', 'a = """x',
             "a = '''x", "a = [1", "a = {b = 1", "a = {b = 1,}", "[a", "[[a]", "a.b = 1\na = 2",
             "a = 01", "a = 1__0", 'a = "\\x"', "a = {}\n[a.b]", "[a]\nb.c = 1\n[a.b]", "= 1", "a = \x00",
             "[[a]]\n[a]", "a = []\n[[a]]", 'a = "\\uD800"', "a = tru", "a = 1.", "[a]\r[b]"],
    "ini": ["[a", "[a\nb=1"],
    "python": ["c.A.b = (", "x = '", "if x:\n", "  c.A.b = 1\nx", "c.A.b = 1 2", "print 'x'"],
}  # fmt: skip


@pytest.mark.parametrize(("style", "text"), [(s, t) for s, texts in BAD.items() for t in texts])
def test_malformed_text_is_never_rewritten(style, text):
    editor = formats.editor(style)
    for edit in (editor.look, editor.note, editor.drop, lambda *a: editor.put(*a, "x")):
        with pytest.raises(Refusal) as caught:
            edit(text, ["zz", "b"])
        assert caught.value.code == "malformed"
        assert "line" in caught.value.message


@pytest.mark.parametrize("style", NEW)
@pytest.mark.parametrize(
    "text",
    [
        "x" * 2**20,
        "a: 1\n" * 2**18,
        "[" * 2**20,
        "{" * 2**19,
        "a = " + "[" * 100_000,
        "a: " + "[" * 100_000,
        "a: " + "- " * 100_000,
        "a = (" * 50_000,
        "a = " + "-" * 200_000 + "1",
        "a." * 100_000 + "b = 1",
        'a = """' * 50_000,
        "a = 1\0",
        "".join(f"{' ' * n}a:\n" for n in range(700)),
        "\\" * 400_000,
        "a=b \\\n" * 50_000,
        "'" * 300_000,
        "&a " * 100_000,
        "? " * 100_000,
    ],
    ids=range(18),
)
def test_hostile_text_is_refused_in_time(style, text):
    import time

    began = time.monotonic()
    with pytest.raises(Refusal) as caught:
        formats.editor(style).look(text, ["a", "b"])
        raise Refusal("malformed", "it was read")
    assert caught.value.code in ("malformed", "too-big")
    assert time.monotonic() - began < 8


@pytest.mark.parametrize(
    ("style", "value"),
    [
        ("toml", None), ("toml", 2**64), ("toml", float("nan")), ("toml", [1, None]), ("yaml", float("inf")),
        ("yaml", {1: 2}), ("yaml", {"a"}), ("ini", 1), ("ini", "a\nb"), ("ini", " a"), ("ini", "a\\"),
        ("ini", "a\0"), ("python", object()), ("python", float("nan")),
    ],
)  # fmt: skip
def test_a_value_that_the_format_cannot_hold(style, value):
    assert refused(style, "", ["a", "b"], value)[0] == "bad-request"


@pytest.mark.parametrize(
    ("style", "text", "key"),
    [
        ("yaml", "a: 1\n", ["a", "b"]),
        ("yaml", "a: [1]\n", ["a", "b"]),
        ("yaml", "a: [1]\n", ["a", "1"]),
        ("toml", "a = 1\n", ["a", "b"]),
        ("toml", "a = [1]\n", ["a", "1"]),
        ("toml", "[a.b]\nc = 1\n", ["a", "b"]),
        ("yaml", "? {a: 1}\n: 2\nb: {c, d}\n", ["b", "c"]),
    ],
)
def test_a_place_that_takes_no_key_is_left_alone(style, text, key):
    assert refused(style, text, key)[0] == "malformed"


def test_one_line_of_several_must_be_named():
    assert "number" in refused("ini", QUADLET, ["Container", "PublishPort"])[1]
    assert "2 lines" in refused("ini", QUADLET, ["Container", "PublishPort", "3"])[1]


# --- properties -------------------------------------------------------------------------

names = st.sampled_from(["a", "b", "c d", "é", "8", "x.y", "true"])
texts = st.sampled_from(
    ["", "x", "0.0.0.0", "yes", "1", "a: b", "# c", "it's", 'say "x"', "é", "\\", "-", "[x", "null"]
)
scalars = st.booleans() | st.integers(-(2**40), 2**40) | texts | st.sampled_from([0.5, -1.25])
data = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
mappings = st.dictionaries(names, data, max_size=4)
paths = st.lists(names, min_size=1, max_size=3)


def quiet(function, *arguments):
    """The result, or a rejected example where the editor declines."""
    try:
        return function(*arguments)
    except Refusal as error:
        assert error.code in ("malformed", "shared")
        assume(False)


def unread(value, key):
    """Without the key and what became empty with it."""
    value = json.loads(json.dumps(value))
    holders = [value]
    for name in key[:-1]:
        holders.append(holders[-1].get(name) if isinstance(holders[-1], dict) else None)
    for holder, name in zip(reversed(holders), reversed(key), strict=True):
        if isinstance(holder, dict) and (name == key[-1] or holder.get(name) in ({}, None)):
            holder.pop(name, None)
    return value


@st.composite
def yaml_texts(draw):
    flow = draw(st.sampled_from([None, True, False]))
    text = yaml.safe_dump(draw(mappings), default_flow_style=flow, allow_unicode=True)
    lines = []
    for line in text.splitlines():
        plain = ": " in line and line.lstrip()[:1].isalpha() and "'" not in line and '"' not in line
        if draw(st.integers(0, 5)) == 0 and flow is False:
            lines.append("# a comment")
        lines.append(line + ("  # why" if plain and flow is False and draw(st.booleans()) else ""))
    made = draw(st.sampled_from(["\n", "\r\n"])).join(lines)
    return made + draw(st.sampled_from(["", "\n", "\n\n"]))


@settings(max_examples=500, deadline=None)
@given(yaml_texts(), paths, data)
def test_yaml_put_and_restore(text, key, value):
    editor = formats.editor("yaml")
    before = yaml.safe_load(text) or {}
    noted = quiet(editor.note, text, key)
    made = quiet(editor.put, text, key, value)
    after = yaml.safe_load(made)
    assert editor.data(made, key) == (True, value)
    assert unread(after, key) == unread(before, key)
    assert editor.restore(made, key, stored(noted)) == text


def toml(value, draw):
    """A document of a mapping, in several styles."""
    quoted = json.dumps

    def bare(name):
        plain = name in ("a", "b", "8", "true") and draw(st.booleans())
        return name if plain else quoted(name)

    def one(inner):
        if isinstance(inner, dict):
            pairs = [f"{bare(name)} = {one(value)}" for name, value in inner.items()]
            return "{ " + ", ".join(pairs) + " }"
        if isinstance(inner, list):
            gap = draw(st.sampled_from(["", " ", "\n  ", " # c\n"]))
            return "[" + gap + ("," + gap).join(map(one, inner)) + gap + "]"
        if isinstance(inner, str) and "'" not in inner and draw(st.booleans()):
            return draw(st.sampled_from([f"'{inner}'", f"'''{inner}'''"]))
        return json.dumps(inner, ensure_ascii=False)

    lines, tables = [], []
    for name, inner in value.items():
        style = draw(st.sampled_from(["inline", "table", "dotted"]))
        if isinstance(inner, dict) and style == "table":
            tables += [
                "",
                f"[{bare(name)}]",
                *(f"{bare(k)}={one(v)}  # c" for k, v in inner.items()),
            ]
        elif isinstance(inner, dict) and inner and style == "dotted":
            lines += [f"{bare(name)}.{bare(k)} = {one(v)}" for k, v in inner.items()]
        else:
            lines.append(f"{bare(name)} = {one(inner)}")
    return "\n".join([*lines, *tables]) + draw(st.sampled_from(["", "\n", "\n# end\n"]))


@st.composite
def toml_texts(draw):
    text = toml(draw(mappings), draw)
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # a comment between the items of an inline table's list
        assume(False)
    return text


@settings(max_examples=500, deadline=None)
@given(toml_texts(), paths, data)
def test_toml_put_and_restore(text, key, value):
    editor = formats.editor("toml")
    before = tomllib.loads(text)
    assert tree.plain(scan_toml.parse(text)) == before
    noted = quiet(editor.note, text, key)
    made = quiet(editor.put, text, key, value)
    assert editor.data(made, key) == (True, value)
    assert unread(tomllib.loads(made), key) == unread(before, key)
    assert editor.restore(made, key, stored(noted)) == text


@settings(max_examples=400, deadline=None)
@given(st.text(st.sampled_from("ab=.[]{}'\"#\n \\,1_-:TZe+"), max_size=30))
def test_toml_takes_nothing_that_python_refuses(text):
    """And reads the same: the other way round some of TOML may be refused."""
    try:
        seen = tree.plain(scan_toml.parse(text))
    except Refusal:
        return
    theirs = tomllib.loads(text)
    assert (
        json.dumps(theirs, default=lambda date: None, sort_keys=True).count("null")
        or seen == theirs
    )


ini_lines = st.sampled_from(
    ["", "# c", "; c", "[a]", "[b]", "[a b]", "a=1", "a = 2", "b=x y", "a=", "c: 3", "b=x \\", "  y",
     "a=[x]", "junk"]
)  # fmt: skip
ini_texts = st.builds(
    lambda rows, newline, last: newline.join(rows) + (newline if last and rows else ""),
    st.lists(ini_lines, max_size=8), st.sampled_from(["\n", "\r\n"]), st.booleans(),
)  # fmt: skip
words = st.sampled_from(["", "x", "0.0.0.0", "a=b", "# no comment", "[x]", "é", "a b"])


@settings(max_examples=600, deadline=None)
@given(ini_texts, st.sampled_from(["a", "b", "new", ""]), st.sampled_from("abz"), words)
def test_ini_put_and_restore(text, section, name, value):
    editor = formats.editor("ini")
    many = editor.data(text, [section, name])[1]
    key = [section, name, "1"] if isinstance(many, (list, dict)) else [section, name]
    try:
        noted = editor.note(text, key)
        made = editor.put(text, key, value)
    except Refusal as error:
        assert error.code in ("malformed", "computed")
        return
    assert editor.data(made, key) == (True, value)
    for other in "abz":
        if other != name:
            assert editor.data(made, [section, other]) == editor.data(text, [section, other])
    assert editor.restore(made, key, stored(noted)) == text


python_lines = st.sampled_from(
    ["", "# é", "c.A.a = 1", "c.A.b = 'é'; x = 2", "c.A.a = 'x'  # é", "if 1:\n    c.A.b = 2", "'''\n'''",
     "c.A.b = ('x'\n  'y')", "c = get_config()", "import os", "c.A.b = os.x"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(python_lines, max_size=6), st.sampled_from("abz"), data, st.booleans())
def test_python_put_and_restore(lines, name, value, last):
    editor, key = formats.editor("python"), ["A", name]
    text = "\n".join(lines) + ("\n" if last and lines else "")
    try:
        noted = editor.note(text, key)
        made = editor.put(text, key, value)
    except Refusal as error:
        assert error.code == "computed"
        return
    assert editor.data(made, key) == (True, value)
    for other in "abz":
        if other != name:
            assert editor.data(made, ["A", other]) == editor.data(text, ["A", other])
    assert editor.restore(made, key, stored(noted)) == text


@pytest.mark.parametrize(("style", "text", "key", "value", "expected"), CASES)
def test_a_dropped_key_is_gone_and_comes_back(style, text, key, value, expected):
    editor = formats.editor(style)
    noted = editor.note(expected, key)
    try:
        made = editor.drop(expected, key)
    except Refusal as error:
        assert error.code == "malformed"
        return
    if editor.look(made, key) is None:
        assert editor.data(editor.restore(made, key, noted), key) == (True, value)


def test_notes_hold_nothing_of_other_keys():
    for style, text in (("yaml", COMPOSE), ("toml", STREAMLIT), ("ini", QUADLET)):
        secret = text.replace("2", "sk-secret")
        assert "secret" not in json.dumps(formats.editor(style).note(secret, ["zz", "new"]))


def test_the_corpus_means_the_same_to_tomllib():
    for path in Path().glob("*.toml"):
        assert tree.plain(scan_toml.parse(path.read_text())) == tomllib.loads(path.read_text())


# --- in the journal ---------------------------------------------------------------------

MADE = {
    "toml": ("a = 1\n", ["server", "address"], ["server", "port"]),
    "yaml": ("a: 1\n", ["server", "address"], ["server", "port"]),
    "ini": ("[a]\nb=1\n", ["server", "address"], ["server", "port"]),
    "python": ("c.A.b = 1\n", ["Server", "address"], ["Server", "port"]),
}


@needs_root
@pytest.mark.parametrize("style", NEW)
@pytest.mark.parametrize("first", ["a", "b"])
@pytest.mark.parametrize("edited", [False, True])
def test_two_controls_in_one_new_section_go_in_any_order(host, etc, style, first, edited):
    before, one, two = MADE[style]
    path = etc / "settings"
    path.write_text(before)
    path.chmod(0o640)
    host.put(path, one, "x", control="a", style=style)
    host.next_run()
    host.put(path, two, "y", control="b", style=style)
    mine = "# mine\n" if edited else ""
    path.write_text(mine + path.read_text())
    second = "b" if first == "a" else "a"
    assert host.results(control=first) == ["restored"]
    left = formats.editor(style)
    kept, gone = (two, one) if first == "a" else (one, two)
    assert left.look(path.read_text(), kept) and not left.look(path.read_text(), gone)
    assert host.results(control=second) == ["restored"]
    assert path.read_text() == mine + before
    assert path.stat().st_mode & 0o777 == 0o640


@needs_root
@pytest.mark.parametrize("style", NEW)
def test_a_file_that_was_not_there_is_gone_again(host, etc, style):
    _, one, two = MADE[style]
    path = etc / "new" / "settings"
    records = [
        {"control": "a", "resource": setting(path, key, style=style), "value": value}
        for key, value in ((one, "x"), (two, "y"))
    ]
    host.do("record", run=host.run, records=records)
    host.do("set", run=host.run, settings=records, mode="0600")
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text(path.read_text() + "\n")
    assert set(host.results()) == {"restored"}
    assert not path.parent.exists()


@needs_root
def test_somebody_elses_change_of_the_key_is_left_alone(host, etc):
    path = etc / "compose.yaml"
    path.write_text(COMPOSE)
    key = ["services", "ollama", "ports", "0"]
    host.put(path, key, "127.0.0.1:11434:11434", style="yaml")
    theirs = path.read_text().replace("127.0.0.1:11434", "10.0.0.1:11434")
    path.write_text(theirs)
    assert host.results() == ["refused"]
    assert path.read_text() == theirs


@needs_root
def test_a_refusal_names_the_file_and_nothing_is_changed(host, etc):
    path = etc / "compose.yaml"
    path.write_text(COMPOSE)
    resource = setting(path, ["services", "second", "image"], style="yaml")
    message = host.refused("shared", "record", run=host.run, control="a", resource=resource)
    assert str(path) in message and "line 17" in message
    assert path.read_text() == COMPOSE


@needs_root
def test_the_first_line_of_a_name_is_one_thing_in_two_spellings():
    one = setting("/x", ["a", "b"], style="ini")
    assert resources.identity(one) == resources.identity({**one, "key": ["a", "b", "0"]})
    assert resources.overlap(one, {**one, "key": ["a", "b", "1"]})


@pytest.mark.parametrize(
    ("style", "key"),
    [("ini", ["a"]), ("ini", ["a", "b", "c"]), ("python", ["a"]), ("fish", ["a", "b"])],
)
def test_a_key_that_the_format_does_not_have(style, key):
    with pytest.raises(Refusal) as caught:
        resources.check(setting("/x", key, style=style))
    assert caught.value.code == "bad-request"
