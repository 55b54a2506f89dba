"""What macOS's own tools say, as their manuals show it: nothing of this was recorded on a Mac."""

from __future__ import annotations

import os
import plistlib
import pwd
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from hardpoint.hostside.payload import darwin, read_host, read_launchd, read_listeners
from hardpoint.hostside.payload.errors import Refusal

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> str:
    return (RECORDED / f"{name}.txt").read_text()


class Mac:
    """Answers to the commands that darwin runs; `asked` are they."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.sessions = {501: {"OLLAMA_HOST": "0.0.0.0"}, 502: {}}
        self.lsof = (0, recorded("lsof"))

    def __call__(self, command: list[str], **_: object) -> tuple[int, str]:
        self.asked.append(command)
        program, rest = command[0], command[1:]
        if program == "/usr/sbin/lsof":
            return self.lsof
        if program == "/bin/ps":
            return 0, recorded("ps")
        if program == "/sbin/ifconfig":
            return 0, recorded("ifconfig")
        assert program == "/bin/launchctl", command
        uid = 501
        if rest[0] == "asuser":
            uid, rest = int(rest[1]), rest[3:]
        return self.launchctl(uid, rest)

    def launchctl(self, uid: int, words: list[str]) -> tuple[int, str]:
        if words[0] == "list":
            return 0, recorded("launchctl-list")
        if words[0] == "print":
            there = int(words[1].removeprefix("gui/")) in self.sessions
            return (0, "gui/501 = {}\n") if there else (113, "Could not find domain for\n")
        session = self.sessions[uid]
        if words[0] == "getenv":
            value = session.get(words[1])
            return 0, "" if value is None else value + "\n"
        if words[0] == "setenv":
            session[words[1]] = words[2]
        else:
            session.pop(words[1], None)
        return 0, ""


def passwd() -> list[pwd.struct_passwd]:
    rows = [line.split(":") for line in recorded("passwd").splitlines()]
    return [pwd.struct_passwd((a, b, int(u), int(g), *rest)) for a, b, u, g, *rest in rows]


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> Mac:
    answers = Mac()
    monkeypatch.setattr(darwin.shell, "run", answers)
    monkeypatch.setattr(read_host, "DARWIN", True)
    monkeypatch.setattr(pwd, "getpwall", passwd)
    return answers


def be(uid: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)


def test_listeners() -> None:
    rows = darwin.sockets_of(recorded("lsof"))
    seen = [(r["user"], r["pid"], r["comm"], r["address"], r["port"]) for r in rows]
    assert seen == [
        ("root", 1, "launchd", "::", 22),
        ("root", 1, "launchd", "0.0.0.0", 22),
        ("ann", 611, "ControlCe", "0.0.0.0", 7000),
        ("ann", 702, "ollama", "::", 11434),
        ("bob", 803, "LM Studio", "127.0.0.1", 1234),
        ("bob", 803, "LM Studio", "::1", 1234),
    ]


@pytest.mark.parametrize(
    "text", ["", "\n", "garbage", "n*:1\n", "p\nf1\nn*:1\n", "p1\nn*:1\n", "p1\nf3\nnno port\n"]
)
def test_what_is_no_listener(text: str) -> None:
    assert darwin.sockets_of(text) == []


def test_fields_may_come_in_any_order() -> None:
    (row,) = darwin.sockets_of("p7\nLann\nu501\ncollama\nf3\nTQR=0\nTST=LISTEN\nn[::1]:9\ntIPv6\n")
    assert (row["address"], row["port"], row["user"]) == ("::1", 9, "ann")


def test_processes_have_their_whole_path_and_a_start() -> None:
    found = darwin.processes(recorded("ps"), now=1_000_000.0)
    assert found[1]["started"] == 1_000_000 - (3 * 86400 + 3600 + 2 * 60 + 3)
    assert found[702]["started"] == 1_000_000 - (5 * 60 + 9)
    assert found[803]["program"] == "/Applications/LM Studio.app/Contents/MacOS/LM Studio"


def test_jobs_are_those_of_launchd_and_no_apps() -> None:
    assert darwin.jobs(recorded("launchctl-list")) == {711: "homebrew.mxcl.ollama"}


def test_addresses() -> None:
    v4, v6 = darwin.addresses_of(recorded("ifconfig"))
    assert v4 == {"192.168.1.23", "100.101.102.103"} and v6 == {"2001:db8:7::23"}


def test_the_machine_asks_ifconfig_there(mac: Mac) -> None:
    assert set(read_host.addresses()) == {"192.168.1.23", "100.101.102.103", "2001:db8:7::23"}


def test_people(mac: Mac) -> None:
    assert [user.pw_name for user in read_host.people()] == ["root", "ann", "bob", "carol"]


def test_root_sees_all_listeners(mac: Mac, monkeypatch: pytest.MonkeyPatch) -> None:
    be(0, monkeypatch)
    reply = read_listeners.read({})
    rows = {row["pid"]: row for row in reply["listeners"]}
    assert rows[702]["app"] == "/Applications/Ollama.app" and rows[702]["comm"] == "ollama"
    assert rows[611]["comm"] == "ControlCenter"  # lsof had cut it
    assert reply["limits"] == []
    assert "uid" not in rows[702]
    assert ["/bin/launchctl", "asuser", "502", "/bin/launchctl", "list"] in mac.asked


def test_without_root_the_rest_is_hidden_and_said(
    mac: Mac, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(501, monkeypatch)
    limits = read_listeners.read({})["limits"]
    assert [limit["subject"] for limit in limits] == ["system", "bob", "carol"]
    assert "only root sees" in limits[0]["reason"]


def test_nobody_listens(mac: Mac, monkeypatch: pytest.MonkeyPatch) -> None:
    be(0, monkeypatch)
    mac.lsof = (1, "")
    assert read_listeners.read({})["listeners"] == []


def test_an_lsof_that_fails_is_no_empty_list(mac: Mac) -> None:
    mac.lsof = (1, "lsof: illegal option\x1b[2J\n")
    with pytest.raises(Refusal, match="lsof failed: lsof: illegal option") as caught:
        read_listeners.read({})
    assert "\x1b" not in caught.value.message


def test_root_goes_into_a_session_and_its_user_is_there(mac: Mac, monkeypatch) -> None:
    be(0, monkeypatch)
    assert darwin.getenv(501, "OLLAMA_HOST") == "0.0.0.0" and darwin.getenv(502, "X") is None
    assert mac.asked[0] == [
        "/bin/launchctl", "asuser", "501", "/bin/launchctl", "getenv", "OLLAMA_HOST",
    ]  # fmt: skip
    be(501, monkeypatch)
    darwin.getenv(501, "OLLAMA_HOST")
    assert mac.asked[-1] == ["/bin/launchctl", "getenv", "OLLAMA_HOST"]
    assert darwin.has_session(502) and not darwin.has_session(1787654321)


# --- jobs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("job", "found"),
    [
        ({"EnvironmentVariables": {"V": "1"}}, [("V", "1", "environment")]),
        ({"ProgramArguments": ["/bin/launchctl", "setenv", "V", "a b"]}, [("V", "a b", "setenv")]),
        ({"ProgramArguments": ["launchctl", "setenv", "V", "1"]}, [("V", "1", "setenv")]),
        (
            {"ProgramArguments": ["sh", "-c", "launchctl setenv V '1'; launchctl setenv W \"2\""]},
            [("V", "1", "setenv"), ("W", "2", "setenv")],
        ),
        ({"ProgramArguments": ["/opt/homebrew/bin/ollama", "serve"]}, []),
        ({"ProgramArguments": "launchctl setenv V 1", "EnvironmentVariables": []}, []),
        ({}, []),
    ],
)
def test_what_a_job_sets(job: dict, found: list) -> None:
    assert read_launchd.assignments(job) == found


def test_jobs_of_the_system(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.plist", tmp_path / "bad.plist"
    job = {"Label": "x.y", "EnvironmentVariables": {"V": "1", "TOKEN": "secret"}}
    good.write_bytes(plistlib.dumps(job, fmt=plistlib.FMT_BINARY))
    bad.write_bytes(b"<plist><dict>")
    limits: list = []
    (row,) = read_launchd._jobs("ann", [str(good), str(bad)], ["V"], limits)
    assert row == {
        "user": "ann", "path": str(good), "label": "x.y", "name": "V", "value": "1",
        "how": "environment",
    }  # fmt: skip
    assert limits == [{"subject": "ann", "reason": f"{bad} is no property list"}]


# --- the switch of the app ---------------------------------------------------------------------


@pytest.fixture
def database(tmp_path: Path) -> tuple[sqlite3.Connection, Path]:
    """As Ollama's app makes it: write-ahead log, one row; open, as while the app runs."""
    path = tmp_path / "db #1?.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE settings (id INTEGER PRIMARY KEY, expose BOOLEAN DEFAULT 0)")
    connection.execute("INSERT INTO settings (id) VALUES (1)")
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return connection, path


