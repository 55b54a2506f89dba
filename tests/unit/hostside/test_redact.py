"""What a service logs leaves the host without its secrets."""

from __future__ import annotations

import pytest

from hardpoint.hostside.payload.redact import HIDDEN, redacted

S = "Kd83jfQp"


@pytest.mark.parametrize(
    "line",
    [
        f"OPENAI_API_KEY={S}",
        f'config: {{"api_key": "{S}", "port": 1}}',
        f"{{'password': '{S} with spaces'}}",
        f"admin password is {S}",
        f"exec: litellm --master-key {S} --port 4000",
        f"Authorization: Bearer {S}{S}",
        f"GET /?token={S}&x=1",
        f"http://127.0.0.1:8888/lab?token={S}",
        f"connecting to postgres://ollama:{S}@db.example/x",
        f"connecting to http://{S}@db.example/x",
        f"proxy https://me:a@b{S}@proxy:3128",
        f"using sk-proj-{S}{S}",
        f"hf_{S}{S}{S}",
        f"eyJhbGciOiJIUzI1NiJ9.{S}{S}.{S}",
        f"the key {S}{S}{S}{S}",
    ],
)
def test_what_looks_like_a_secret_stays(line: str) -> None:
    assert S not in redacted(line) and HIDDEN in redacted(line)


@pytest.mark.parametrize(
    "line",
    [
        "Error: listen tcp 0.0.0.0:11434: bind: address already in use",
        "ollama.service: Control process exited, code=exited, status=1/FAILURE",
        '  File "/home/alice/.local/share/Chroma2/venv/lib/python3.11/site-packages/x.py", line 3',
        "http://127.0.0.1:8888/lab?reset=1",
        "time=2026-11-21T14:14:00.226Z level=INFO source=routes.go:1718 msg=started",
    ],
)
def test_the_cause_stays_readable(line: str) -> None:
    assert redacted(line) == line
