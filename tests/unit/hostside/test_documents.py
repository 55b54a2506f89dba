"""Keys of settings files: below homes, of the system, below installations; and nothing else of them."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from hardpoint.hostside import reader_program
from hardpoint.hostside.payload import main, prefixes, read_documents
from hardpoint.hostside.payload.reader import permitted

from .conftest import needs_root, owned

pytestmark = needs_root

COMPOSE = (
    "services:\n  a:\n    ports: [8080:80]\n    environment: {TOKEN: sk-1, EMPTY: '', NONE: null}\n"
)
AT = ["services", "a"]


def read(*documents):
    reply = main.answer({"do": "read", "what": "documents", "documents": list(documents)})
    assert reply["ok"], reply
    return reply


def rows(reply, user):
    return [row for row in reply["documents"] if row["user"] == user]


def test_only_the_asked_keys_leave_and_secrets_not_at_all(alice, home):
    owned(home / "compose.yaml", alice, COMPOSE)
    environment = [*AT, "environment"]
    reply = read(
        {
            "path": "compose.yaml",
            "format": "yaml",
            "keys": [[*AT, "ports"], [*AT, "nothing"]],
            "masked": [[*environment, name] for name in ("TOKEN", "EMPTY", "NONE", "ABSENT")],
        }
    )
    [row] = rows(reply, alice.pw_name)
    names = "services.a.environment."
    assert row == {
        "user": alice.pw_name, "path": str(home / "compose.yaml"), "format": "yaml", "state": "present",
        "values": {
            "services.a.ports": ["8080:80"],
            names + "TOKEN": "set", names + "EMPTY": "", names + "NONE": None,
        },
        "lines": {"services.a.ports": 3, names + "TOKEN": 4, names + "EMPTY": 4, names + "NONE": 4},
        "computed": {},
    }  # fmt: skip
    assert "sk-1" not in json.dumps(reply)


def test_json_is_the_format_where_none_is_named(alice, home):
    owned(home / "s.json", alice, '{\n "a": {"b": 1} // c\n}')
    [row] = rows(read({"path": "s.json", "keys": [["a", "b"]]}), alice.pw_name)
    assert (row["format"], row["values"], row["lines"]) == ("json", {"a.b": 1}, {"a.b": 2})


def test_what_is_computed_is_a_limit_with_its_text(alice, home):
    text = "import os\nc.A.b = os.environ.get('B', 'x' * 300)\nc.A.token = os.environ['SK']\n"
    owned(home / "c.py", alice, text)
    asked = {"path": "c.py", "format": "python", "keys": [["A", "b"]], "masked": [["A", "token"]]}
    reply = read(asked)
    [row] = rows(reply, alice.pw_name)
    assert row["values"] == {"A.b": None, "A.token": None}
    assert row["computed"] == {"A.b": "os.environ.get('B', 'x' * 300)", "A.token": "computed"}
    reasons = [limit["reason"] for limit in reply["limits"] if limit["subject"] == alice.pw_name]
    assert reasons == [
        f"{home}/c.py:{n} computes A.{k} when it is read" for n, k in ((2, "b"), (3, "token"))
    ]


@pytest.mark.parametrize(
    ("content", "state"),
    [
        ("a: [", "malformed"),
        (b"a: \xff", "malformed"),
        (b"a: \0", "malformed"),
        ("x" * 2**20, "unreadable"),
    ],
    ids=["open", "latin", "nul", "long"],
)
def test_a_file_that_cannot_be_read_is_a_limit(alice, home, content, state):
    owned(home / "c.yaml", alice, content)
    reply = read({"path": "c.yaml", "format": "yaml", "keys": [["a"]]})
    [row] = rows(reply, alice.pw_name)
    assert (row["state"], row["values"]) == (state, {})
    assert any(f"{home}/c.yaml" in limit["reason"] for limit in reply["limits"])


def test_a_file_that_is_not_there(alice, home):
    asked = {"path": ".streamlit/config.toml", "format": "toml", "keys": [["server", "address"]]}
    assert rows(read({**asked, "or_folder": True}), alice.pw_name) == []
    (home / ".streamlit").mkdir()
    assert rows(read(asked), alice.pw_name) == []
    [row] = rows(read({**asked, "or_folder": True}), alice.pw_name)
    assert (row["state"], row["values"]) == ("absent", {})


def test_a_system_file_is_read_without_a_link_that_somebody_planted(alice, home, etc):
    (etc / "x.ini").write_text("[a]\nb=1\n")
    owned(home / "mine.ini", alice, "[a]\nb=2\n")
    (etc / "y.ini").symlink_to(home / "mine.ini")
    for folder in (etc.parent, *etc.parents):
        if folder.stat().st_mode & 0o022 and not folder.stat().st_mode & 0o1000:
            pytest.skip(f"{folder} is not root's alone")
    asked = {"format": "ini", "keys": [["a", "b"]]}
    paths = [str(etc / "x.ini"), str(etc / "y.ini"), str(home / "mine.ini"), str(etc / "none.ini")]
    reply = read(*({**asked, "path": path} for path in paths))
    seen = {row["path"]: (row["state"], row["values"]) for row in rows(reply, None)}
    assert seen == {
        paths[0]: ("present", {"a.b": "1"}), paths[1]: ("unreadable", {}), paths[2]: ("unreadable", {}),
    }  # fmt: skip


JUPYTER = {
    "path": "{prefix}/etc/jupyter/jupyter_server_config.json",
    "keys": [["ServerApp", "ip"]],
    "programs": ["jupyter-lab", "jupyter lab", "-m jupyterlab"],
}


def installed(prefix, alice, name="jupyter-lab", text='{"ServerApp": {"ip": "*"}}'):
    """An installation of hers: a program, and its settings."""
    (prefix / "bin").mkdir(parents=True)
    (prefix / "etc/jupyter").mkdir(parents=True)
    owned(prefix / "bin" / name, alice, "#!/bin/sh\nsleep 60\n", 0o755)
    owned(prefix / "etc/jupyter/jupyter_server_config.json", alice, text)
    subprocess.run(["chown", "-R", f"{alice.pw_uid}:{alice.pw_gid}", prefix], check=True)


def test_installations_in_a_home_are_found(alice, home):
    for place in (".local", "venv", ".hidden", "projects/venv", "too/deep/venv"):
        installed(home / place, alice)
    installed(home / "other", alice, "unrelated")
    (home / "link").symlink_to(home / "venv")
    found = {row["path"] for row in rows(read(JUPYTER), alice.pw_name)}
    rest = "etc/jupyter/jupyter_server_config.json"
    places = (".hidden", ".local", "projects/venv", "venv")
    assert found == {str(home / place / rest) for place in places}


def test_a_running_program_tells_where_it_is(alice, home):
    deep = home / "a/b/c/venv"
    installed(deep, alice)
    assert rows(read(JUPYTER), alice.pw_name) == []
    process = subprocess.Popen(
        [str(deep / "bin/jupyter-lab")], user=alice.pw_uid, group=alice.pw_gid, cwd="/"
    )
    try:
        deadline = time.monotonic() + 5
        while not prefixes.running(["jupyter-lab"]) and time.monotonic() < deadline:
            time.sleep(0.05)
        [row] = rows(read(JUPYTER), alice.pw_name)
    finally:
        process.kill()
        process.wait()
    assert row["path"].startswith(str(deep)) and row["values"] == {"ServerApp.ip": "*"}


def test_a_program_in_a_container_tells_nothing_about_this_host(tmp_path):
    """Its paths are of its own file system."""
    script = f"""
        cd {tmp_path} && mount -t tmpfs none . && cd {tmp_path} && mkdir -p usr opt/bin
        mount --bind /usr usr; ln -s usr/lib lib; ln -s usr/lib64 lib64
        printf '#!/usr/bin/sh\\nsleep 60\\n' > opt/bin/jupyter-lab; chmod 755 opt/bin/jupyter-lab
        exec chroot . /opt/bin/jupyter-lab
    """
    process = subprocess.Popen(["unshare", "-m", "sh", "-c", script], start_new_session=True)
    try:
        deadline = time.monotonic() + 5
        started = lambda: b"jupyter-lab" in Path(f"/proc/{process.pid}/cmdline").read_bytes()  # noqa: E731
        while not (started() and os.readlink(f"/proc/{process.pid}/root") != "/"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert prefixes.running(["jupyter-lab"]) == []
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_an_installation_of_the_system(alice, home, tmp_path, monkeypatch):
    """Read as whoever it belongs to."""
    base = home / "opt"
    installed(base / "app", alice)
    monkeypatch.setattr(prefixes, "_SYSTEM", (str(base / "*"),))
    monkeypatch.setattr(prefixes, "home_of", lambda path: None)
    asked = {**JUPYTER, "programs": ["jupyter-lab"]}
    places = read_documents._Installed([asked]).outside(asked)
    path = str(base / "app/etc/jupyter/jupyter_server_config.json")
    assert places == [(None, alice.pw_name, path)]
    [row] = rows(read(asked), None)
    assert (row["path"], row["values"]) == (path, {"ServerApp.ip": "*"})


def test_too_many_folders_are_a_limit(alice, home, monkeypatch):
    monkeypatch.setattr(prefixes, "_MOST", 2)
    for n in range(4):
        (home / f"v{n}/bin").mkdir(parents=True)
    assert any("too many folders" in limit["reason"] for limit in read(JUPYTER)["limits"])


def test_the_reader_gives_no_secret_and_no_other_file(alice, home):
    documents = [
        {"path": ".a/c.yaml", "format": "yaml", "keys": [["a"]], "masked": [["token"]]},
        {"path": "/etc/x.toml", "format": "toml", "keys": [["a"]]},
        JUPYTER,
    ]
    catalogue = {"documents": documents, "variables": []}

    def may(path, user, style, key):
        resource = {"type": "setting", "path": path, "user": user, "format": style, "key": key}
        return permitted({"do": "read", "what": "setting", "resource": resource}, catalogue)

    assert permitted({"do": "read", "what": "documents", "documents": documents}, catalogue)
    bare = {**documents[0], "masked": []}
    assert not permitted({"do": "read", "what": "documents", "documents": [bare]}, catalogue)
    assert may("/home/x/.a/c.yaml", "x", "yaml", ["a"])
    assert not may("/home/x/.a/c.yaml", "x", "yaml", ["token"])
    assert not may("/home/x/.a/c.yaml", "x", "json", ["a"])
    assert not may("/home/x/.a/c.yaml", None, "yaml", ["a"])
    assert may("/etc/x.toml", None, "toml", ["a"])
    assert not may("/home/x/etc/x.toml", "x", "toml", ["a"])
    assert may("/srv/v/etc/jupyter/jupyter_server_config.json", None, "json", ["ServerApp", "ip"])
    assert not may("/srv/v/etc/jupyter/other.json", None, "json", ["ServerApp", "ip"])


def test_the_reader_brings_the_editors(alice, home, tmp_path):
    owned(home / "c.yaml", alice, "a: [1, 2]\n")
    documents = [{"path": "c.yaml", "format": "yaml", "keys": [["a", "1"]]}]
    program = tmp_path / "reader"
    program.write_text(reader_program({"documents": documents, "variables": []}))
    request = {"do": "read", "what": "documents", "documents": documents}
    done = subprocess.run(
        ["/usr/bin/python3", "-I", program, json.dumps(request)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [row["values"] for row in rows(json.loads(done.stdout), alice.pw_name)] == [{"a.1": 2}]


def test_reading_writes_nothing(alice, home):
    from .conftest import tree

    owned(home / "c.yaml", alice, "a: 1\n")
    installed(home / "venv", alice)
    before = tree(home)
    read({"path": "c.yaml", "format": "yaml", "keys": [["a"]]}, JUPYTER)
    assert tree(home) == before
    assert os.path.exists(home / "c.yaml")
