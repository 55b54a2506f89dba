"""A home is hostile ground: no link is followed, nothing blocks, nothing of others is touched."""

import os
import stat
import time
from pathlib import Path

import pytest

from hardpoint.hostside.payload import asuser, userio
from hardpoint.hostside.payload.errors import Refusal

from .conftest import needs_root, owned, setting, tree


def refusal(function, *arguments):
    with pytest.raises(Refusal) as caught:
        function(*arguments)
    return caught.value.code


@pytest.fixture
def as_alice(alice):
    return lambda function, *arguments: userio.as_user(alice.pw_name, function, *arguments)


@needs_root
def test_it_runs_as_that_user_and_with_her_groups(as_alice, alice):
    who = as_alice(lambda: [os.getuid(), os.geteuid(), os.getgid(), os.getgroups()])
    assert who == [
        alice.pw_uid,
        alice.pw_uid,
        alice.pw_gid,
        os.getgrouplist(alice.pw_name, alice.pw_gid),
    ]


@needs_root
def test_a_planted_link_is_refused_and_what_it_points_to_stays(host, alice, home):
    shadow = Path("/etc/shadow").read_bytes()
    (home / "s.json").symlink_to("/etc/shadow")
    one = {
        "run": host.run,
        "control": "a",
        "resource": setting(home / "s.json", "x", alice.pw_name),
    }
    assert str(home / "s.json") in host.refused("symlink", "record", **one)
    host.refused("not-recorded", "set", **one, value=1)
    assert Path("/etc/shadow").read_bytes() == shadow


@needs_root
@pytest.mark.parametrize("owner", ["alice", "root"])
def test_a_planted_directory_link_is_refused(as_alice, alice, home, owner):
    """Even one of root's making: the directory that it lies in is hers."""
    (home / "dir").symlink_to("/etc")
    if owner == "alice":
        os.chown(home / "dir", alice.pw_uid, alice.pw_gid, follow_symlinks=False)
    assert refusal(as_alice, userio.read, str(home / "dir" / "passwd")) == "symlink"
    assert refusal(as_alice, userio.replace, str(home / "dir" / "x"), b"x") == "symlink"


@needs_root
def test_a_link_swapped_in_between_record_and_write(host, alice, home):
    path = owned(home / "s.json", alice, "{}\n")
    one = {"run": host.run, "control": "a", "resource": setting(path, "x", alice.pw_name)}
    host.do("record", **one)
    path.unlink()
    path.symlink_to("/etc/hostname")
    before = Path("/etc/hostname").read_bytes()
    host.refused("symlink", "set", **one, value=1)
    assert Path("/etc/hostname").read_bytes() == before


@needs_root
def test_root_itself_never_goes_into_a_home(host, alice, home):
    owned(home / "s.json", alice, "{}\n")
    message = host.refused(
        "foreign-owner", "record", run=host.run, control="a", resource=setting(home / "s.json", "x")
    )
    assert alice.pw_name in message
    (host.folder / "etc-link").symlink_to(home)
    assert refusal(userio.read, str(host.folder / "etc-link" / "s.json")) == "foreign-owner"


@needs_root
def test_a_link_that_root_made_in_a_directory_of_roots_is_followed(etc):
    (etc / "real").mkdir()
    (etc / "real" / "x").write_text("1")
    (etc / "absolute").symlink_to(etc / "real")
    (etc / "relative").symlink_to("../etc/./real")
    assert (
        userio.read(str(etc / "absolute" / "x")) == userio.read(str(etc / "relative" / "x")) == b"1"
    )


def test_links_in_a_circle(etc):
    (etc / "a").symlink_to("b")
    (etc / "b").symlink_to("a")
    assert refusal(userio.read, str(etc / "a" / "x")) == "symlink"


@needs_root
@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_a_directory_that_everybody_may_write_is_refused(etc, mode):
    (etc / "x").write_text("1")
    etc.chmod(mode)
    assert refusal(userio.read, str(etc / "x")) == "foreign-owner"
    assert refusal(userio.replace, str(etc / "x"), b"2") == "foreign-owner"


@needs_root
def test_a_fifo_in_place_of_a_file_does_not_block(as_alice, alice, home):
    os.mkfifo(home / "s.json")
    os.chown(home / "s.json", alice.pw_uid, alice.pw_gid)
    begun = time.monotonic()
    assert refusal(as_alice, userio.read, str(home / "s.json")) == "not-regular"
    assert refusal(as_alice, userio.replace, str(home / "s.json"), b"") == "not-regular"
    assert time.monotonic() - begun < 2


@needs_root
@pytest.mark.parametrize("device", ["null", "zero"])
def test_a_device_is_refused(etc, device):
    found = os.stat(f"/dev/{device}")
    os.mknod(etc / "x", stat.S_IFCHR | 0o600, found.st_rdev)
    assert refusal(userio.read, str(etc / "x")) == "not-regular"


