"""What the golden files cannot show: width, colour, hostile text, size."""

from __future__ import annotations

import io
import re
import unicodedata

import pytest
from rich.console import Console

from hardpoint.outcome import Fate, HostReport, Outcome, Report, Severity, Status
from hardpoint.reports import terminal
from hardpoint.reports.text import MAX_LENGTH, printable
from tests.unit.golden.samples import (
    REPORTS,
    all_is_well,
    every_status,
    fleet,
    hostile,
    terminal_text,
)

SGR = re.compile(r"\x1b\[[0-9;]*m")


def coloured(report: Report) -> str:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="truecolor")
    terminal.render(report, console)
    return console.file.getvalue()


@pytest.mark.parametrize("name", [name for name in REPORTS if name != "hostile"])
@pytest.mark.parametrize("width", [80, 120])
def test_lines_fit(name, width):
    lines = terminal_text(REPORTS[name](), width).splitlines()
    assert [line for line in lines if len(line) > width] == []
    assert [line for line in lines if line != line.rstrip()] == []


@pytest.mark.parametrize("width", [1, 10, 30])
def test_a_narrow_terminal_loses_no_word(width):
    wide = terminal_text(every_status(), 200).replace("·", "").split()
    narrow = terminal_text(every_status(), width).replace("·", "").split()
    assert narrow == wide


def test_a_long_word_stays_whole():
    report = every_status()
    path = "/very/long" * 20
    report.hosts[0].outcomes[2].reason = f"cannot read {path}"
    assert path in terminal_text(report, 80)


def test_colour_changes_no_text():
    assert SGR.sub("", coloured(every_status())) == terminal_text(every_status(), 80)
    assert "\x1b[1;31mexposed" in coloured(every_status())


def test_no_color_is_obeyed(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    codes = SGR.findall(coloured(every_status()))
    assert not [code for code in codes if re.search(r"[34]\d", code)]


@pytest.mark.parametrize("show", [coloured, lambda report: terminal_text(report, 80)])
@pytest.mark.parametrize("hosts", [1, 2])
def test_a_host_has_no_power_over_the_terminal(show, hosts):
    report = hostile()
    report.hosts = report.hosts[:hosts]
    shown = SGR.sub("", show(report))
    kinds = {unicodedata.category(character) for character in shown.replace("\n", "")}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert "[bold red]x[/]" in shown
    assert ":smile:" in shown
    assert not [line for line in shown.splitlines() if line.startswith("root#")]


def test_a_command_with_a_name_from_a_host_is_quoted():
    text = terminal_text(hostile(), 400)
    assert re.search(r"rollback --control '[^']*;reboot'", text)


def test_a_large_fleet_stays_readable():
    lines = terminal_text(fleet(200), 80).splitlines()
    assert len(lines) < 250
    assert sum("ollama-loopback" in line for line in lines) == 2  # the finding, the next command
    assert "30 hosts" not in "\n".join(lines)


def test_verbose_lists_all_hosts():
    verbose = terminal_text(fleet(30), 80, verbose=True)
    for text in ("ws-030: Ollama", "ws-030 (alice)", "good-12  compliant"):
        assert text in verbose
        assert text not in terminal_text(fleet(30), 80)


def test_many_users_of_one_host_are_one_entry():
    report = every_status()
    alice, outcomes = report.hosts[0].outcomes[1], []
    for number in range(50):
        outcome = type(alice)(**{**vars(alice), "subject": f"user{number}"})
        outcomes.append(outcome)
    report.hosts[0].outcomes = outcomes
    text = terminal_text(report, 120)
    assert text.count("lm-studio-loopback   50 users   LM Studio listens") == 1
    assert "on: user0, user1, user2" in text
    assert "and 38 more" in text


def test_no_host_at_all():
    text = terminal_text(Report("check", "recommended", ""), 80)
    assert "0 hosts" in text
    assert "nothing was checked" in text


def test_policies_are_named_where_hosts_have_different_ones():
    report = fleet(2)
    lines = terminal_text(report, 80).splitlines()
    assert lines[0].startswith("17 hosts · profiles recommended, strict ·")
    assert "policy: gpu.yaml (gpu-01)" in lines
    for host in report.hosts:
        host.policy = "company.yaml"
    assert "policy:" not in terminal_text(report, 80)


def test_the_next_command_reaches_the_same_hosts():
    well = all_is_well()
    assert "next: hardpoint prove\n" in terminal_text(well, 80)
    well.command = "check inventories/fleet.py --limit gpu"
    assert "next: hardpoint prove inventories/fleet.py --limit gpu\n" in terminal_text(well, 80)
    well.command, well.hosts[0].host = "check", "ws-01"
    assert "next: hardpoint prove INVENTORY\n" in terminal_text(well, 80)


def test_after_a_proof_there_is_nothing_to_do():
    well = all_is_well()
    well.command = "prove"
    assert "next" not in terminal_text(well, 80)


def test_an_unreachable_host_alone_is_not_called_well():
    host = HostReport("ws-01", unreachable="asleep")
    text = terminal_text(Report("check", "recommended", "", hosts=[host]), 80)
    assert "unreachable  asleep" in text
    assert "next" not in text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain text, ä, 日本", "plain text, ä, 日本"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\r\n\tb", "a\\r\\n\\tb"),
        ("\x7f\x9b", "\\x7f\\x9b"),
        ("\u202e\u2066\u200b\ufeff\u2028", "\\u202e\\u2066\\u200b\\ufeff\\u2028"),
        ("\U000e0041\udc80", "\\U000e0041\\udc80"),
        (12, "12"),
    ],
)
def test_what_cannot_be_seen_is_shown_escaped(raw, shown):
    assert printable(raw) == shown


def test_what_is_too_long_says_so():
    assert printable("x" * (MAX_LENGTH + 5)) == "x" * MAX_LENGTH + "… (5 more characters)"


def test_what_is_unknown_for_one_reason_is_said_once() -> None:
    reason = "only root can look into /home/bob"
    outcomes = [
        Outcome("h", name, "bob", Status.UNKNOWN, Severity.HIGH, reason=reason)
        for name in ("one", "two", "three")
    ]
    other = Outcome("h", "four", "bob", Status.UNKNOWN, Severity.HIGH, reason="a read hung")
    report = Report(
        "check", "recommended", "", hosts=[HostReport("h", outcomes=[*outcomes, other])]
    )
    text = terminal_text(report, 100)
    assert text.count(reason) == 1
    assert "3 controls" in text and "four" in text


def test_an_apply_names_the_way_back() -> None:
    outcome = Outcome("h", "one", "system", Status.COMPLIANT, Severity.HIGH, fate=Fate.FIXED)
    report = Report("apply inv.py", "r", "", hosts=[HostReport("h", outcomes=[outcome])], run="R1")
    assert "hardpoint rollback inv.py --run R1" in terminal_text(report, 120)
