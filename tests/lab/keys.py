"""The key pair that opens every lab host: made once per machine, never committed."""

from __future__ import annotations

from pathlib import Path

from . import paths
from .locks import locked
from .shell import run

SUDO_PASSWORD = "correct horse"


def private_key() -> Path:
    """The private key's path; its public half lies beside it."""
    folder = paths.cache_dir() / "ssh"
    key = folder / "id_ed25519"
    with locked(paths.cache_dir() / "locks" / "ssh"):
        if not key.with_suffix(".pub").exists():
            folder.mkdir(mode=0o700, exist_ok=True)
            key.unlink(missing_ok=True)
            make_key(key, "hardpoint-lab")
    return key


def public_key() -> str:
    """The line for authorized_keys."""
    return private_key().with_suffix(".pub").read_text().strip()


def make_key(path: Path, comment: str) -> None:
    """Make an ed25519 key pair without a passphrase."""
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)])
