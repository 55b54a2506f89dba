"""What we changed comes back byte for byte, and what others did stays."""

from .conftest import file, needs_root, setting

SETTINGS = b'{\n  // mine\n  "host": "0.0.0.0",\n  "port": 1234, // kept\n}\n'


def test_a_file_comes_back_with_its_mode(host, etc):
    path = etc / "x.conf"
    path.write_bytes(b"old\n")
    path.chmod(0o640)
    host.write(path, b"new\n", mode="0600")
    assert path.read_bytes() == b"new\n"
    assert host.results() == ["restored"]
    assert (path.read_bytes(), path.stat().st_mode & 0o7777) == (b"old\n", 0o640)


@needs_root
def test_a_new_file_goes_with_the_directories_made_for_it(host, etc):
    path = etc / "systemd" / "ollama.service.d" / "90-hardpoint.conf"
    host.write(path, b"[Service]\n", mode="0644")
    assert path.parent.stat().st_mode & 0o7777 == 0o755
    host.rollback()
    assert list(etc.iterdir()) == []


def test_a_directory_in_which_someone_else_wrote_stays(host, etc):
    host.write(etc / "d" / "ours", b"x")
    (etc / "d" / "theirs").write_text("y")
    host.rollback()
    assert [path.name for path in (etc / "d").iterdir()] == ["theirs"]


def test_a_removed_file_comes_back(host, etc):
    path = etc / "x"
    path.write_bytes(b"old")
    one = {"run": host.run, "control": "a", "resource": file(path)}
    host.do("record", **one)
    host.do("remove", **one)
    assert not path.exists()
    host.rollback()
    assert path.read_bytes() == b"old"


def test_a_setting_comes_back_to_the_very_bytes(host, etc):
    path = etc / "s.json"
    path.write_bytes(SETTINGS)
    host.put(path, ["host"], "127.0.0.1")
    host.put(path, ["deep", "new"], True)
    assert b'"127.0.0.1"' in path.read_bytes() and b"// kept" in path.read_bytes()
    assert set(host.results()) == {"restored"}
    assert path.read_bytes() == SETTINGS


def test_a_file_made_for_settings_goes_when_the_last_of_them_goes(host, etc):
    path = etc / "new" / "s.json"
    host.put(path, ["x"], 1, control="a")
    host.put(path, ["y"], 2, control="b")
    host.rollback(control="a")
    assert path.read_text() == '{\n  "y": 2\n}\n'
    host.rollback(control="b")
    assert list(etc.iterdir()) == []


def test_what_one_control_made_for_several_goes_with_the_last(host, etc):
    path = etc / "s.json"
    for text in ("{ }", '{"p": { } }', '{\n  "z": 1 // z\n}\n'):
        path.write_text(text)
        host.put(path, ["p", "q", "x"], 1, control="a")
        host.next_run()
        host.put(path, ["p", "q", "y"], 2, control="b")
        host.put(path, ["p", "w"], 3, control="c")
        for control in "abc":
            host.rollback(control=control)
        assert path.read_text() == text


def test_a_persons_other_edits_survive(host, etc):
    path = etc / "s.json"
    path.write_bytes(SETTINGS)
    host.put(path, ["host"], "127.0.0.1")
    path.write_bytes(path.read_bytes().replace(b"1234", b"4321"))
    host.rollback()
    assert path.read_bytes() == SETTINGS.replace(b"1234", b"4321")


def test_a_second_rollback_is_a_no_op(host, etc):
    path = etc / "x"
    host.write(path, b"new")
    host.rollback()
    path.write_bytes(b"someone's")
    assert host.results() == ["already"]
    assert path.read_bytes() == b"someone's"


def test_what_a_person_changed_since_is_refused_and_the_rest_goes_on(host, etc):
    for name in ("one", "two"):
        (etc / name).write_bytes(b"old")
        host.write(etc / name, b"new")
    (etc / "one").write_bytes(b"theirs")
    outcome = host.rollback()
    assert outcome[str(etc / "one")][0] == "refused"
    assert "changed since by someone else: now " in outcome[str(etc / "one")][1]
    assert (etc / "one").read_bytes(), (etc / "two").read_bytes() == (b"theirs", b"old")
    assert host.rollback(force=True)[str(etc / "one")][0] == "restored"
    assert (etc / "one").read_bytes() == b"old"


