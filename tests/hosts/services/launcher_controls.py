"""A control that changes what desktop entries and crontabs give to a server."""

from __future__ import annotations

from hardpoint.control import Registry
from hardpoint.operations.document import Document, Fragment
from tests.sample_controls import Sample

AUTOSTART = "/home/alice/.config/autostart/chat.desktop"
SPOOL = "/var/spool/cron/crontabs/alice"
SYSTEM = "/etc/cron.d/serve"


def _flag(path: str, user: str | None, format: str, *key: str) -> Document:
    fragment = Fragment("launchers", "alice", key, "127.0.0.1")
    return Document(path, user, format, (fragment,))


def registry() -> Registry:
    documents = [
        _flag(AUTOSTART, "alice", "desktop", "vllm", "--host"),
        _flag(SPOOL, "alice", "crontab", "vllm", "--host"),
        _flag(SYSTEM, None, "system-crontab", "vllm", "--host"),
    ]
    return Registry([Sample("launchers", *documents, user="alice")])
