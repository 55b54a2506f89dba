"""What a person reads when a policy is wrong: what, where, and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardpoint.policy import PolicyError, load_policy
from tests.unit.sample_controls import sample_registry

WAIVER = "control: vllm-loopback, hosts: [a], owner: me, reason: x, expires: 2027-01-31"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems(content: str | bytes | None = None, name: str = "policy.yaml") -> list[str]:
    """The problems of a policy with this content."""
    if content is not None:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(PolicyError) as caught:
        load_policy(name, sample_registry())
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


SHAPE = {
    "optons: {}": "1: optons: unknown; did you mean options?",
    "colour: red": "1: colour: unknown",
    "skip: []\noverrides:\n  - {grups: [a], hosts: [b]}": (
        "3: overrides.grups: unknown; did you mean groups?"
    ),
    f"waivers: [{{{WAIVER}, untill: x}}]": "1: waivers.untill: unknown",
    "- ollama-loopback": "1: must be a mapping, such as {name: value}, not a list",
    "strict": '1: must be a mapping, such as {name: value}, not "strict"',
    "skip: bubblewrap": '1: skip: must be a list, such as [a, b], not "bubblewrap"',
    "skip: [3]": "1: skip: must be text, not 3",
    "profile: [strict]": "1: profile: must be text, not a list",
    "options: [a]": "1: options: must be a mapping, such as {name: value}, not a list",
    "options: {vllm-loopback: 8000}": (
        "1: options.vllm-loopback: must be a mapping, such as {name: value}, not 8000"
    ),
    "overrides: [{options: {}}]": "1: overrides: for no host; add hosts or groups",
    "? [a, b]\n: c": "1: a name must be text",
}

NAMES = {
    "profile: recomended": '1: profile: no profile is called "recomended"; '
    "did you mean recommended?",
    "profile: hard": '1: profile: no profile is called "hard"; '
    "there are minimal, recommended, strict",
    "options:\n  ollama-lopback: {}": (
        "2: options.ollama-lopback: no control has this name; did you mean ollama-loopback?"
    ),
    "skip: [firewall]": (
        "1: skip.firewall: no control has this name; `hardpoint controls` lists them all"
    ),
    "skip:\n- bubblewrap\n- bubble-wrap": (
        "3: skip.bubble-wrap: no control has this name; did you mean bubblewrap?"
    ),
    "overrides:\n- hosts: [a]\n  options:\n    vlm-loopback: {}": (
        "4: overrides.options.vlm-loopback: no control has this name; did you mean vllm-loopback?"
    ),
    "overrides:\n- {hosts: [a], skip: [bubble-wrap]}": (
        "2: overrides.skip.bubble-wrap: no control has this name; did you mean bubblewrap?"
    ),
    f"waivers:\n- {{{WAIVER.replace('vllm', 'vlm')}}}": (
        "2: waivers.control.vlm-loopback: no control has this name; did you mean vllm-loopback?"
    ),
    "options: {ollama-loopback: {prt: 1}}": (
        "1: options.ollama-loopback.prt: ollama-loopback has no such option; did you mean port?"
    ),
    "options: {ollama-loopback: {colour: 1}}": (
        "1: options.ollama-loopback.colour: ollama-loopback has no such option; "
        "its options are: port, origins, restart"
    ),
    "options: {bubblewrap: {colour: 1}}": (
        "1: options.bubblewrap.colour: bubblewrap has no such option; it has none"
    ),
    "options: {ollama-loopback: {}, ollama-bind: {}}": (
        "1: options.ollama-bind: an older name of ollama-loopback, which is written here too; "
        "keep one"
    ),
}

VALUES = {
    "port: abc": '.port: must be a whole number, not "abc"',
    'port: "11434"': '.port: must be a whole number, not "11434"',
    "port: true": ".port: must be a whole number, not true",
    "port: 0": ".port: must be at least 1, not 0",
    "port: 65536": ".port: must be at most 65535, not 65536",
    "port: [1]": ".port: must be a whole number, not a list",
    "port: null": ".port: must be a whole number, not null",
    "origins: a": '.origins: must be a list, such as [a, b], not "a"',
    "origins: [a, 2]": ".origins: must be text, not 2",
    "restart: later": ".restart: must be 'now' or 'never', not \"later\"",
}

WAIVERS = {
    "owner: me, ": ["waivers.owner: is missing; say who answers for it"],
    "reason: x, ": ["waivers.reason: is missing; say why"],
    ", expires: 2027-01-31": [
        "waivers.expires: is missing; a waiver ends on a day, such as 2027-01-31"
    ],
    "control: vllm-loopback, ": ["waivers.control: is missing; name the control that is waived"],
    "hosts: [a], ": ["waivers: for no host; add hosts or groups"],
}

DATES = {
    "2027-13-01": '"2027-13-01"',
    "2027-02-30": '"2027-02-30"',
    "31.1.2027": '"31.1.2027"',
    "soon": '"soon"',
    "20270131": "20270131",
    "2027-01-31 10:00:00": '"2027-01-31 10:00:00"',
}

YAML = {
    "skip:\n\t- a": "policy.yaml:2: a tab cannot indent YAML; use spaces",
    "skip: [a\nprofile: x": "policy.yaml:2: not valid YAML: expected ',' or ']', but got ':'; "
    "check the indentation, brackets and quotes",
    "skip: []\n profile: x": "policy.yaml:2: not valid YAML: does not fit the lines before it; "
    "check the indentation",
    "profile: a: b": "policy.yaml:1: not valid YAML: a second `name:` where a value was expected; "
    "check the indentation",
    "overrides:\n- hosts: [@local]": "policy.yaml:2: a value cannot begin with '@'; "
    "put it in quotes",
    "skip: []\n---\nskip: []": "policy.yaml:2: a second document (`---`); a policy is one",
    "profile: !secret x": "policy.yaml:1: the tag '!secret' means nothing here",
    "a: \x07": "policy.yaml: is not a text file: it has control characters",
    "a: " + "[" * 5000: "policy.yaml: is nested too deeply, or refers to itself",
    "a: &a [*a]": "policy.yaml: is nested too deeply, or refers to itself",
}


@pytest.mark.parametrize(("text", "told"), [*SHAPE.items(), *NAMES.items()])
def test_a_wrong_shape_or_name_is_told_with_its_line(text, told):
    assert problems(text) == [f"policy.yaml:{told}"]


@pytest.mark.parametrize("text", VALUES)
def test_a_wrong_value_is_told_in_plain_words(text):
    told = problems(f"options:\n  ollama-loopback:\n    {text}\n")
    assert told == [f"policy.yaml:3: options.ollama-loopback{VALUES[text]}"]


@pytest.mark.parametrize("missing", WAIVERS)
def test_a_waiver_needs_all_its_parts(missing):
    told = problems(f"waivers:\n- {{{WAIVER.replace(missing, '')}}}\n")
    assert told == [f"policy.yaml:2: {line}" for line in WAIVERS[missing]]


def test_an_empty_owner_is_none():
    blank = WAIVER.replace("owner: me", 'owner: " "')
    told = problems(f"waivers:\n- {{{blank}}}\n")
    assert told == ["policy.yaml:2: waivers.owner: is empty"]


@pytest.mark.parametrize("day", DATES)
def test_a_waiver_ends_on_a_day(day):
    told = problems(f"waivers:\n- {{{WAIVER.replace('2027-01-31', day)}}}\n")
    wanted = "must be a day, such as 2027-01-31"
    assert told == [f"policy.yaml:2: waivers.expires: {wanted}, not {DATES[day]}"]


@pytest.mark.parametrize("text", YAML, ids=lambda text: text[:20])
def test_what_is_no_yaml_is_told_with_its_line(text):
    assert problems(text) == [YAML[text]]


def test_a_key_that_is_written_twice_is_told_with_both_lines():
    told = problems("options:\n  bubblewrap: {}\nskip: []\noptions: {}\n")
    assert told == ["policy.yaml:4: options: written twice; first in line 1"]


def test_a_policy_has_no_power_over_the_terminal():
    told = problems('skip: ["\\e[2J\\u202e"]\n"\\e[31m": 1\n')
    assert told[0].startswith("policy.yaml:1: skip.\\x1b[2J\\u202e: no control")
    assert told[1] == "policy.yaml:2: \\x1b[31m: unknown"


def test_all_problems_are_told_at_once_in_the_order_of_the_lines():
    told = problems(
        """\
