"""Controller side of the program that runs on a managed host.

`command` packs a request, and the few payload modules that answer it, into one shell command:
nothing is installed on the host, and a read writes nothing there.
"""

import ast
import base64
import functools
import json
import re
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import yaml
from pyinfra.api import QuoteString, StringCommand

from .payload import formats
from .payload.errors import Refusal
from .payload.main import handler

PAYLOAD = Path(__file__).parent / "payload"
EDITORS = {formats.module(style) for style in formats.FORMATS}
SHIPPED = {"yaml": Path(yaml.__file__).parent}
"""Packages of others, whose pure-Python modules go along where a payload module imports them."""
DISTRIBUTIONS = {"yaml": "PyYAML"}
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
            return importlib.util.spec_from_loader(name, self, is_package=any(one.startswith(name + ".") for one in self.sources))
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
        modules = {handler(one)[0] for one in (request, *request.get("requests", []))}
    except Refusal as error:
        raise ValueError(error.message) from None
    # \u0027 for a quote: the text survives each level of shell quoting without growing
    text = json.dumps(request, separators=(",", ":")).replace("'", "\\u0027")
    return _program(tuple(sorted(modules | _editors(request)))), text


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


def _editors(request: dict) -> set[str]:
    """The editors of the formats that a request names; all for one that meets what others recorded."""
    if request.get("do") in ("rollback", "close"):
        return EDITORS
    return {formats.module(style) for style in _named_formats(request) if style in formats.FORMATS}


def _named_formats(part: object) -> Iterator[object]:
    """Every "format" in a request, and that of documents that name none."""
    if isinstance(part, list):
        for one in part:
            yield from _named_formats(one)
    elif isinstance(part, dict):
        yield part.get("format", "json" if "keys" in part else None)
        for one in part.values():
            yield from _named_formats(one)


def reader_program(catalogue: dict) -> str:
    """The text of a program that answers reads of the catalogue, to be installed root-owned."""
    reads = sorted(path.stem for path in PAYLOAD.glob("read_*.py"))
    packed = _packed(["reader", "history", "many", *reads, *EDITORS])
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
    sources = {"hostside": ""}
    for name, path in _needed(["main", *modules]).items():
        package = name.split(".")[0]
        if package in SHIPPED:
            sources[package] = _notice(package)
        else:
            name = f"hostside.{name}"
        sources[name] = _module(path, package if package in SHIPPED else "").text
    return base64.b64encode(zlib.compress(json.dumps(sources).encode(), 9)).decode()


def _needed(modules: list[str]) -> dict[str, Path]:
    """The modules and all that they import from their own package or a shipped one, lazily or not."""
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        package, _, inner = name.rpartition(".")
        path = SHIPPED[package] / f"{inner}.py" if package in SHIPPED else PAYLOAD / f"{name}.py"
        if name in found:
            continue
        if not path.is_file():
            raise ValueError(f"no payload module {name}: add {path}")
        found[name] = path
        waiting += _module(path, package).imports
    return dict(sorted(found.items()))


def _notice(package: str) -> str:
    """Whose a shipped package is, as its licence asks."""
    about = metadata.metadata(DISTRIBUTIONS[package])
    return f"# {about['Name']} {about['Version']}, {about['Author']}, {about['License']} licence\n"


@dataclass(frozen=True)
class _Module:
    """A module as it is sent, and what it imports from its own package or from a shipped one."""

    text: str
    imports: tuple[str, ...]


_COMMENT = re.compile(r"[ \t]*#")


@functools.cache
def _module(path: Path, package: str) -> _Module:
    """Without docstrings and lines of comment, each line where it was: errors name it."""
    source = path.read_text()
    lines = source.splitlines(keepends=True)
    cuts: list[tuple[int, int, int, int]] = []
    texts: set[int] = set()
    imports: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            imports += _imported(node, package)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            cuts.append(
                (node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)
            )
        elif isinstance(node, ast.Constant | ast.JoinedStr):
            texts.update(range(node.lineno + 1, (node.end_lineno or 0) + 1))
    for number, line in enumerate(lines, 1):
        if number not in texts and _COMMENT.match(line):
            lines[number - 1] = "\n"
    for first, start, last, end in sorted(cuts, reverse=True):
        head = lines[first - 1].encode()[:start].decode()
        tail = lines[last - 1].encode()[end:].decode()
        lines[first - 1 : last] = [head + "0" + "\n" * (last - first) + tail]
    return _Module("".join(lines), tuple(imports))


def _imported(node: ast.ImportFrom, package: str) -> list[str]:
    """The modules of a package ("" for our own), or of a shipped one, that a line imports."""
    if node.level == 1:
        inside = package + "." if package else ""
        inner = [node.module] if node.module else [alias.name for alias in node.names]
        return [inside + name.split(".")[0] for name in inner]
    module = str(node.module)
    return [module] if module.split(".")[0] in SHIPPED else []