def ask(path: Path, column: str = "expose") -> str:
    """In a process of its own: sqlite shares what one process has open."""
    program = "import sys; from hardpoint.hostside.payload.read_launchd import switch; "
    program += "print(switch(sys.argv[1], 'settings', sys.argv[2]))"
    command = [sys.executable, "-c", program, str(path), column]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def files(path: Path) -> dict:
    return {p.name: (p.read_bytes(), p.stat().st_mtime_ns) for p in path.parent.iterdir()}


def test_a_switch_that_the_running_app_has_not_checkpointed(database) -> None:
    connection, path = database
    connection.execute("UPDATE settings SET expose = 1")
    connection.commit()
    before = files(path)
    assert len(before) == 3
    assert ask(path) == "True"
    assert files(path) == before


def test_a_switch_of_a_closed_app(database) -> None:
    connection, path = database
    connection.close()
    before = files(path)
    assert ask(path) == "False" and files(path) == before and len(before) == 1


def test_a_column_of_another_version(database) -> None:
    assert ask(database[1], "browser") == "None"


def test_changes_that_only_the_app_can_read(database, tmp_path: Path) -> None:
    connection, path = database
    connection.execute("UPDATE settings SET expose = 1")
    connection.commit()
    other = tmp_path / "copy"
    other.mkdir()
    for suffix in ("", "-wal"):
        (other / ("db" + suffix)).write_bytes(Path(str(path) + suffix).read_bytes())
    with pytest.raises(Refusal, match="open it once"):
        read_launchd.switch(str(other / "db"), "settings", "expose")


