"""The scripted model: the same conversation in each protocol, streamed and not, over real HTTP."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Json = dict[str, Any]
COMMAND = {"command": "cat x"}


def _events(text: str) -> list[Json]:
    lines = [line[6:] for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


# Each protocol as an agent speaks it: a request with the results so far, and the call of an answer.


def _messages(results: Json, stream: bool) -> tuple[str, Json]:
    blocks = [
        {"type": "tool_result", "tool_use_id": name, "content": [{"type": "text", "text": text}]}
        for name, text in results.items()
    ]
    body = {"stream": stream, "tools": [{"name": "sh"}], "messages": [{"content": blocks}]}
    return "/v1/messages?beta=true", body


def _messages_call(text: str, stream: bool) -> tuple[str, Json] | None:
    if not stream:
        block = json.loads(text)["content"][0]
        return (block["id"], block["input"]) if block["type"] == "tool_use" else None
    start, delta = _events(text)[1:3]
    if start["content_block"]["type"] != "tool_use":
        return None
    return start["content_block"]["id"], json.loads(delta["delta"]["partial_json"])


def _responses(results: Json, stream: bool) -> tuple[str, Json]:
    items = [
        {"type": "function_call_output", "call_id": name, "output": text}
        for name, text in results.items()
    ]
    return "/v1/responses", {"stream": stream, "tools": [{"name": "sh"}], "input": items}


def _responses_call(text: str, stream: bool) -> tuple[str, Json] | None:
    done = _events(text)[-1]["response"] if stream else json.loads(text)
    item = done["output"][0]
    call = item["type"] == "function_call"
    return (item["call_id"], json.loads(item["arguments"])) if call else None


def _chat(results: Json, stream: bool) -> tuple[str, Json]:
    messages = [
        {"role": "tool", "tool_call_id": name, "content": text} for name, text in results.items()
    ]
    tools = [{"type": "function", "function": {"name": "sh"}}]
    return "/v1/chat/completions", {"stream": stream, "tools": tools, "messages": messages}


def _chat_call(text: str, stream: bool) -> tuple[str, Json] | None:
    choice = (_events(text) if stream else [json.loads(text)])[0]["choices"][0]
    calls = choice["delta" if stream else "message"].get("tool_calls")
    return (calls[0]["id"], json.loads(calls[0]["function"]["arguments"])) if calls else None


def _gemini(results: Json, stream: bool) -> tuple[str, Json]:
    parts = [
        {"functionResponse": {"id": name, "name": "sh", "response": {"output": text}}}
        for name, text in results.items()
    ]
    tools = [{"functionDeclarations": [{"name": "sh"}]}]
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return f"/v1beta/models/m:{verb}", {"tools": tools, "contents": [{"parts": parts}]}


def _gemini_call(text: str, stream: bool) -> tuple[str, Json] | None:
    answer = _events(text)[0] if stream else json.loads(text)
    part = answer["candidates"][0]["content"]["parts"][0]
    call = part.get("functionCall")
    return (call["id"], call["args"]) if call else None


DIALECTS = {
    "messages": (_messages, _messages_call),
    "responses": (_responses, _responses_call),
    "chat": (_chat, _chat_call),
    "gemini": (_gemini, _gemini_call),
}


@pytest.fixture
def server(trial) -> Iterator[Any]:
    server = trial("model").Model(("127.0.0.1", 0), ["canary77"]).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def ask(server) -> Callable[[str, Json], str]:
    def ask(path: str, body: Json) -> str:
        url = f"http://127.0.0.1:{server.server_address[1]}{path}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(url, json.dumps(body).encode())) as answer:
            return answer.read().decode()

    return ask


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_it_asks_for_one_call_a_turn_and_hands_on_the_results(
    trial, server, ask, dialect: str, stream: bool
) -> None:
    made = trial("dialects").Call
    finished: list[tuple[str, list[str]]] = []
    rows = [
        ("one", [made("c1", "sh", COMMAND, False), made("c2", "sh", {"command": "id"}, False)]),
        ("two", [made("c3", "sh", COMMAND, False)]),
    ]
    server.script = trial("model").Script(rows, lambda *row: finished.append(row))
    request, call_of = DIALECTS[dialect]

    def turn(results: Json) -> tuple[str, Json] | None:
        return call_of(ask(*request(results, stream)), stream)

    assert turn({}) == ("c1", COMMAND)
    assert turn({}) == ("c1", COMMAND)  # a retry is given the same
    assert turn({"c1": "x"}) == ("c2", {"command": "id"})
    assert not finished
    assert turn({"c1": "x", "c2": "has canary77"}) == ("c3", COMMAND)
    assert finished == [("one", ["x", "has canary77"])]
    assert turn({"c1": "x", "c2": "y", "c3": ""}) is None
    assert finished[1] == ("two", [""])
    assert server.seen == {"canary77"}


def test_what_has_no_tools_is_no_turn_of_the_conversation(trial, server, ask) -> None:
    rows = [("one", [trial("dialects").Call("c1", "sh", COMMAND, False)])]
    server.script = trial("model").Script(rows, lambda *row: None)
    path, body = _messages({}, False)
    assert _messages_call(ask(path, {**body, "tools": []}), False) is None
    assert not server.script.asked


def test_a_free_text_tool_gets_its_text(trial, server, ask) -> None:
    patch = "*** Begin Patch\n*** End Patch\n"
    rows = [("one", [trial("dialects").Call("c1", "apply_patch", patch, True)])]
    server.script = trial("model").Script(rows, lambda *row: None)
    item = json.loads(ask(*_responses({}, False)))["output"][0]
    assert (item["type"], item["input"]) == ("custom_tool_call", patch)


def test_names_below_example_are_the_internet_and_all_others_do_not_exist(trial) -> None:
    answer = trial("outside").answer
    query = b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0\x05token\x07outside\x07example\0\0\x01\0\x01"
    reply = answer(query)
    assert reply[:2] == query[:2]
    assert reply[6:8] == b"\0\x01"
    assert reply[-4:] == bytes([203, 0, 113, 10])
    other = answer(query.replace(b"example", b"invalid"))
    assert other[3] & 0xF == 3
    assert other[6:8] == b"\0\0"
    answer(b"")  # anybody may send anything
