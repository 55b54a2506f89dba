"""Where the lab keeps things on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import LabError

PACKAGE = Path(__file__).resolve().parent
REPOSITORY = PACKAGE.parents[1]


def cache_dir() -> Path:
    """Images, layers and the key pair: kept between runs, removed by `purge`."""
    return _private(os.environ.get("HARDPOINT_LAB_CACHE", "/var/cache/hardpoint-lab"))


def state_dir() -> Path:
    """Running labs: one folder each, removed by `down` and `gc`."""
    return _private(os.environ.get("HARDPOINT_LAB_STATE", "/var/lib/hardpoint-lab"))


def _private(where: str) -> Path:
    path = Path(where).absolute()
    if path.is_relative_to("/run") or path.is_relative_to("/var/run"):
        raise LabError(
            f"{path}: hosts hide /run behind a tmpfs of their own, choose another folder"
        )
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
