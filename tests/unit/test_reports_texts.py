"""JSON, plans and explanations: what their readers rely on beyond the golden words."""

from __future__ import annotations

import json as stdlib_json
from datetime import date
from typing import Annotated, Literal

import pytest
from pydantic import Field

from hardpoint.control import Registry
from hardpoint.outcome import Report, Status
from hardpoint.policy import load_policy
from hardpoint.reports import controls_page, explain, json, plan, policy
from hardpoint.reports.options import type_words
from tests.unit.golden.samples import ROLLED_BACK, every_status, hostile
from tests.unit.sample_controls import sample, sample_registry


def test_json_has_the_whole_report():
    report = every_status()
    data = stdlib_json.loads(json.render(report))
    assert data["schema_version"] == 1
    assert data["exit_code"] == 2
    assert data["counts"] == {status.value: report.counts()[status] for status in Status}
    outcomes = data["hosts"][0]["outcomes"]
    assert len(outcomes) == len(report.hosts[0].outcomes)
    assert [finding["severity"] for finding in outcomes[0]["findings"]] == ["critical", "medium"]
    assert outcomes[0]["changes"][0]["after"] == "sha256:1f2e"
    assert outcomes[0]["fate"] is None
    assert data["hosts"][0]["unreachable"] is None


def test_json_keeps_what_a_host_said_but_prints_no_control_character():
    text = json.render(hostile())
    assert text.isascii()
    assert all(character == "\n" or character.isprintable() for character in text)
    host = hostile().hosts[0].host
    assert stdlib_json.loads(text)["hosts"][0]["host"] == host
    assert "\x7f" not in json.render(Report("check", "\x7f", ""))


def test_a_plan_and_a_rollback_escape_what_a_host_said():
    texts = [plan.plan(hostile()), plan.rollback([{"resource": "\x1b[2J", "result": "restored"}])]
    for text in texts:
        assert all(character == "\n" or character.isprintable() for character in text)


def test_a_plan_without_changes_says_so():
    assert plan.plan(Report("check", "recommended", "")) == "nothing to change"
    assert plan.rollback([]) == "nothing to roll back"
    assert len(plan.rollback(ROLLED_BACK).splitlines()) == 3


@pytest.mark.parametrize("host", ["@local", "gpu-01", "HOST"])
def test_the_waiver_that_explain_offers_is_a_policy(tmp_path, host):
    registry = sample_registry()
    text = explain.explain(registry["vllm-loopback"], None, host, date(2026, 11, 2))
    start = text.index("  waivers:")
    path = tmp_path / "policy.yaml"
    path.write_text(text[start : text.index("\n\n", start)])
    waiver = load_policy(path, registry).for_host(host).waiver("vllm-loopback")
    assert waiver.expires == date(2027, 1, 31)


def test_explain_names_the_rollback_command_once():
    for control in sample_registry():
        text = explain.explain(control)
        assert text.count(f"hardpoint rollback --control {control.id}") == 1


def test_the_page_tells_every_control_and_option():
    registry = sample_registry()
    text = controls_page.page(registry)
    for control in registry:
        assert f"\n### {control.id}\n" in text
        for option in control.metadata.options:
            assert f"\n| `{option}` |" in text


def test_the_page_has_no_html_and_no_broken_table():
    control = sample("odd", risk="Who <b>ever</b>\nit is.")
    text = controls_page.page(Registry([control]))
    assert "Who &lt;b>ever&lt;/b> it is." in text
    assert "Web pages \\| tools" in controls_page.page(sample_registry())


def test_without_controls_the_lists_say_so():
    assert explain.list_controls(Registry()) == "there are no controls"
    assert "0 controls" in controls_page.page(Registry())
    assert policy.render([]) == ""


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        (int, "whole number"),
        (Annotated[int, Field(ge=1, le=9)], "whole number from 1 to 9"),
        (Annotated[int, Field(ge=0)], "whole number of at least 0"),
        (Annotated[float, Field(le=1)], "number of at most 1"),
        (str, "text"),
        (bool, "true or false"),
        (date, "day"),
        (list[str], "list of text"),
        (tuple[int, ...], "list of whole number"),
        (frozenset[str], "list of text"),
        (dict[str, int], "mapping"),
        (Literal["a", "b"], '"a" or "b"'),
        (Literal["a"], '"a"'),
        (int | None, "whole number or null"),
    ],
)
def test_a_type_is_said_in_words(type_, words):
    assert type_words(type_) == words
