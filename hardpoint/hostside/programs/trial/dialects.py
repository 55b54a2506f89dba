"""What models speak: a request of each protocol to its tool results, a call or an end to an answer.

Anthropic Messages, OpenAI Responses and Chat Completions, Gemini generateContent; streaming and not.
A dialect is `read(body, path) -> Asked` and `reply(asked, call or None, text) -> bytes`.
"""

import collections
import json
import re

Asked = collections.namedtuple("Asked", "tools results stream wants_json")
"""tools: {name: definition}; results: {call id: text}, of all the conversation."""

Call = collections.namedtuple("Call", "id name arguments free")
"""A tool call. `free`: its argument is one text, not an object (OpenAI's custom tools)."""

MODEL = "trial-model"


def texts(value):
    """Every text in a JSON value, joined: what a tool result says, whatever its shape."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        value = [
            part
            for key, part in value.items()
            if key not in ("type", "id", "call_id", "tool_use_id", "role")
        ]
    if isinstance(value, list):
        return "\n".join(part for part in map(texts, value) if part)
    return ""


def _events(events, named=True):
    lines = (
        "%sdata: %s\n\n" % ("event: %s\n" % e["type"] if named else "", json.dumps(e))
        for e in events
    )
    return "".join(lines).encode()


# --- Anthropic Messages ------------------------------------------------------------------------------------


def read_messages(body, path):
    blocks = [
        block
        for message in body.get("messages", [])
        if isinstance(message.get("content"), list)
        for block in message["content"]
    ]
    return Asked(
        {tool.get("name"): tool for tool in body.get("tools") or []},
        {
            b["tool_use_id"]: texts(b.get("content"))
            for b in blocks
            if b.get("type") == "tool_result"
        },
        bool(body.get("stream")),
        bool((body.get("output_config") or {}).get("format") or body.get("output_format")),
    )


def reply_messages(asked, call, text):
    if call:
        block = {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}
        start = dict(block, input={})
        delta = {"type": "input_json_delta", "partial_json": json.dumps(call.arguments)}
    else:
        block = {"type": "text", "text": text}
        start = dict(block, text="")
        delta = {"type": "text_delta", "text": text}
    reason = "tool_use" if call else "end_turn"
    usage = {"input_tokens": 10, "output_tokens": 10}
    message = {
        "id": "msg_trial",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "usage": usage,
    }
    if not asked.stream:
        return json.dumps(
            dict(message, content=[block], stop_reason=reason, stop_sequence=None)
        ).encode()
    empty = dict(message, content=[], stop_reason=None, stop_sequence=None)
    end = {"stop_reason": reason, "stop_sequence": None}
    return _events(
        [
            {"type": "message_start", "message": empty},
            {"type": "content_block_start", "index": 0, "content_block": start},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": end, "usage": usage},
            {"type": "message_stop"},
        ]
    )


# --- OpenAI Responses --------------------------------------------------------------------------------------


def read_responses(body, path):
    items = body.get("input")
    items = items if isinstance(items, list) else []
    return Asked(
        {tool.get("name") or tool.get("type"): tool for tool in body.get("tools") or []},
        {
            item["call_id"]: texts(item.get("output"))
            for item in items
            if item.get("type") in ("function_call_output", "custom_tool_call_output")
        },
        bool(body.get("stream")),
        ((body.get("text") or {}).get("format") or {}).get("type", "text") != "text",
    )


def reply_responses(asked, call, text):
    if call and call.free:
        item = {
            "type": "custom_tool_call",
            "call_id": call.id,
            "name": call.name,
            "input": call.arguments,
        }
    elif call:
        arguments = json.dumps(call.arguments)
        item = {
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": arguments,
        }
    else:
        content = [{"type": "output_text", "text": text, "annotations": []}]
        item = {"type": "message", "role": "assistant", "content": content}
    item = dict(item, id="item_" + (call.id if call else "end"), status="completed")
    usage = {
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 10,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 20,
    }
    response = {"id": "resp_trial", "object": "response", "model": MODEL, "created_at": 0}
    done = dict(response, status="completed", output=[item], usage=usage)
    if not asked.stream:
        return json.dumps(done).encode()
    return _events(
        [
            {
                "type": "response.created",
                "response": dict(response, status="in_progress", output=[]),
            },
            {"type": "response.output_item.added", "output_index": 0, "item": item},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": done},
        ]
    )


# --- OpenAI Chat Completions -------------------------------------------------------------------------------


def read_chat(body, path):
    return Asked(
        {
            tool["function"]["name"]: tool["function"]
            for tool in body.get("tools") or []
            if "function" in tool
        },
        {
            message["tool_call_id"]: texts(message.get("content"))
            for message in body.get("messages", [])
            if message.get("role") == "tool"
        },
        bool(body.get("stream")),
        (body.get("response_format") or {}).get("type", "text") != "text",
    )


def reply_chat(asked, call, text):
    message = {"role": "assistant", "content": None if call else text}
    if call:
        function = {"name": call.name, "arguments": json.dumps(call.arguments)}
        message["tool_calls"] = [
            {"index": 0, "id": call.id, "type": "function", "function": function}
        ]
    reason = "tool_calls" if call else "stop"
    usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
    common = {"id": "chat_trial", "created": 0, "model": MODEL}
    if not asked.stream:
        choice = {"index": 0, "message": message, "finish_reason": reason}
        return json.dumps(
            dict(common, object="chat.completion", choices=[choice], usage=usage)
        ).encode()
    chunk = dict(common, object="chat.completion.chunk")
    chunks = [
        dict(chunk, choices=[{"index": 0, "delta": message, "finish_reason": None}]),
        dict(chunk, choices=[{"index": 0, "delta": {}, "finish_reason": reason}]),
        dict(chunk, choices=[], usage=usage),
    ]
    return _events(chunks, named=False) + b"data: [DONE]\n\n"


# --- Gemini ------------------------------------------------------------------------------------------------


def read_gemini(body, path):
    parts = [part for content in body.get("contents") or [] for part in content.get("parts") or []]
    answers = [part["functionResponse"] for part in parts if "functionResponse" in part]
    config = body.get("generationConfig") or {}
    return Asked(
        {
            function["name"]: function
            for tool in body.get("tools") or []
            for function in tool.get("functionDeclarations") or []
        },
        {answer.get("id"): texts(answer.get("response")) for answer in answers},
        "streamGenerateContent" in path,
        config.get("responseMimeType") == "application/json",
    )


def reply_gemini(asked, call, text):
    if call:
        part = {"functionCall": {"id": call.id, "name": call.name, "args": call.arguments}}
    else:
        part = {"text": text}
    candidate = {"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": [part]}}
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 10, "totalTokenCount": 20}
    answer = {"candidates": [candidate], "usageMetadata": usage, "modelVersion": MODEL}
    return _events([answer], named=False) if asked.stream else json.dumps(answer).encode()


DIALECTS = (
    (re.compile(r"/messages$"), read_messages, reply_messages),
    (re.compile(r"/responses$"), read_responses, reply_responses),
    (re.compile(r"/chat/completions$"), read_chat, reply_chat),
    (re.compile(r":(stream)?[gG]enerateContent$"), read_gemini, reply_gemini),
)

FIXED = (
    (re.compile(r"/count_tokens$"), {"input_tokens": 10}),
    (re.compile(r":countTokens$"), {"totalTokens": 10}),
    (
        re.compile(r"/models$"),
        {"object": "list", "data": [{"id": MODEL, "object": "model"}], "models": []},
    ),
)
"""What is asked beside a conversation, and its answer."""


def dialect(path):
    """(read, reply) of a request's path, None for one that is no conversation."""
    return next(((read, reply) for pattern, read, reply in DIALECTS if pattern.search(path)), None)


def fixed(path):
    """The answer to a question beside a conversation, or None."""
    return next((answer for pattern, answer in FIXED if pattern.search(path)), None)