def test_an_older_run_alone_is_refused_when_a_later_one_changed_the_same(host, etc):
    path, first = etc / "x", host.run
    path.write_bytes(b"0")
    host.write(path, b"1")
    later = host.next_run()
    host.write(path, b"2")
    result, reason = host.rollback(run=first)[str(path)]
    assert result == "refused" and later in reason
    assert path.read_bytes() == b"2"
    assert host.results(run=later) == ["restored"]
    assert path.read_bytes() == b"1"
    assert host.results(run=first) == ["restored"]
    assert path.read_bytes() == b"0"


def test_all_runs_go_newest_first(host, etc):
    path = etc / "x"
    path.write_bytes(b"0")
    for content in (b"1", b"2", b"3"):
        host.write(path, content)
        host.next_run()
    assert host.results() == ["restored"]
    assert path.read_bytes() == b"0"


def test_origin_goes_below_what_a_person_did_between_two_runs(host, etc):
    path = etc / "x"
    path.write_bytes(b"origin")
    host.write(path, b"1")
    host.next_run()
    path.write_bytes(b"theirs")
    host.write(path, b"2")
    assert host.results() == ["refused"]
    assert path.read_bytes() == b"theirs"
    host.next_run()
    host.write(path, b"3")
    assert host.results(to="origin") == ["restored"]
    assert path.read_bytes() == b"origin"


def test_a_setting_that_another_control_claims_stays_until_it_goes_too(host, etc):
    path = etc / "s.json"
    path.write_bytes(SETTINGS)
    host.put(path, ["host"], "127.0.0.1", control="a")
    host.next_run()
    assert not host.put(path, ["host"], "127.0.0.1", control="b")["changed"]
    result, reason = host.rollback(control="a")[f"{path} host"]
    assert result == "kept" and "claimed by b" in reason
    assert b"127.0.0.1" in path.read_bytes()
    assert [claim["control"] for claim in host.do("claims")["claims"]] == ["b"]
    host.rollback(control="b")
    assert path.read_bytes() == SETTINGS
    assert host.do("claims")["claims"] == []


def test_two_controls_in_one_write(host, etc):
    path = etc / "s.json"
    path.write_bytes(SETTINGS)
    parts = [
        {"control": "a", "resource": setting(path, ["deny"])},
        {"control": "b", "resource": setting(path, ["deny"])},
        {"control": "b", "resource": setting(path, ["sandbox", "on"])},
    ]
    host.do("record", run=host.run, records=parts)
    values = [["x", "y"], ["x", "y"], True]
    wanted = [{**part, "value": value} for part, value in zip(parts, values, strict=True)]
    reply = host.do("set", run=host.run, settings=wanted)
    assert [one["changed"] for one in reply["settings"]] == [True, False, True]
    after = path.read_bytes()
    run = host.run
    outcome = host.rollback(control="b")
    assert outcome[f"{path} deny"] == ("kept", f"still claimed by a (run {run})")
    assert outcome[f"{path} sandbox.on"][0] == "restored"
    assert path.read_bytes() == after.replace(b'\n  "sandbox": {\n    "on": true\n  },', b"")
    host.rollback(control="a")
    assert path.read_bytes() == SETTINGS


def test_a_dry_rollback_says_the_same_and_changes_nothing(host, etc):
    from .conftest import tree

    path = etc / "x"
    host.write(path, b"1")
    host.next_run()
    host.write(path, b"2")
    before = tree(host.folder)
    assert host.results(dry=True) == ["restored"]
    assert tree(host.folder) == before
    assert host.results() == ["restored"]
    assert not path.exists()


def test_runs_and_their_states(host, etc):
    first = host.run
    host.write(etc / "x", b"1")
    host.write(etc / "y", b"1", control="b")
    second = host.next_run()
    host.do("record", run=second, control="c", resource=file(etc / "z"))
    runs = {run["id"]: run for run in host.do("runs")["runs"]}
    assert list(runs) == [second, first]
    assert runs[first]["state"] == "applied" and runs[first]["controls"] == ["a", "b"]
    assert (
        runs[first]["entries"] == 2 and runs[first]["ended"] and runs[first]["who"] == "pat@laptop"
    )
    assert runs[second]["state"] == "unfinished" and runs[second]["ended"] is None
    host.rollback(run=first, control="b", lease=second)
    states = {run["id"]: run["state"] for run in host.do("runs")["runs"]}
    assert states[first] == "partly rolled back"


