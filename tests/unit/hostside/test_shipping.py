"""The command that carries the program: run for real, through sh, by the Pythons that are here."""

import ast
import base64
import json
import os
import re
import shlex
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest

from hardpoint import hostside
from hardpoint.hostside import HostsideError, _needed, command, reply
from hardpoint.hostside.payload import main

from .conftest import needs_root, tree

VERSIONS = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
"""Where pyenv keeps Pythons of other versions, if it is here."""


def through_sh(request, **more):
    """As pyinfra runs it: one string, quoted once more by each shell around it."""
    line = "sh -c " + shlex.quote(command(request).get_raw_value())
    return subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False, **more)


@needs_root
def test_a_request_survives_the_shells():
    odd = 'it\'s "$HOME" `x` \\ \n é'
    done = through_sh({"do": "rollback", "run": odd})
    assert done.returncode == 1
    with pytest.raises(HostsideError) as caught:
        reply(done.stdout)
    assert caught.value.code == "bad-request" and repr(odd) in caught.value.message


def test_quotes_do_not_multiply():
    request = {"do": "write", "run": "x", "control": "'" * 5000}
    assert len(shlex.quote(command(request).get_raw_value())) < 100_000


@needs_root
def test_reads_create_nothing(tmp_path):
    """With a journal, without one, and with no write at all (bytecode caches count)."""
    before = tree("/var/lib/hardpoint"), tree("/run/hardpoint")
    there = os.path.exists("/var/lib/hardpoint"), os.path.exists("/run/hardpoint")
    for request in ({"do": "runs"}, {"do": "claims"}, {"do": "rollback", "dry": True}):
        done = through_sh(request)
        assert reply(done.stdout)["ok"], done
    assert (tree("/var/lib/hardpoint"), tree("/run/hardpoint")) == before
    assert (os.path.exists("/var/lib/hardpoint"), os.path.exists("/run/hardpoint")) == there
    assert not list(Path("hardpoint/hostside").rglob("hostside.*.pyc"))


