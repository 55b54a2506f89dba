"""A host in a temporary directory: its own journal and lock, real files, a real second user."""

import base64
import os
import pwd
import subprocess
import uuid
from pathlib import Path

import pytest

from hardpoint.hostside.payload import main
from hardpoint.hostside.payload.store import Places

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="changes of other users' files need root")


class Host:
    """A host whose journal is in `folder`; `run` is the run that changes are made in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.places = Places(str(folder / "journal"), str(folder / "lease"))
        self.run = "20261121T105200Z-1a2b3c"

    def ask(self, do: str, **more) -> dict:
        """The reply, whatever it is."""
        return main.answer({"do": do, "who": "pat@laptop", **more}, self.places)

    def do(self, do: str, **more) -> dict:
        """The reply of a request that must succeed."""
        reply = self.ask(do, **more)
        assert reply["ok"], reply
        return reply

    def refused(self, code: str, do: str, **more) -> str:
        """The message of a request that must be refused with that code."""
        reply = self.ask(do, **more)
        assert not reply["ok"] and reply["error"] == code, reply
        return reply["message"]

    def next_run(self) -> str:
        """End this run, if it was begun, and name another."""
        if self.ask("close", run=self.run)["ok"]:
            self.run = f"20261121T105300Z-{uuid.uuid4().hex[:6]}"
        return self.run

    def write(self, path, content: bytes, control="a", user=None, **more) -> dict:
        one = {"run": self.run, "control": control, "subject": "", "resource": file(path, user)}
        self.do("record", **one)
        return self.do("write", **one, content_b64=base64.b64encode(content).decode(), **more)

    def put(self, path, key, value, control="a", user=None, style="json") -> dict:
        one = {"run": self.run, "control": control, "resource": setting(path, key, user, style)}
        self.do("record", **one)
        return self.do("set", **one, value=value)

    def rollback(self, **more) -> dict:
        """{label: (result, reason)}, after the run has ended."""
        if not more.get("dry") and not more.get("lease"):
            self.next_run()
        reply = self.do("rollback", **more)
        assert not reply["warnings"], reply
        return {one["label"]: (one["result"], one["reason"]) for one in reply["resources"]}

    def results(self, **more) -> list[str]:
        return [result for result, _ in self.rollback(**more).values()]


def file(path, user=None) -> dict:
    return {"type": "file", "path": str(path), "user": user}


def setting(path, key, user=None, style="json") -> dict:
    names = [key] if isinstance(key, str) else key
    return {"type": "setting", "path": str(path), "user": user, "format": style, "key": names}


def tree(folder) -> dict:
    """All that can be seen of a directory: mode, owner, time of change, content or target."""
    seen = {}
    for path in sorted(Path(folder).rglob("*")):
        found = path.lstat()
        content = (
            os.readlink(path)
            if path.is_symlink()
            else path.read_bytes()
            if path.is_file()
            else None
        )
        seen[str(path)] = (found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns, content)
    return seen


@pytest.fixture
def host(tmp_path) -> Host:
    return Host(tmp_path)


@pytest.fixture
def etc(tmp_path) -> Path:
    """A directory like /etc: of root, nobody else may write."""
    folder = tmp_path / "etc"
    folder.mkdir(mode=0o755)
    return folder


@pytest.fixture(scope="session")
def alice():
    """A real user with a home; her passwd entry."""
    if os.geteuid() != 0:
        pytest.skip("making a user needs root")
    name = f"hp{uuid.uuid4().hex[:8]}"
    subprocess.run(["useradd", "--create-home", "--shell", "/bin/sh", name], check=True)
    yield pwd.getpwnam(name)
    subprocess.run(["userdel", "--force", "--remove", name], check=True, capture_output=True)


@pytest.fixture
def home(alice):
    """Her home, empty, as she would have it."""
    home = Path(alice.pw_dir)
    subprocess.run(["find", str(home), "-mindepth", "1", "-delete"], check=True)
    home.chmod(0o755)
    os.chown(home, alice.pw_uid, alice.pw_gid)
    return home


def owned(path: Path, entry, content: bytes | str, mode: int = 0o600) -> Path:
    """A file of hers."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    os.chown(path, entry.pw_uid, entry.pw_gid)
    return path
