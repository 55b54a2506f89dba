"""The journal survives a full disk, a crash, a second apply and its own age."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from hardpoint.hostside.payload import journal, lease, store, userio
from hardpoint.hostside.payload.layers import every
from hardpoint.hostside.payload.store import Store

from .conftest import file, needs_root, setting, tree

SECRET = "sk-ant-planted-0123456789"


def test_a_change_without_a_record_is_refused(host, etc):
    one = {"run": host.run, "control": "a", "resource": file(etc / "x")}
    host.refused("not-recorded", "write", **one, content_b64="eA==")
    host.do("begin", run=host.run)
    host.refused("not-recorded", "write", **one, content_b64="eA==")
    host.do("record", **one)
    host.refused("not-recorded", "write", **{**one, "control": "b"}, content_b64="eA==")
    assert not (etc / "x").exists()
    host.do("write", **one, content_b64="eA==")


@pytest.mark.parametrize(
    "run",
    ["x", "../../etc", "20261121T105200Z-1a2b3c/..", "", None, "20261121T105200Z-1A2B3C\n", 5],
)
def test_run_ids_are_checked(host, etc, run):
    for do in ("begin", "record", "write", "set", "close", "unit", "package"):
        host.refused(
            "bad-request",
            do,
            run=run,
            control="a",
            resource=file(etc / "x"),
            content_b64="",
            value=1,
            actions=["stop"],
        )
    assert not (host.folder / "journal").exists()


@pytest.mark.parametrize(
    "resource",
    [
        None,
        {},
        {"type": "x"},
        {"type": "file", "path": "x"},
        {"type": "file", "path": "/x", "extra": 1},
        {"type": "setting", "path": "/x", "format": "xml", "key": ["a"]},
        {"type": "setting", "path": "/x", "format": "json", "key": []},
        {"type": "setting", "path": "/x", "format": "shell", "key": ["a", "b"]},
        {"type": "unit", "unit": "--all"},
        {"type": "unit", "unit": "x.service; reboot"},
        {"type": "package", "name": "-o"},
        {"type": "package", "name": "x y"},
        {"type": "package", "name": "/tmp/x.deb"},
    ],
)
def test_odd_resources_are_refused(host, resource):
    host.refused("bad-request", "record", run=host.run, control="a", resource=resource)


def test_a_record_is_kept_once_and_first(host, etc):
    (etc / "x").write_text("0")
    host.write(etc / "x", b"1")
    assert host.do("record", run=host.run, control="a", resource=file(etc / "x"))["records"][0][
        "known"
    ]
    host.write(etc / "x", b"2")
    host.rollback()
    assert (etc / "x").read_text() == "0"


def test_equal_content_is_kept_once(host, etc):
    for name in "xyz":
        (etc / name).write_bytes(b"same")
        host.write(etc / name, b"other")
    assert len(list((host.folder / "journal" / "runs" / host.run / "blobs").iterdir())) == 1


def test_everything_is_for_root_alone(host, etc):
    (etc / "x").write_text("0")
    host.write(etc / "x", b"1")
    folder = host.folder / "journal"
    for path in [folder, *folder.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_no_secret_gets_into_the_index_or_a_reply(host, etc):
    path = etc / "s.json"
    path.write_text(
        json.dumps({"token": SECRET, "env": {"KEY": SECRET}, "host": "0.0.0.0"}, indent=2)
    )
    profile = etc / "profile"
    profile.write_text(f"export TOKEN={SECRET} X=1\n")
    host.put(path, ["host"], "127.0.0.1")
    host.put(path, ["env"], {})
    host.put(profile, "X", "2", style="shell")
    path.write_text(path.read_text().replace('"env": {}', f'"env": "{SECRET}"'))
    host.next_run()
    replies = [
        host.ask("rollback", dry=True),
        host.ask("rollback"),
        host.ask("runs"),
        host.ask("claims"),
    ]
    assert SECRET not in json.dumps(replies)
    holders = [
        path
        for path in host.folder.rglob("*")
        if path.is_file() and path.parent != etc and SECRET.encode() in path.read_bytes()
    ]
    # nothing but the content of the key that a control named, in a blob of root's
    assert holders and {path.parent.name for path in holders} == {"blobs"}
    assert not any("token" in path.read_text().lower() for path in holders)


def test_short_secrets_cannot_be_guessed_from_the_index(host, etc):
    (etc / "s.json").write_text('{"pin": "1234"}')
    host.put(etc / "s.json", ["pin"], "0000")
    index = (host.folder / "journal" / "runs" / host.run / "index.jsonl").read_text()
    assert store.digest(b'"1234"') not in index and "1234" not in index.replace(host.run, "")


def test_reads_create_nothing(host, etc):
    before = tree(host.folder)
    assert host.do("runs")["runs"] == host.do("claims")["claims"] == []
    assert host.results(dry=True) == []
    assert tree(host.folder) == before
    host.write(etc / "x", b"1")
    before = tree(host.folder)
    host.do("runs"), host.do("claims"), host.rollback(dry=True)
    assert tree(host.folder) == before


# --- two at once ------------------------------------------------------------------------


def test_a_second_apply_is_told_who_is_there(host, etc):
    host.write(etc / "x", b"1")
    other = "20261121T105200Z-ffffff"
    message = host.refused("busy", "begin", run=other)
    assert "pat@laptop" in message and host.run in message
    host.refused("busy", "rollback")
    host.refused("busy", "record", run=other, control="a", resource=file(etc / "x"))
    host.do("close", run=host.run)
    host.do("begin", run=other)


def test_a_lease_that_nobody_used_for_a_minute_is_stale(host, etc, monkeypatch):
    host.write(etc / "x", b"1")
    later = time.monotonic() + 61
    monkeypatch.setattr(lease.time, "monotonic", lambda: later)
    host.do("begin", run="20261121T105200Z-ffffff")
    host.refused(
        "busy", "write", run=host.run, control="a", resource=file(etc / "x"), content_b64=""
    )


def test_a_lease_of_another_boot_is_stale(host, etc, monkeypatch):
    host.write(etc / "x", b"1")
    monkeypatch.setattr(lease, "_boot", lambda: "another")
    host.do("begin", run="20261121T105200Z-ffffff")


def test_a_command_that_runs_holds_the_host_however_long(host, etc, monkeypatch):
    host.do("begin", run=host.run)
    monkeypatch.setattr(lease, "STALE", 0)
    monkeypatch.setattr(lease, "WAIT", 0.2)
    with lease.hold(host.places, host.run, "pat@laptop"):
        host.refused("busy", "begin", run="20261121T105200Z-ffffff")
    host.do("begin", run="20261121T105200Z-ffffff")


def test_many_commands_at_once_lose_nothing(host, etc):
    """Real processes, one run: the lock puts them in a row."""
    code = """if True:
        import sys
        from hardpoint.hostside.payload import main, store
        root, lease, run, path = sys.argv[1:]
        one = {"do": "record", "run": run, "control": "a"}
        one["resource"] = {"type": "file", "path": path}
        print(main.answer(one, store.Places(root, lease)))"""
    host.do("begin", run=host.run)
    arguments = [sys.executable, "-c", code, *host.places, host.run]
    running = [
        subprocess.Popen([*arguments, str(etc / str(n))], stdout=subprocess.PIPE, text=True)
        for n in range(8)
    ]
    assert all("'ok': True" in process.communicate()[0] for process in running)
    layers = every(Store(host.places))
    assert sorted(layer.n for layer in layers) == list(range(8))
    assert {layer.resource["path"] for layer in layers} == {str(etc / str(n)) for n in range(8)}


# --- crashes and full disks -------------------------------------------------------------


def killed_at(host, etc, where, *, do="write"):
    """Fork, and kill -9 that process when `where` (module, name) is about to be called."""
    child = os.fork()
    if child == 0:
        module, name = where
        setattr(module, name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        one = {"run": host.run, "control": "a", "resource": file(etc / "x")}
        host.ask(do, **one, content_b64="bmV3")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL


@pytest.fixture
def recorded(host, etc):
    (etc / "x").write_bytes(b"old")
    host.do("record", run=host.run, control="a", resource=file(etc / "x"))
    return etc / "x"


def test_killed_before_the_change(host, etc, recorded, monkeypatch):
    killed_at(host, etc, (userio, "replace"))
    assert recorded.read_bytes() == b"old"
    assert host.do("runs")["runs"][0]["state"] == "unfinished"
    monkeypatch.setattr(lease, "STALE", 0)
    assert [one["result"] for one in host.do("rollback")["resources"]] == ["already"]
    assert host.do("runs")["runs"][0]["state"] == "rolled back"


def test_killed_between_the_change_and_its_end(host, etc, recorded, monkeypatch):
    child = os.fork()
    if child == 0:
        real = Store.append
        Store.append = lambda self, run, *events: (
            os.kill(os.getpid(), signal.SIGKILL)
            if events[0]["event"] == "done"
            else real(self, run, *events)
        )
        host.ask("write", run=host.run, control="a", resource=file(recorded), content_b64="bmV3")
        os._exit(0)
    os.waitpid(child, 0)
    assert recorded.read_bytes() == b"new"
    monkeypatch.setattr(lease, "STALE", 0)
    assert [one["result"] for one in host.do("rollback")["resources"]] == ["restored"]
    assert recorded.read_bytes() == b"old"


def test_an_unfinished_change_that_someone_built_on_is_refused(host, etc, recorded, monkeypatch):
    killed_at(host, etc, (userio, "replace"))
    recorded.write_bytes(b"theirs")
    monkeypatch.setattr(lease, "STALE", 0)
    assert [one["result"] for one in host.do("rollback")["resources"]] == ["refused"]
    assert recorded.read_bytes() == b"theirs"
    assert [one["result"] for one in host.do("rollback", force=True)["resources"]] == ["restored"]


@pytest.mark.parametrize("point", range(0, 64, 3))
def test_a_rollback_that_is_cut_anywhere_can_be_run_again(host, etc, point):
    """Cut before the n-th fsync of the rollback, whatever it is for; then run whole."""
    (etc / "x").write_bytes(b"0")
    (etc / "s.json").write_bytes(b'{"host": "0.0.0.0" /* c */}')
    for content in (b"1", b"2"):
        host.write(etc / "x", content)
        host.put(etc / "s.json", ["host"], f"127.0.0.{content.decode()}")
        host.put(etc / "s.json", ["new", "key"], content.decode())
        host.write(etc / "made" / "y", content)
        host.next_run()
    child = os.fork()
    if child == 0:
        real, count = os.fsync, [point]

        def cut(number):
            count[0] -= 1
            if count[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            real(number)

        os.fsync = cut
        if host.ask("rollback")["ok"]:
            os._exit(7)
        os._exit(0)
    os.waitpid(child, 0)
    assert set(host.results()) <= {"restored", "already"}
    assert (etc / "x").read_bytes() == b"0"
    assert (etc / "s.json").read_bytes() == b'{"host": "0.0.0.0" /* c */}'
    assert sorted(path.name for path in etc.iterdir()) == ["s.json", "x"]
    assert {run["state"] for run in host.do("runs")["runs"]} == {"rolled back"}


def test_a_line_that_was_cut_is_ignored_and_the_next_one_is_whole(host, etc, recorded):
    index = host.folder / "journal" / "runs" / host.run / "index.jsonl"
    index.write_bytes(index.read_bytes() + b'{"event":"record","n":7,"contr')
    host.write(etc / "y", b"new")
    host.write(recorded, b"new")
    host.rollback()
    assert not (etc / "y").exists()
    assert recorded.read_bytes() == b"old"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=755", "none", folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@needs_root
def test_a_full_journal_changes_nothing(host, etc, small_disk):
    host.places = store.Places(str(small_disk / "journal"), str(host.folder / "lease"))
    (etc / "x").write_bytes(b"o" * 1024 * 1024)
    one = {"run": host.run, "control": "a", "resource": file(etc / "x")}
    assert "nothing was changed" in host.refused("disk-full", "record", **one)
    host.refused("not-recorded", "write", **one, content_b64="eA==")
    host.do("close", run=host.run)
    (small_disk / "fill").write_bytes(b"x" * 1200 * 1024)
    host.refused("disk-full", "begin", run="20261121T105200Z-ffffff")
    assert (etc / "x").stat().st_size == 1024 * 1024


@needs_root
def test_a_full_disk_keeps_the_old_file(host, small_disk):
    path = small_disk / "x"
    path.write_bytes(b"old")
    one = {"run": host.run, "control": "a", "resource": file(path)}
    host.do("record", **one)
    (small_disk / "fill").write_bytes(b"x" * 1800 * 1024)
    import base64

    assert str(path) in host.refused(
        "disk-full", "write", **one, content_b64=base64.b64encode(b"n" * 500_000).decode()
    )
    assert path.read_bytes() == b"old"
    assert sorted(p.name for p in small_disk.iterdir()) == ["fill", "x"]


@needs_root
def test_a_read_only_file_system_is_told(host, small_disk):
    (small_disk / "x").write_text("old")
    one = {"run": host.run, "control": "a", "resource": file(small_disk / "x")}
    host.do("record", **one)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    host.refused("read-only", "write", **one, content_b64="eA==")


def test_a_lost_content_is_told_and_the_file_stays(host, etc):
    (etc / "x").write_bytes(b"old")
    host.write(etc / "x", b"new")
    for blob in (host.folder / "journal").rglob("blobs/*"):
        blob.write_bytes(b"rotten")
    result, reason = host.rollback()[str(etc / "x")]
    assert result == "failed" and "journal lost" in reason and (etc / "x").read_bytes() == b"new"


# --- age --------------------------------------------------------------------------------


def test_old_runs_go_and_origins_and_claims_stay(host, etc, monkeypatch):
    monkeypatch.setattr(journal, "KEEP_RUNS", 3)
    path = etc / "x"
    path.write_bytes(b"origin")
    (etc / "s.json").write_bytes(b'{ "a": 1 }')
    host.put(etc / "s.json", ["a"], 2, control="old")
    for number in range(8):
        host.write(path, b"%d" % number)
        host.next_run()
    assert len(host.do("runs")["runs"]) == 3
    assert {claim["control"] for claim in host.do("claims")["claims"]} == {"a", "old"}
    assert host.results(control="old") == ["restored"]
    assert (etc / "s.json").read_bytes() == b'{ "a": 1 }'
    assert host.results(to="origin") == ["restored"]
    assert path.read_bytes() == b"origin"
    assert host.do("claims")["claims"] == []
    assert list((host.folder / "journal" / "origins").glob("*.json")) == []


def test_a_pruned_run_of_two_controls_keeps_what_the_other_claims(host, etc, monkeypatch):
    monkeypatch.setattr(journal, "KEEP_RUNS", 1)
    (etc / "s.json").write_bytes(b'{"a": 1}')
    host.put(etc / "s.json", ["a"], 2, control="one")
    host.next_run()
    host.put(etc / "s.json", ["a"], 2, control="two")
    host.next_run()
    host.write(etc / "z", b"z")
    host.next_run()
    assert host.results(control="one") == ["kept"]
    assert host.results(control="two") == ["restored"]
    assert (etc / "s.json").read_bytes() == b'{"a": 1}'


def test_large_runs_go_first_and_unfinished_ones_never(host, etc, monkeypatch):
    monkeypatch.setattr(journal, "KEEP_BYTES", 100_000)
    (etc / "x").write_bytes(b"o" * 90_000)
    (etc / "y").write_bytes(b"p" * 90_000)
    kept = host.run
    host.do("record", run=kept, control="a", resource=file(etc / "y"))
    (etc / "y").write_bytes(b"changed")
    assert host.do("close", run=kept)["unfinished"] == 1
    host.run = "20261121T105300Z-aaaaaa"
    host.write(etc / "x", b"1")
    first = host.run
    host.next_run()
    host.write(etc / "z", b"1")
    last = host.next_run and host.run
    host.next_run()
    assert {run["id"] for run in host.do("runs")["runs"]} == {kept, last}
    assert first not in {run["id"] for run in host.do("runs")["runs"]}


def test_a_rolled_back_resource_gets_a_new_origin(host, etc):
    (etc / "x").write_bytes(b"first")
    host.write(etc / "x", b"1")
    host.rollback()
    (etc / "x").write_bytes(b"second")
    host.write(etc / "x", b"2")
    host.next_run()
    host.results(to="origin")
    assert (etc / "x").read_bytes() == b"second"


def test_a_closed_run_takes_no_more(host, etc):
    host.write(etc / "x", b"1")
    run = host.run
    host.next_run()
    host.refused("closed", "record", run=run, control="a", resource=file(etc / "y"))
    host.refused("closed", "write", run=run, control="a", resource=file(etc / "x"), content_b64="")


def test_a_journal_of_a_newer_version_is_not_touched(host, etc):
    host.write(etc / "x", b"1")
    index = host.folder / "journal" / "runs" / host.run / "index.jsonl"
    index.write_text(index.read_text().replace('"version":1', '"version":2'))
    host.refused("unsupported", "rollback")


def test_one_request_is_for_one_file(host, etc):
    parts = [
        {"control": "a", "resource": setting(etc / name, "k"), "value": 1} for name in ("x", "y")
    ]
    host.do(
        "record",
        run=host.run,
        records=[{k: v for k, v in part.items() if k != "value"} for part in parts],
    )
    host.refused("bad-request", "set", run=host.run, settings=parts)
    conflict = [{**parts[0], "value": value} for value in (1, 2)]
    host.refused("bad-request", "set", run=host.run, settings=conflict)
    assert list(etc.iterdir()) == []


def test_an_origin_that_a_crash_left_behind_is_replaced(host, etc, monkeypatch):
    (etc / "x").write_bytes(b"first")
    host.write(etc / "x", b"1")
    with monkeypatch.context() as patch:
        patch.setattr(Store, "drop_origin", lambda *_: None)
        host.rollback()
    (etc / "x").write_bytes(b"second")
    host.write(etc / "x", b"2")
    origins = Store(host.places).origins().values()
    assert [origin["before"]["sha256"] for origin in origins] == [store.digest(b"second")]