@needs_root
def test_a_whole_life_on_a_host_of_its_own(tmp_path):
    """Record to rollback, each in its own process, at the real places (mount namespace)."""
    run = "20261121T105200Z-1a2b3c"
    resource = {"type": "file", "path": "/var/lib/x/new.conf"}
    common = {"run": run, "control": "a", "subject": "", "resource": resource, "who": "pat@laptop"}
    content = base64.b64encode(b"it's\n").decode()
    requests = [
        {"do": "record", **common},
        {"do": "write", **common, "content_b64": content, "mode": "0640"},
        {"do": "claims"},
        {"do": "close", "run": run},
        {"do": "runs"},
        {"do": "rollback"},
        {"do": "runs"},
    ]
    script = "mount -t tmpfs -o mode=755 none /var/lib; mount -t tmpfs -o mode=755 none /run\n"
    script += "".join(f"( {command(request).get_raw_value()} )\n" for request in requests)
    script += "stat -c '%a %U' /var/lib/hardpoint /run/hardpoint\n"
    script += "find /var/lib/hardpoint -type f -perm /077; ls /var/lib\n"
    done = subprocess.run(
        ["unshare", "-m", "sh"], input=script, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    replies = [reply(line) for line in lines[:7]]
    assert replies[2]["claims"][0]["run"] == run
    assert [run["state"] for run in replies[4]["runs"]] == ["applied"]
    assert replies[5]["resources"][0]["result"] == "restored"
    assert [run["state"] for run in replies[6]["runs"]] == ["rolled back"]
    assert lines[7:] == ["700 root", "700 root", "hardpoint"], done


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.12", "3.13"])
def test_every_supported_python_runs_it(tmp_path, version):
    found = sorted(VERSIONS.glob(f"{version}.*/bin/python3"))
    if not found:
        pytest.skip(f"no Python {version} here")
    (tmp_path / "python3").symlink_to(found[0])
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = through_sh({"do": "rollback", "to": "nowhere"}, env=environment)
    assert json.loads(done.stdout)["error"] in ("bad-request", "not-root"), done
    for path in Path(main.__file__).parent.glob("*.py"):
        subprocess.run(
            [found[0], "-c", "import sys; compile(open(sys.argv[1]).read(), 'x', 'exec')", path],
            check=True,
        )


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.8"])
def test_an_older_python_says_so(tmp_path, version):
    found = sorted([*VERSIONS.glob(f"{version}.*/bin/python")])
    if not found:
        pytest.skip(f"no Python {version} here")
    (tmp_path / "python3").write_text(
        f'#!/bin/sh\n[ "$1 $2" = "-I -B" ] && shift 2\nexec {found[0]} "$@"\n'
    )
    (tmp_path / "python3").chmod(0o755)
    done = through_sh({"do": "runs"}, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert done.returncode == 127 and "older than 3.9" in done.stderr and done.stdout == ""


def test_a_host_without_python_says_so(tmp_path):
    for name in ("sh",):
        (tmp_path / name).symlink_to(shutil.which(name))
    done = through_sh({"do": "runs"}, env={"PATH": str(tmp_path)})
    assert done.returncode == 127 and "python3 is missing" in done.stderr


def test_only_what_a_request_needs_is_sent():
    assert list(_needed(["history"])) == [
        "asuser",
        "darwin",
        "errors",
        "formats",
        "history",
        "launchd",
        "layers",
        "packages",
        "read_host",
        "redact",
        "resources",
        "settings",
        "shell",
        "store",
        "unit_log",
        "units",
        "userio",
    ]
    assert "rollback" not in _needed(["change"])
    assert len(command({"do": "rollback"}).get_raw_value()) < 96 * 1024


def shipped(request) -> set[str]:
    """The names of the modules that a request's command carries."""
    packed = re.search(r'b64decode\("([^"]+)"', command(request).get_raw_value()).group(1)
    return set(json.loads(zlib.decompress(base64.b64decode(packed))))


def test_an_editor_is_sent_with_requests_that_name_its_format():
    one = {"path": ".x", "keys": [["a"]]}
    read = {"do": "read", "what": "documents", "documents": [one]}
    assert "hostside.edit_json" in shipped(read)
    assert "hostside.edit_yaml" not in shipped(read)
    read["documents"].append({**one, "format": "yaml"})
    assert {"hostside.edit_yaml", "yaml", "yaml.scanner"} <= shipped(read)
    assert "yaml.constructor" not in shipped(read)
    assert shipped({"do": "many", "requests": [read]}) > shipped(read)
    assert {"hostside.edit_toml", "yaml.parser"} <= shipped({"do": "rollback"})
    assert not {"hostside.edit_json", "yaml"} & shipped({"do": "runs"})


SENT = _needed([*hostside.EDITORS, "rollback", "main"])


@pytest.mark.parametrize("name", SENT)
def test_what_is_sent_is_the_same_program_on_the_same_lines(name):
    path = SENT[name]

    def meaning(source):
        tree = ast.parse(source)
        for node in ast.walk(tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                node.value.value = 0
                node.end_col_offset = node.value.end_col_offset = 0
                node.end_lineno = node.value.end_lineno = node.lineno
            if isinstance(getattr(node, "body", None), list):
                node.end_lineno = node.end_col_offset = 0
        return ast.dump(tree, include_attributes=True)

    assert meaning(hostside._module(path, name.rpartition(".")[0]).text) == meaning(
        path.read_text()
    )


def test_a_shipped_package_says_whose_it_is():
    assert "PyYAML" in hostside._notice("yaml") and "MIT" in hostside._notice("yaml")


def test_a_read_ships_its_own_module_alone(tmp_path, monkeypatch):
    for name in ("main", "errors", "redact"):
        shutil.copy(hostside.PAYLOAD / f"{name}.py", tmp_path)
    (tmp_path / "read_weather.py").write_text(
        'def read(request):\n    return {"sky": request["place"]}\n'
    )
    monkeypatch.setattr(hostside, "PAYLOAD", tmp_path)
    hostside._program.cache_clear()
    try:
        done = through_sh({"do": "read", "what": "weather", "place": "blue"})
    finally:
        hostside._program.cache_clear()
    assert reply(done.stdout) == {"ok": True, "sky": "blue"}


@pytest.mark.parametrize(
    "request_",
    [{"do": "read", "what": "nothing_here"}, {"do": "x"}, {}, {"do": "read", "what": "../x"}],
)
def test_unknown_requests_are_refused_before_they_are_sent(request_):
    with pytest.raises(ValueError, match=r"read|unknown"):
        command(request_)


def test_too_much_content_is_refused_before_it_is_sent():
    with pytest.raises(ValueError, match="limit is 120 KiB"):
        command({"do": "write", "content_b64": "A" * 120 * 1024})


@pytest.mark.parametrize(
    "stdout", ["", "\n", "hello", "[]", '{"x": 1}', '{"ok": true', '{"ok": 1}', "1\n{}"]
)
def test_no_reply_is_an_error(stdout):
    with pytest.raises(HostsideError) as caught:
        reply(stdout)
    assert caught.value.code == "no-reply"


def test_a_reply_after_other_output_is_found():
    assert reply('welcome!\n{"ok": true, "x": 1}\n\n') == {"ok": True, "x": 1}


def test_what_a_host_says_is_made_harmless():
    with pytest.raises(HostsideError) as caught:
        reply(json.dumps({"ok": False, "error": "x", "message": "a\x1b[2J\u202eb\n" + "y" * 10**6}))
    assert (
        "\x1b" not in str(caught.value)
        and "\u202e" not in str(caught.value)
        and len(str(caught.value)) < 10_000
    )


def test_an_unexpected_error_shows_no_content(monkeypatch):
    def broken(_):
        raise ValueError("sk-secret")

    monkeypatch.setattr(main, "handler", broken)
    answer = main.answer({"do": "runs"})
    assert (
        answer["error"] == "internal"
        and "secret" not in json.dumps(answer)
        and "test_shipping" in answer["message"]
    )
