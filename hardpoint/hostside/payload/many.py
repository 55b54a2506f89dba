"""Several reads in one process: each in a forked child, so that one that hangs or dies is alone."""

import json
import os
import sys
import time

from . import asuser

SECONDS = 20


def many(request, places=None):
    """{"replies": [...]}, in the order of `request["requests"]`; only reads are taken.

    A read that takes longer than 20 s, or dies, has {"ok": false, "error": "timeout" | "died"}.
    """
    from .main import answer

    return {"replies": [_apart(answer, one, places) for one in request["requests"]]}


def _apart(answer, request, places):
    reader, writer = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            with os.fdopen(writer, "wb") as out:
                out.write(json.dumps(answer(request, places)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    try:
        data = asuser.drain(reader, time.monotonic() + SECONDS)
    finally:
        os.close(reader)
        asuser.reap(child)
    if data is None:
        message = "a read took longer than %d s" % SECONDS
        return {"ok": False, "error": "timeout", "message": message}
    try:
        return json.loads(data)
    except ValueError:
        return {"ok": False, "error": "died", "message": "the process of a read died"}
