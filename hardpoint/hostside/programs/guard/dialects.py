"""How each agent tells of a tool call, and in which words it is answered: data, and the few forms."""

import json

CLAUDE = {
    "tool": "tool_name",
    "arguments": "tool_input",
    "session": "session_id",
    "answer": "specific",
}

DIALECTS = {
    "claude-code": CLAUDE,
    "codex": CLAUDE,
    "qwen-code": CLAUDE,
    "vscode": CLAUDE,
    "gemini-cli": {**CLAUDE, "answer": "decision"},
    "copilot-cli": {
        "tool": "toolName",
        "arguments": "toolArgs",
        "session": "sessionId",
        "answer": "flat",
    },
    "opencode": {**CLAUDE, "answer": "decision"},
    "cursor": {**CLAUDE, "session": "conversation_id", "answer": "permission"},
}
EVENTS = {  # Cursor has an event for each kind of tool
    "beforeShellExecution": ("bash", ("command", "cwd")),
    "beforeReadFile": ("read", ("file_path",)),
    "beforeTabFileRead": ("read", ("file_path",)),
}
JUDGED = frozenset(
    ("PreToolUse", "BeforeTool", "preToolUse", "tool.execute.before", "beforeMCPExecution", *EVENTS)
)


class NoEvent(Exception):
    """What came is no tool call of this agent."""


class Call:
    """A tool call: `tool`, `arguments` (a dict), `cwd`, `session`."""

    def __init__(self, agent, event):
        form = DIALECTS[agent]
        if not isinstance(event, dict):
            raise NoEvent("the event is no object")
        name = event.get("hook_event_name") or event.get("hookEventName") or ""
        if name in EVENTS:
            self.tool, keys = EVENTS[name]
            self.arguments = {key: event.get(key) for key in keys}
        else:
            self.tool = event.get(form["tool"]) or event.get("tool_name")
            self.arguments = event.get(form["arguments"], event.get("tool_input"))
        if isinstance(self.arguments, str):
            self.arguments = _decoded(self.arguments)
        if not isinstance(self.tool, str) or not self.tool or not isinstance(self.arguments, dict):
            raise NoEvent("the event names no tool")
        if name and name not in JUDGED:
            raise NoEvent("the event %s is not for the guard" % name[:40])
        roots = event.get("workspace_roots")
        folder = event.get("cwd") or (roots[0] if isinstance(roots, list) and roots else "")
        if not isinstance(folder, str) or not folder.startswith("/"):
            raise NoEvent("the event names no folder")
        self.cwd, self.session = (
            folder,
            str(event.get(form["session"]) or event.get("session_id") or ""),
        )


def _decoded(text):
    """Arguments that come as text: JSON, or a patch as it is."""
    try:
        return json.loads(text)
    except ValueError:
        return {"input": text}


def answer(agent, reason):
    """(text for stdout, text for stderr, exit status): a refusal where there is a reason."""
    if not reason:
        return _allowed(agent), "", 0
    said = "Refused by hardpoint's guard: %s." % reason.rstrip(".")
    form = DIALECTS[agent]["answer"] if agent in DIALECTS else ""
    flat = {"permissionDecision": "deny", "permissionDecisionReason": said}
    body = {
        "specific": {"hookSpecificOutput": {"hookEventName": "PreToolUse", **flat}},
        "decision": {"decision": "deny", "reason": said},
        "flat": flat,
        "permission": {"permission": "deny", "user_message": said, "agent_message": said},
    }.get(form)
    # Exit status 2 refuses in every agent's language; it holds also where the text is not understood.
    return json.dumps(body) if body and form in ("flat", "permission", "decision") else "", said, 2


def _allowed(agent):
    form = DIALECTS[agent]["answer"]
    return {"permission": '{"permission": "allow"}'}.get(form, "")
