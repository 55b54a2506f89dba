"""What a service logs leaves the host without its secrets."""

from __future__ import annotations

import pytest

from hardpoint.hostside.payload.redact import HIDDEN, redacted, without_userinfo

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


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (f"http://me:{S}@0.0.0.0:11434", "http://redacted@0.0.0.0:11434"),
        (f"http://{S}@0.0.0.0", "http://redacted@0.0.0.0"),
        (f"me:{S}@0.0.0.0:11434", "redacted@0.0.0.0:11434"),
        (f"http://me:a@{S}@[::]:1", "http://redacted@[::]:1"),
        (f"export OLLAMA_HOST='me:{S}@h'", "export OLLAMA_HOST='redacted@h'"),
        (f"chrome-extension://*,https://me:{S}@h", "chrome-extension://*,https://redacted@h"),
        ("/etc/systemd/system/ollama@1.service:2", "/etc/systemd/system/ollama@1.service:2"),
        ("ollama@1.service", "ollama@1.service"),
        ("http://127.0.0.1:5173/@vite/client", "http://127.0.0.1:5173/@vite/client"),
    ],
)
def test_an_address_keeps_who_may_log_in_to_itself(value: str, shown: str) -> None:
    assert without_userinfo({"a": [value, 1, None]}) == {"a": [shown, 1, None]}
