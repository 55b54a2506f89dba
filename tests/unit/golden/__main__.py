"""Writes the golden files anew."""

import tempfile
from pathlib import Path

from tests.unit.golden.samples import HERE, texts

with tempfile.TemporaryDirectory() as scratch:
    for name, text in texts(Path(scratch)):
        (HERE / name).write_text(text)