def test_what_belonged_to_a_user_who_is_gone(host, home, alice, monkeypatch):
    path = home / "x"
    host.write(path, b"1", user=alice.pw_name)
    monkeypatch.setattr("pwd.getpwnam", lambda name: {}[name])
    result, reason = host.rollback()[str(path)]
    assert result == "failed" and "no user" in reason
    assert host.results(force=True) == ["already"]
    assert host.do("claims")["claims"] == []


def test_a_link_that_root_had_there_comes_back(host, etc):
    path = etc / "x"
    path.symlink_to("elsewhere")
    one = {"run": host.run, "control": "a", "resource": file(path)}
    host.do("record", **one)
    host.refused("symlink", "write", **one, content_b64="eA==")
    host.do("remove", **one)
    host.do("write", **one, content_b64="eA==")
    assert host.results() == ["restored"]
    assert path.is_symlink() and str(path.readlink()) == "elsewhere"


@needs_root
def test_xattrs_and_owner_come_back(host, etc):
    import os

    path = etc / "x"
    path.write_bytes(b"old")
    os.setxattr(path, "user.a", b"1")
    os.chown(path, 1, 1)
    host.write(path, b"new", owner="root:root")
    assert (path.stat().st_uid, os.getxattr(path, "user.a")) == (0, b"1")
    os.setxattr(path, "user.b", b"2")
    os.removexattr(path, "user.b")
    host.rollback()
    assert (path.stat().st_uid, path.stat().st_gid, os.getxattr(path, "user.a")) == (1, 1, b"1")


def test_settings_in_lines_come_back_around_a_persons_edit(host, etc):
    path = etc / "environment"
    path.write_bytes(b'# mine\nOLLAMA_HOST="0.0.0.0"\nB=2')
    host.put(path, "OLLAMA_HOST", "127.0.0.1", style="environment")
    host.put(path, "NEW", "1", style="environment")
    assert path.read_bytes() == b'# mine\nOLLAMA_HOST="127.0.0.1"\nB=2\nNEW=1'
    path.write_bytes(path.read_bytes().replace(b"# mine", b"# still mine"))
    assert host.results() == ["restored", "restored"]
    assert path.read_bytes() == b'# still mine\nOLLAMA_HOST="0.0.0.0"\nB=2'


def test_a_key_that_was_dropped_comes_back_to_its_place(host, etc):
    path = etc / "s.json"
    path.write_bytes(SETTINGS)
    one = {"run": host.run, "control": "a", "resource": setting(path, "host")}
    host.do("record", **one)
    assert host.do("drop", **one)["changed"]
    assert b"host" not in path.read_bytes()
    host.rollback()
    assert path.read_bytes() == SETTINGS


def test_overlapping_keys_are_one_thing(host, etc):
    path = etc / "s.json"
    path.write_bytes(b'{"a": {"b": 0}}')
    host.put(path, ["a"], {"b": 1, "c": 2}, control="whole")
    host.next_run()
    host.put(path, ["a", "b"], 5, control="part")
    assert host.results(control="whole") == ["kept"]
    assert host.results(control="part") == ["restored", "restored"]
    assert path.read_bytes() == b'{"a": {"b": 0}}'


def test_a_run_alone_keeps_what_a_later_run_found_right_and_claims(host, etc):
    path, first = etc / "s.json", host.run
    path.write_bytes(SETTINGS)
    host.put(path, "host", "127.0.0.1", control="a")
    host.next_run()
    host.put(path, "host", "127.0.0.1", control="b")
    assert host.results(run=first) == ["kept"]
    assert b"127.0.0.1" in path.read_bytes()
    assert host.results(run=first, force=True) == ["restored"]
    assert path.read_bytes() == SETTINGS
    assert host.do("claims")["claims"] == []