profile: recomended
optons: {}
options:
  ollama-lopback: {port: 1}
  vllm-loopback: {port: x}
skip: [bubble-wrap]
waivers:
  - {control: vlm-loopback, hosts: [a], owner: me, reason: x}
"""
    )
    assert [line.split(": ")[0] for line in told] == [
        f"policy.yaml:{line}" for line in (1, 2, 4, 5, 6, 8, 8)
    ]


def test_problems_of_an_extended_file_are_told_with_its_name():
    Path("base.yaml").write_text("skip: [bubble-wrap]\n")
    assert problems("extends: base.yaml\ncolour: red\n") == [
        "base.yaml:1: skip.bubble-wrap: no control has this name; did you mean bubblewrap?",
        "policy.yaml:2: colour: unknown",
    ]


def test_files_that_extend_each_other_are_refused():
    Path("base.yaml").write_text("extends: policy.yaml\n")
    assert problems("extends: base.yaml\n") == [
        "base.yaml:1: extends: files that extend each other: policy.yaml -> base.yaml "
        "-> policy.yaml"
    ]


def test_a_file_that_extends_itself_by_another_path_is_refused(here):
    (here / "link.yaml").symlink_to("policy.yaml")
    assert problems("extends: link.yaml\n") == [
        "policy.yaml:1: extends: files that extend each other: policy.yaml -> policy.yaml"
    ]


def test_an_extended_file_that_is_missing_is_told_where_it_is_named():
    assert problems("\nextends: base.yaml\n") == [
        "policy.yaml:2: extends: no such file: base.yaml; "
        "a relative path begins at the folder of this file"
    ]


def test_a_profile_is_not_extended():
    assert problems("extends: strict\n") == [
        "policy.yaml:1: extends: no such file: strict; "
        "to ask for that profile write `profile: strict`"
    ]


def test_a_missing_file():
    assert problems(name="nowhere.yaml") == ["nowhere.yaml: no such file"]


def test_a_directory(here):
    (here / "policies").mkdir()
    assert problems(name="policies") == [
        "policies: this is a directory; name the policy file in it"
    ]


def test_a_file_that_may_not_be_read(here, monkeypatch):
    open_ = Path.open

    def refuse(path, *args):  # root may read everything, so its mode would refuse nothing
        if path.name == "policy.yaml":
            raise PermissionError(13, "Permission denied")
        return open_(path, *args)

    (here / "policy.yaml").write_text("")
    monkeypatch.setattr(Path, "open", refuse)
    assert problems(name="policy.yaml") == [
        "policy.yaml: may not be read by you; check its owner and mode"
    ]


def test_a_path_through_a_file():
    Path("file").write_text("")
    assert problems(name="file/policy.yaml") == [
        "file/policy.yaml: cannot be read: Not a directory"
    ]


def test_a_binary_file():
    assert problems(b"\x7fELF\xff\xfe\x00") == ["policy.yaml: is not a text file (UTF-8)"]


def test_a_file_that_is_too_large_is_not_parsed():
    told = problems(b"#" * 1_000_001)
    assert told == ["policy.yaml: is larger than 1000000 bytes, so it is no policy"]
