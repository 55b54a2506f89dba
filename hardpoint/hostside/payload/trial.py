"""A trial of an agent: its program comes along, runs once, and is removed."""

import base64
import io
import json
import subprocess
import sys
import tempfile
import zipfile

from .errors import Refusal


def trial(request, places):
    """{"trial": what programs/trial answered} of {"program": a zip archive, "spec": what it is asked}."""
    archive = zipfile.ZipFile(io.BytesIO(base64.b64decode(request["program"])))
    with tempfile.TemporaryDirectory(
        prefix="hardpoint-trial-"
    ) as folder:  # root's alone: mode 0700
        archive.extractall(folder)
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-B", folder],
            input=json.dumps(request["spec"]).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    try:
        return {"trial": json.loads(done.stdout)}
    except ValueError:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Refusal("no-trial", said[-1] if said else "the trial said nothing") from None