def test_switches_of_a_home(tmp_path: Path) -> None:
    wanted = [
        {"path": name, "table": "settings", "column": "expose"} for name in ("no", "bad", "l")
    ]
    (tmp_path / "bad").write_text("this is no database, and long enough to tell" * 9)
    (tmp_path / "l").symlink_to("/etc/shadow")
    limits: list = []
    assert read_launchd._switches("ann", str(tmp_path), wanted, limits) == []
    assert [limit["subject"] for limit in limits] == ["ann", "ann"]
    assert "not a database" in limits[0]["reason"] and "not a regular" in limits[1]["reason"]


def test_the_read(mac: Mac, monkeypatch: pytest.MonkeyPatch) -> None:
    be(0, monkeypatch)
    monkeypatch.setattr(read_launchd, "SYSTEM_JOBS", ())
    monkeypatch.setattr(read_host, "limits", list)
    monkeypatch.setattr(
        read_launchd.userio, "as_user", lambda user, function, *given: {"jobs": [user]}
    )
    query = {"variables": ["OLLAMA_HOST"], "apps": [], "switches": []}
    assert read_launchd.read(query) == {
        "sessions": [
            {"user": "ann", "values": {"OLLAMA_HOST": "0.0.0.0"}},
            {"user": "bob", "values": {"OLLAMA_HOST": None}},
        ],
        "jobs": ["ann", "bob", "carol"],
        "switches": [],
        "apps": [],
        "limits": [],
    }
