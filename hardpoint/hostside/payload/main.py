"""Entry point: one JSON request in, one JSON reply line out."""

import importlib
import json
import re
import sys

from .errors import Refusal, refusal
from .redact import without_userinfo

# request["do"] -> "module:function"; modules load only when asked for, so that a read ships and loads little
HANDLERS = {
    "many": "many:many",
    "begin": "journal:begin",
    "record": "journal:record",
    "close": "journal:close",
    "runs": "history:runs",
    "claims": "history:claims",
    "stage": "change:stage",
    "write": "change:write",
    "remove": "change:remove",
    "set": "change:put",
    "drop": "change:drop",
    "command_line": "set_command_line:put",
    "unit": "change:unit",
    "package": "change:package",
    "launchd": "change:session",
    "rollback": "rollback:rollback",
    "connect": "connect:connect",
    "trial": "trial:trial",
}


def handler(request):
    """("module", "function", takes places) for a request; Refusal "bad-request" for one that we don't know."""
    do = request.get("do") if isinstance(request, dict) else None
    if do == "read":
        what = request.get("what")
        if not isinstance(what, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", what):
            raise Refusal(
                "bad-request", "a read names what it reads: lower-case letters, digits and _"
            )
        return "read_" + what, "read", False
    if not isinstance(do, str) or do not in HANDLERS:
        raise Refusal(
            "bad-request", "unknown request: 'do' is one of read, %s" % ", ".join(sorted(HANDLERS))
        )
    return (*HANDLERS[do].split(":"), True)


def answer(request, places=None):
    """The reply to a request, as a dict; never raises. `places` is for tests only."""
    try:
        module, function, with_places = handler(request)
        call = getattr(_load(module), function)
        # what is read may be shown: an address is of interest, not who may log in there
        reply = call(request, places) if with_places else without_userinfo(call(request))
        return {"ok": True, **reply}
    except Refusal as error:
        return {"ok": False, **error.more, "error": error.code, "message": error.message}
    except OSError as error:
        error = refusal(error, error.filename if isinstance(error.filename, str) else "the host")
        return {"ok": False, "error": error.code, "message": error.message}
    except Exception as error:  # its text may quote a file, so only type and place are told
        trace = error.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        place = "%s:%d" % (trace.tb_frame.f_code.co_filename, trace.tb_lineno) if trace else "?"
        message = "unexpected %s at %s: please report it" % (type(error).__name__, place)
        return {"ok": False, "error": "internal", "message": message}


def main(text):
    """Answer the request in `text` on stdout; returns the exit status."""
    try:
        request = json.loads(text)
    except ValueError:
        request = None
    reply = answer(request)
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()
    return 0 if reply["ok"] else 1


def _load(module):
    name = "%s.%s" % (__package__, module)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise Refusal(
            "bad-request", "nothing here answers that request: no module %s" % module
        ) from None
