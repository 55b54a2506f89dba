"""Logs of OTLP over HTTP, as JSON: records of coding agents become events of ours.

Source: opentelemetry-proto, logs.proto and its JSON mapping; the agents' own names of events and attributes.
A record that is not listed here is not of interest (streaming, internals, metrics), and is left out.
"""

import json

_OF_GEMINI = {
    "config": "session", "user_prompt": "session", "tool_call": "tool", "api_response": "model",
    "api_error": "error",
}  # fmt: skip
_EVENTS = {
    "claude-code": {
        "managed_settings_resolved": "session", "user_prompt": "session", "tool_decision": "tool",
        "tool_result": "tool", "api_request": "model", "api_error": "error", "internal_error": "error",
        "mcp_server_connection": "session", "permission_mode_changed": "session",
    },
    "codex": {
        "conversation_starts": "session", "user_prompt": "session", "tool_decision": "tool",
        "tool_result": "tool", "api_request": "model", "websocket_request": "model",
    },
    "gemini-cli": _OF_GEMINI,
    "qwen-code": _OF_GEMINI,
}  # fmt: skip
"""agent: its records by name, and the kind that each is of."""
_AGENTS = {
    "claude_code": "claude-code", "codex": "codex", "codex_exec": "codex", "codex_cli_rs": "codex",
    "codex_tui": "codex", "codex-cli": "codex", "gemini_cli": "gemini-cli",
}  # fmt: skip
"""What else they are called: before the name of a record, or as service.name."""
_TOOL = ("tool_name", "function_name", "name")
_SESSION = ("session.id", "conversation.id", "thread.id")
_DETAIL = ("tool_parameters", "tool_input", "arguments", "function_args")
_ERROR = ("error", "error.message", "error_message", "error_type", "error.type")
_STATUS = ("status_code", "http.response.status_code", "http.status_code")
_REFUSED = ("reject", "denied", "deny", "abort", "cancel")
_COMMAND = ("full_command", "command", "cmd")
_MEASURES = {
    "model": "model", "input_tokens": "in", "output_tokens": "out", "input_token_count": "in",
    "output_token_count": "out", "duration_ms": "ms", "cost_usd": "usd", "attempt": "attempt",
    "prompt_length": "characters", "approval_mode": "approval", "approval_policy": "approval",
    "permission_mode": "approval", "sandbox_policy": "sandbox", "sandbox_enabled": "sandbox",
    "mcp_servers": "mcp", "managed_settings.sources": "managed",
}  # fmt: skip
"""Numbers and modes, as they are called here: never what was asked or answered."""


def events(body):
    """Events out of the JSON of an ExportLogsServiceRequest; ValueError where it is none."""
    request = json.loads(body)
    found = []
    for resource in _list(request, "resourceLogs"):
        about = _attributes(resource.get("resource") or {})
        for scope in _list(resource, "scopeLogs"):
            for record in _list(scope, "logRecords"):
                event = _event(record, about)
                if event:
                    found.append(event)
    return found


def _list(value, name):
    """The objects of a list that may be missing."""
    if not isinstance(value, dict):
        raise ValueError("not OTLP")
    found = value.get(name) or []
    if not isinstance(found, list):
        raise ValueError("not OTLP")
    return [one for one in found if isinstance(one, dict)]


def _attributes(part):
    """{name: text}; a list as its texts, any other nested value as JSON."""
    found = {}
    for one in _list(part, "attributes"):
        value = one.get("value")
        if isinstance(one.get("key"), str) and isinstance(value, dict):
            for kind, inner in value.items():
                found[one["key"]] = _text(kind, inner)
    return found


def _text(kind, value):
    if kind == "boolValue":
        return "true" if value is True or value == "true" else "false"
    if kind == "arrayValue" and isinstance(value, dict):
        return ",".join(_text(*pair) for one in _list(value, "values") for pair in one.items())
    return value if isinstance(value, str) else json.dumps(value)


def _event(record, about):
    has = _attributes(record)
    said = (record.get("body") or {}).get("stringValue", "")
    name = has.get("event.name") or record.get("eventName") or said
    prefix, _, short = str(name).rpartition(".")
    agent = prefix or about.get("service.name", "")
    agent = _AGENTS.get(agent, agent)
    kind = _EVENTS.get(agent, {}).get(short)
    if kind is None:
        return None
    wrong = _first(has, _ERROR)
    if kind == "model" and (wrong or _first(has, _STATUS, "200")[:1] not in "123"):
        kind = "error"
    return {
        "kind": kind,
        "agent": agent,
        "tool": _first(has, _TOOL) if kind == "tool" else "",
        "decision": _decision(has) if kind == "tool" and short != "tool_result" else "",
        "reason": _reason(short, has, wrong),
        "detail": _call(_first(has, _DETAIL)) if kind == "tool" else _measures(has),
        "by": "otel",
        "session": _first(has, _SESSION),
    }


def _first(has, names, otherwise=""):
    return next((has[name] for name in names if has.get(name)), otherwise)


def _decision(has):
    """What became of a call: deny where the agent or its user refused it; "" where nobody was asked."""
    decision = _first(has, ("decision", "decision_type")).lower()
    if decision.startswith(_REFUSED):
        return "deny"
    return "allow" if decision else ""


def _reason(name, has, wrong):
    """The record's name, and why: who decided, what failed."""
    said = [name]
    source = _first(has, ("source", "decision_source"))
    if source:
        said.append("by " + source)
    if has.get("success") == "false":
        said.append("failed")
    status = _first(has, _STATUS)
    if wrong or (status and status[0] not in "123"):
        said.append(" ".join(part for part in (status, wrong) if part))
    return ", ".join(said)


def _measures(has):
    return " ".join(
        "%s=%s" % (shown, has[name]) for name, shown in _MEASURES.items() if has.get(name)
    )


def _call(text):
    """What a tool was called with: its command, or else all arguments; plain, as redacting needs it."""
    try:
        given = json.loads(text)
    except ValueError:
        return text
    if not isinstance(given, dict):
        return text
    command = _first(given, _COMMAND)
    if command:
        return command if isinstance(command, str) else " ".join(map(str, command))
    return " ".join("%s=%s" % pair for pair in given.items())
