"""Controller side of the program that runs on a managed host.

`command` packs a request, and the few payload modules that answer it, into one shell command:
nothing is installed on the host, and a read writes nothing there.
"""

import ast
import base64
import functools
import json
import sys
import zlib
from pathlib import Path

from pyinfra.api import QuoteString, StringCommand

from .payload.errors import Refusal
from .payload.main import handler

PAYLOAD = Path(__file__).parent / "payload"
LIMIT = (
    120 * 1024
)  # Linux refuses a single argument of 128 KiB; `sh -c` and sudo wrap ours once more
REPLY_LIMIT = 64 * 1024 * 1024

# runs before the version is known, so it must compile on any Python; no quote and no backslash may appear in
# it, since each would be multiplied by every shell that quotes it again
_BOOTSTRAP = """\
import sys
if sys.version_info < (3, 9):
    sys.stderr.write("hardpoint: python3 on this host is older than 3.9: install a newer one" + chr(10))
    sys.exit(127)
import base64, importlib.util, json, zlib
class Sources:
    sources = json.loads(zlib.decompress(base64.b64decode("@SOURCES@")))
    def find_spec(self, name, path=None, target=None):
        if name in self.sources:
            return importlib.util.spec_from_loader(name, self, is_package=name == "hostside")
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        name = module.__name__
        exec(compile(self.sources[name], name, "exec"), module.__dict__)
sys.meta_path.insert(0, Sources())
from hostside.main import main
sys.exit(main(sys.argv[1]))
"""


class HostsideError(Exception):
    """The host's answer to a request was a refusal, or no answer at all. `code` as in the reply's "error"."""

    def __init__(self, code: str, message: str, reply: dict | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reply = reply or {}


def command(request: dict) -> StringCommand:
    """The shell command that answers `request` on a host; ValueError when it is unknown or too long."""
    program, text = _program_and_request(request)
    made = StringCommand(
        "if command -v python3 >/dev/null 2>&1; then python3 -I -B -c",
        QuoteString(program),
        QuoteString(text),
        '; else echo "hardpoint: python3 is missing on this host: install python3 (3.9 or newer)" >&2; (exit 127); fi',
    )
    length = len(made.get_raw_value().encode())
    if length >= LIMIT:
        raise ValueError(
            f"request {request['do']} needs a command of {length // 1024} KiB, the limit is {LIMIT // 1024} KiB:"
            " send less content in one request"
        )
    return made


def here(request: dict) -> list[str]:
    """The words of a command that answers `request` on this machine, as whoever we are."""
    return [sys.executable, "-I", "-B", "-c", *_program_and_request(request)]


def _program_and_request(request: dict) -> tuple[str, str]:
    try:
        modules = sorted({handler(one)[0] for one in (request, *request.get("requests", []))})
    except Refusal as error:
        raise ValueError(error.message) from None
    # \u0027 for a quote: the text survives each level of shell quoting without growing
    text = json.dumps(request, separators=(",", ":")).replace("'", "\\u0027")
    return _program(tuple(modules)), text


def reply(stdout: str) -> dict:
    """The reply in a command's standard output; HostsideError for a refusal or when there is none."""
    lines = (
        [line for line in stdout.splitlines() if line.strip()] if len(stdout) <= REPLY_LIMIT else []
    )
    try:
        answer = json.loads(lines[-1])
    except (IndexError, ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("ok"), bool):
        raise HostsideError("no-reply", "the host gave no readable answer")
    if not answer["ok"]:
        raise HostsideError(_clean(answer.get("error")), _clean(answer.get("message")), answer)
    return answer


def _clean(text: object) -> str:
    """What a host says is untrusted: bounded, and without control characters except line breaks."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in str(text)[:8000])


def reader_program(catalogue: dict) -> str:
    """The text of a program that answers reads of the catalogue, to be installed root-owned."""
    reads = sorted(path.stem for path in PAYLOAD.glob("read_*.py"))
    packed = _packed(["reader", "history", "many", *reads])
    text = json.dumps(catalogue, sort_keys=True)
    program = _BOOTSTRAP.replace("@SOURCES@", packed).replace(
        "from hostside.main import main\nsys.exit(main(sys.argv[1]))",
        f"from hostside.reader import main\nsys.exit(main(sys.argv[1:], json.loads({text!r})))",
    )
    return f"#!/usr/bin/python3 -I\n{program}"


@functools.cache
def _program(modules: tuple[str, ...]) -> str:
    return _BOOTSTRAP.replace("@SOURCES@", _packed(list(modules)))


def _packed(modules: list[str]) -> str:
    names = _needed(modules)
    sources = {"hostside." + name: (PAYLOAD / f"{name}.py").read_text() for name in names}
    sources["hostside"] = ""
    return base64.b64encode(zlib.compress(json.dumps(sources).encode(), 9)).decode()


def _needed(modules: list[str]) -> list[str]:
    """`main`, the modules and all that they import from their own package, lazily or not, sorted."""
    found: set[str] = set()
    waiting = ["main", *modules]
    while waiting:
        name = waiting.pop()
        path = PAYLOAD / f"{name}.py"
        if name in found:
            continue
        if not path.is_file():
            raise ValueError(f"no payload module {name}: add {path}")
        found.add(name)
        waiting += _imported(ast.parse(path.read_text()))
    return sorted(found)


def _imported(tree: ast.AST) -> list[str]:
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            names += (
                [node.module.split(".")[0]] if node.module else [alias.name for alias in node.names]
            )
    return names
