"""Services too heavy for every run: `make test-services` builds their layers and tries each."""

from __future__ import annotations

from .services import Service

MORE_SERVICES = {
    service.name: service
    for service in (
        Service(
            "litellm",
            4000,
            "litellm --host {address} --port 4000",
            "/health/liveliness",
            "I'm alive",
            environment=("LITELLM_MASTER_KEY=sk-lab-0f5e7c1d9b3a4862",),
        ),
        Service(
            "mlflow",
            5000,
            "mlflow server --host {address} --port 5000",
            "/version",
            r"^\d+\.\d+\.\d+$",
        ),
        Service(
            "ray",
            8265,
            "ray start --head --dashboard-host={address} --block",
            "/api/version",
            r'"ray_version": "\d+\.\d+\.\d+"',
        ),
        Service(
            "open-webui",
            8080,
            "open-webui serve --host {address} --port 8080",
            "/api/version",
            r'"version":"\d+\.\d+\.\d+"',
            environment=(
                "DATA_DIR=/tmp/open-webui",  # else beside the program
                "RAG_EMBEDDING_ENGINE=ollama",
                "OFFLINE_MODE=true",
            ),
        ),
        Service(
            "llama-server",
            8080,
            "llama-server --host {address} --port 8080",
            "/props",
            '"build_info":"b[0-9]+',
            distro="debian13",
        ),
    )
}
