"""What is written into the agents' documents is what was tried with them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hardpoint.controls.agents.intention import DEFAULTS, intended
from hardpoint.controls.agents.language import Language
from hardpoint.controls.agents.languages import languages
from hardpoint.controls.agents.telemetry import telemetry

TELLING = [one for one in languages() if telemetry(one.agent)]


def test_each_agent_that_can_tell_is_told_where() -> None:
    assert telemetry("claude-code", 1)[("env", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT")] == (
        "http://127.0.0.1:1/v1/logs"
    )
    assert telemetry("codex")[("otel", "exporter", "otlp-http", "endpoint")] == (
        "http://127.0.0.1:4378/v1/logs"
    )
    for agent in ("gemini-cli", "qwen-code"):
        assert telemetry(agent)[("telemetry", "otlpEndpoint")] == "http://127.0.0.1:4378"
        assert telemetry(agent)[("telemetry", "logPrompts")] is False
    assert telemetry("opencode") == {}


@pytest.mark.parametrize("language", TELLING, ids=lambda one: one.agent)
def test_an_agents_document_follows_the_port_of_the_log(language: Language) -> None:
    meant = replace(intended(DEFAULTS), audit_port=4999)
    said = repr(language.layers["audit"](meant).pieces)
    assert "127.0.0.1:4999" in said and "4378" not in said