@needs_root
def test_a_directory_that_she_cannot_write(host, alice, home):
    path = owned(home / "s.json", alice, '{"x": 0}\n')
    home.chmod(0o555)
    one = {"run": host.run, "control": "a", "resource": setting(path, "x", alice.pw_name)}
    host.do("record", **one)
    assert str(path) in host.refused("permission", "set", **one, value=1)
    assert path.read_text() == '{"x": 0}\n'
    assert host.do("close", run=host.run)["unfinished"] == 0


@needs_root
def test_what_she_gets_is_hers_alone(host, alice, home):
    path = home / ".config" / "x" / "s.json"
    host.put(path, "x", 1, user=alice.pw_name)
    for made, mode in ((path, 0o600), (path.parent, 0o700), (path.parent.parent, 0o700)):
        found = made.stat()
        assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (
            alice.pw_uid,
            alice.pw_gid,
            mode,
        )
    host.rollback()
    assert list(home.iterdir()) == []


@needs_root
def test_mode_owner_and_xattrs_survive_a_rewrite(host, alice, home):
    path = owned(home / "s.json", alice, '{"x": 0}\n', 0o640)
    os.setxattr(path, "user.note", b"mine")
    host.put(path, "x", 1, user=alice.pw_name)
    found = path.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (
        alice.pw_uid,
        alice.pw_gid,
        0o640,
    )
    assert os.getxattr(path, "user.note") == b"mine"


@needs_root
def test_a_file_of_roots_in_her_home_keeps_its_owner(host, alice, home):
    path = home / "s.json"
    path.write_text("{}\n")
    path.chmod(0o644)
    one = {"run": host.run, "control": "a", "resource": setting(path, "x", alice.pw_name)}
    host.do("record", **one)
    host.refused("foreign-owner", "set", **one, value=1)
    assert path.stat().st_uid == 0


def test_a_file_with_two_names_is_not_parted(etc):
    (etc / "x").write_text("1")
    os.link(etc / "x", etc / "y")
    assert refusal(userio.replace, str(etc / "x"), b"2") == "hard-link"


def test_a_large_file_is_refused(etc):
    with (etc / "x").open("wb") as file:
        file.truncate(userio.SIZE_CAP + 1)
    assert refusal(userio.read, str(etc / "x")) == "too-big"


@needs_root
def test_a_hung_home_is_a_timeout_and_no_hang(alice, monkeypatch):
    begun = time.monotonic()
    with pytest.raises(Refusal) as caught:
        asuser.as_user(alice.pw_name, time.sleep, 60, timeout=0.3)
    assert caught.value.code == "timeout" and time.monotonic() - begun < 5


@needs_root
def test_the_child_keeps_no_lock_open(alice, etc):
    lock = os.open(etc / "lock", os.O_RDWR | os.O_CREAT)
    os.set_inheritable(lock, True)
    names = asuser.as_user(
        alice.pw_name, lambda: [os.readlink(f"/proc/self/fd/{n}") for n in range(3)]
    )
    assert names == ["/dev/null"] * 3
    assert asuser.as_user(alice.pw_name, _is_open, lock) is False
    os.close(lock)


def _is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


@needs_root
def test_a_child_that_dies_is_told(alice):
    with pytest.raises(Refusal) as caught:
        asuser.as_user(alice.pw_name, os._exit, 0)
    assert caught.value.code == "internal"


@needs_root
def test_an_unexpected_error_tells_its_place_and_no_content(alice):
    with pytest.raises(Refusal) as caught:
        asuser.as_user(alice.pw_name, int, "sk-secret")
    assert "ValueError" in caught.value.message and "secret" not in caught.value.message


def test_a_user_who_is_not_there():
    assert refusal(userio.as_user, "nobody-of-that-name", print) == "no-such-user"
    assert refusal(userio.as_user, "../x", print) == "bad-request"


@pytest.mark.parametrize(
    "path", ["x", "/", "//etc/x", "/etc/../x", "/etc/x/", "/etc//x", "/e\0x", None, "/etc/./x"]
)
def test_odd_paths_are_refused(path):
    assert refusal(userio.check_path, path) == "bad-request"


def test_a_failed_write_leaves_no_temporary_file(etc, monkeypatch):
    (etc / "x").write_text("1")
    before = tree(etc)

    def full(file):
        raise OSError(28, "full")

    monkeypatch.setattr(os, "fsync", full)
    assert refusal(userio.replace, str(etc / "x"), b"2") == "disk-full"
    assert tree(etc) == before


def test_a_change_at_the_same_moment_is_seen(etc):
    (etc / "x").write_text("1")
    mark = userio.snapshot(str(etc / "x"))["mark"]
    (etc / "x").write_text("theirs")
    assert refusal(lambda: userio.replace(str(etc / "x"), b"2", mark=mark)) == "changed-meanwhile"
    assert (etc / "x").read_text() == "theirs"
