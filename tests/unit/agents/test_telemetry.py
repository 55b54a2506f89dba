"""What is written into the agents' documents is what was tried with them."""

from __future__ import annotations

from hardpoint.controls.agents.telemetry import telemetry


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
