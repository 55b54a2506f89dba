"""Whose process it is, by its arguments, with the patterns that we ship."""

from __future__ import annotations

import pytest

from hardpoint.controls.services import catalogue
from hardpoint.hostside.payload.read_listeners import run_by

SERVICES = catalogue.load()[0].asked.listeners()["services"]


@pytest.mark.parametrize(
    ("command", "service"),
    [
        ("/usr/local/bin/ollama serve", "ollama"),
        ("/opt/v/bin/python3 /opt/v/bin/vllm serve m --host 0.0.0.0", "vllm"),
        ("python -m vllm.entrypoints.openai.api_server --model m", "vllm"),
        ("python3 -m sglang.launch_server --model-path m", "sglang"),
        ("/opt/jupyter/bin/python /opt/jupyter/bin/jupyter-lab --ip=0.0.0.0", "jupyter"),
        ("/opt/jupyter/bin/python /opt/jupyter/bin/jupyter lab", "jupyter"),
        ("python -m jupyterlab", "jupyter"),
        ("/home/a/ComfyUI/venv/bin/python /home/a/ComfyUI/main.py --listen", "comfyui"),
        ("python /home/a/text-generation-webui/server.py", "text-generation-webui"),
        ("/v/bin/python /v/bin/open-webui serve", "open-webui"),
        ("/v/bin/python /v/bin/uvicorn open_webui.main:app --host 0.0.0.0", "open-webui"),
        ("/v/bin/python -m uvicorn mlflow.server.fastapi_app:app", "mlflow"),
        ("node /usr/lib/node_modules/n8n/bin/n8n start", "n8n"),
        ("node /root/.npm/_npx/x/node_modules/.bin/playwright-mcp --port 8931", "playwright-mcp"),
        ("npx -y @playwright/mcp@latest --port 8931", "playwright-mcp"),
        (
            "node /opt/x/node_modules/@modelcontextprotocol/server-everything/dist/index.js",
            "mcp-server",
        ),
        ("node /opt/x/bin/mcp-server-everything streamableHttp", "mcp-server"),
        ("/usr/lib/chromium/chromium --remote-debugging-port=9222", "chromium-debugging"),
        ("/usr/lib/chromium/chromium --headless", None),
        ("ray::IDLE", "ray"),
        ("/v/ray/core/src/ray/raylet/raylet --raylet_socket_name=x", "ray"),
        ("python -u /v/lib/python3.11/site-packages/ray/dashboard/dashboard.py", "ray"),
        ("/usr/bin/streamlit run app.py", "streamlit"),
        ("python -m streamlit run app.py", "streamlit"),
        ("koboldcpp-linux-x64 --model m", "koboldcpp"),
        ("/opt/llama-server --port 8080", "llama-server"),
        ("python3 main.py --listen", None),
        ("/usr/bin/python3 -m http.server 8080", None),
        ("nginx: master process /usr/sbin/nginx", None),
        ("python3 /srv/dashboard.py", None),
    ],
)
def test_a_command_line(command: str, service: str | None) -> None:
    found = run_by(command.split(), SERVICES)
    assert (found and found["id"]) == service
