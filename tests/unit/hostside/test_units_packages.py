"""Units and packages, against small models of systemctl and apt-get."""

import re

import pytest

from hardpoint.hostside.payload import packages, rollback, shell, units

from .conftest import file


class Systemd:
    """Units as {name: [enabled, active]}; one in `broken` fails to start. `said`: the calls."""

    def __init__(self):
        self.units, self.broken, self.said = {}, set(), []

    def __call__(self, manager, arguments):
        action, unit = arguments[0], arguments[-1]
        if action == "show":
            enabled, active = self.units.get(unit, ["", "inactive"])
            load = "loaded" if unit in self.units else "not-found"
            return 0, f"LoadState={load}\nUnitFileState={enabled}\nActiveState={active}\n"
        self.said.append(f"{action} {unit}" if action != "daemon-reload" else action)
        if action == "daemon-reload":
            return 0, ""
        if unit not in self.units:
            return 5, f"Unit {unit} not found."
        known = self.units[unit]
        if action in ("enable", "disable"):
            known[0] = action + "d"
        elif action == "stop":
            known[1] = "inactive"
        elif action in ("start", "restart"):
            known[1] = "failed" if unit in self.broken else "active"
        return 0, ""


@pytest.fixture
def systemd(monkeypatch):
    model = Systemd()
    monkeypatch.setattr(units, "_systemctl", model)
    monkeypatch.setattr(units, "SETTLE", 0)
    return model


def act(host, unit, *actions, control="a"):
    one = {"run": host.run, "control": control, "unit": unit, "actions": list(actions)}
    resource = {"type": "unit", "unit": unit, "manager": "system"}
    host.do("record", run=host.run, control=control, resource=resource)
    return host.ask("unit", **one)


def test_a_unit_that_ran_is_restarted_after_its_files_came_back(host, etc, systemd):
    systemd.units["ollama.service"] = ["enabled", "active"]
    host.write(etc / "90.conf", b"new")
    assert act(host, "ollama.service", "daemon-reload", "restart")["after"]["active"] == "active"
    seen = []
    systemd.said = type(
        "Seen", (list,), {"append": lambda _, said: seen.append((said, (etc / "90.conf").exists()))}
    )()
    assert host.results() == ["restored", "restored"]
    assert seen == [("restart ollama.service", False)]


def test_a_unit_of_ours_is_stopped_and_disabled_while_its_file_is_there(host, etc, systemd):
    path = etc / "ours.service"
    resource = {"type": "unit", "unit": "ours.service"}
    host.do("record", run=host.run, control="a", resource=resource)
    host.write(path, b"[Service]\n")
    systemd.units["ours.service"] = ["disabled", "inactive"]
    act(host, "ours.service", "daemon-reload", "enable", "start")
    systemd.said.clear()
    assert host.results() == ["restored", "restored"]
    assert systemd.said == ["stop ours.service", "disable ours.service"]
    assert systemd.units["ours.service"] == ["disabled", "inactive"] and not path.exists()


def test_a_unit_of_ours_goes_with_what_systemd_keeps_for_it(host, etc, systemd, monkeypatch):
    monkeypatch.setattr(
        rollback, "_OUR_UNIT", re.compile(re.escape(f"{etc}/") + r"([a-z]+\.timer)")
    )
    systemd.units |= {"ours.timer": ["enabled", "active"], "theirs.timer": ["enabled", "active"]}
    (etc / "theirs.timer").write_bytes(b"old")
    for name in ("ours.timer", "theirs.timer", "no-unit"):
        host.write(etc / name, b"[Timer]\n")
    assert host.results(dry=True) == ["restored"] * 3 and systemd.said == []
    assert host.results() == ["restored"] * 3
    assert systemd.said == ["stop ours.timer", "reset-failed ours.timer", "clean ours.timer"]


def test_a_unit_that_we_stopped_comes_back(host, systemd):
    systemd.units["x.service"] = ["enabled", "active"]
    act(host, "x.service", "disable", "stop")
    assert host.results() == ["restored"]
    assert systemd.units["x.service"] == ["enabled", "active"]
    systemd.said.clear()
    assert host.results() == ["already"] and systemd.said == []


def test_what_a_person_did_to_a_unit_since_is_refused(host, systemd):
    systemd.units["x.service"] = ["enabled", "active"]
    act(host, "x.service", "restart")
    systemd.units["x.service"] = ["disabled", "inactive"]
    assert host.results() == ["refused"]
    assert host.results(force=True) == ["restored"]
    assert systemd.units["x.service"] == ["enabled", "active"]


def test_a_unit_that_fails_is_told_with_its_journal(host, systemd, monkeypatch):
    systemd.units["x.service"] = ["enabled", "active"]
    systemd.broken.add("x.service")
    monkeypatch.setattr(
        shell, "run", lambda *_, **__: (0, "\n".join(f"\x1b[31mline {n}" for n in range(40)))
    )
    reply = act(host, "x.service", "restart")
    assert reply["error"] == "unit-failed"
    lines = reply["message"].splitlines()
    assert lines[0].startswith("restart x.service failed") and len(lines) == 16
    assert lines[-1].endswith("line 39") and "\x1b" not in reply["message"]


def test_a_rollback_whose_unit_fails_says_so_and_can_be_tried_again(host, etc, systemd):
    systemd.units["x.service"] = ["enabled", "active"]
    host.write(etc / "x", b"new")
    act(host, "x.service", "restart")
    systemd.broken.add("x.service")
    outcome = host.rollback()
    assert outcome["x.service"][0] == "failed" and outcome[str(etc / "x")][0] == "restored"
    systemd.broken.clear()
    assert host.rollback()["x.service"][0] == "restored"
    assert systemd.units["x.service"] == ["enabled", "active"]


def test_a_unit_that_two_controls_restart_reads_what_one_of_them_put_back(host, etc, systemd):
    systemd.units["x.service"] = ["enabled", "active"]
    for control in "ab":
        host.write(etc / control, b"new", control=control)
        act(host, "x.service", "restart", control=control)
    systemd.said.clear()
    outcome = host.rollback(control="a")
    assert outcome[str(etc / "a")][0] == "restored" and systemd.said == ["restart x.service"]
    assert (etc / "b").exists()


def test_a_unit_that_another_control_wants_running_stays_and_is_restarted(host, etc, systemd):
    systemd.units["x.service"] = ["disabled", "inactive"]
    host.write(etc / "a", b"new")
    act(host, "x.service", "enable", "start", control="a")
    host.next_run()
    act(host, "x.service", "restart", control="b")
    systemd.said.clear()
    outcome = host.rollback(control="a")
    assert outcome["x.service"][0] == "kept" and "claimed by b" in outcome["x.service"][1]
    assert systemd.said == ["restart x.service"]
    host.rollback(control="b")
    assert systemd.units["x.service"] == ["disabled", "inactive"]


def test_unit_actions_are_checked(host):
    for actions in (None, [], ["reboot"], ["start", "--root=/"], "stop"):
        host.refused(
            "bad-request", "unit", run=host.run, control="a", unit="x.service", actions=actions
        )


def test_a_user_without_a_manager(host, alice):
    resource = {"type": "unit", "unit": "x.service", "manager": alice.pw_name}
    reply = host.ask("record", run=host.run, control="a", resource=resource)
    assert reply["error"] in ("manager-down", "unsupported")


# --- packages -----------------------------------------------------------------------------


class Apt:
    """Packages with what they need; `here` are installed, `left` have configuration left."""

    def __init__(self):
        self.needs = {"bubblewrap": ["libcap"], "libcap": [], "browser": ["libcap"], "old": []}
        self.here, self.left, self.hand, self.upgrades, self.said = {"old"}, set(), {"old"}, [], []

    def __call__(self, arguments, **_):
        if arguments[0] == "dpkg":
            return 0, "amd64\n"
        if arguments[0] == "apt-mark":
            return 0, "\n".join(self.hand)
        if arguments[0] == "dpkg-query":
            return self.query(arguments)
        assert arguments[0] == "apt-get"
        action = re.compile("install|remove|purge|update")
        at = next(n for n, word in enumerate(arguments) if action.fullmatch(word))
        names = [name for name in arguments[at + 1 :] if not name.startswith("-")]
        return self.act(arguments[at], names, "-s" in arguments)

    def query(self, arguments):
        states = {name: "installed" for name in self.here} | {
            name: "config-files" for name in self.left
        }
        if "--" not in arguments:
            return 0, "".join(f"{name}\tamd64\t{state}\n" for name, state in states.items())
        name = arguments[-1]
        return (0, f"{states[name]}\t1.0\n") if name in states else (1, "no packages found")

    def act(self, action, names, simulated):
        if not simulated:
            self.said.append(f"{action} {' '.join(names)}")
        if action == "update":
            return 0, ""
        if action == "install":
            if names[0] not in self.needs:
                return 100, "E: Unable to locate package"
            new = [name for name in [*self.needs[names[0]], *names] if name not in self.here]
            if simulated:
                upgraded = "".join(f"Inst {name} [1.0] (2.0 Debian)\n" for name in self.upgrades)
                return 0, upgraded + "".join(f"Inst {name} (1.0 Debian)\n" for name in new)
            self.here |= set(new)
            self.left -= set(new)
            self.hand |= set(names)
            return 0, ""
        self.left -= set(names) if action == "purge" and not simulated else set()
        gone = {n for n in self.here if n in names or set(self.needs[n]) & set(names)}
        if simulated:
            return 0, "".join(f"Remv {name} [1.0]\n" for name in gone)
        self.here -= gone
        self.left |= gone if action == "remove" else set()
        return 0, ""


@pytest.fixture
def apt(monkeypatch):
    model = Apt()
    monkeypatch.setattr(packages.shell, "run", model)
    return model


def install(host, name, control="a"):
    host.do("record", run=host.run, control=control, resource={"type": "package", "name": name})
    return host.ask("package", run=host.run, control=control, action="install", name=name)


def test_exactly_what_came_with_a_package_goes_with_it(host, apt):
    assert install(host, "bubblewrap")["installed"] == ["bubblewrap", "libcap"]
    assert host.results() == ["restored"]
    assert apt.here == {"old"} and apt.left == set()
    assert host.results() == ["already"]


def test_a_package_that_was_there_stays(host, apt):
    reply = install(host, "old")
    assert reply["ok"] and not reply["changed"]
    assert host.results() == ["already"]
    assert apt.here == {"old"} and apt.said == []


def test_a_dependency_that_something_else_needs_by_now_stays_until_it_goes(host, apt):
    install(host, "bubblewrap")
    apt.here.add("browser")
    result, reason = host.rollback()["package bubblewrap"]
    assert result == "kept" and "libcap: needed by browser" in reason
    assert apt.here == {"old", "browser", "libcap"}
    apt.here.remove("browser")
    assert host.results() == ["restored"]
    assert apt.here == {"old"}


def test_a_dependency_that_someone_installed_by_hand_since_stays(host, apt):
    install(host, "bubblewrap")
    apt.hand.add("libcap")
    host.rollback()
    assert apt.here == {"old", "libcap"}


def test_configuration_that_was_left_before_us_stays(host, apt):
    apt.left = {"libcap"}
    install(host, "bubblewrap")
    host.rollback()
    assert (apt.here, apt.left) == ({"old"}, {"libcap"})


def test_an_install_that_would_upgrade_others_is_refused(host, apt):
    apt.upgrades = ["libc6"]
    reply = install(host, "bubblewrap")
    assert reply["error"] == "not-reversible" and "libc6" in reply["message"]
    assert apt.here == {"old"}


def test_a_package_that_nobody_has_is_told_after_a_look_for_newer_lists(host, apt):
    reply = install(host, "nothing-like-it")
    assert reply["error"] == "package-failed" and "Unable to locate" in reply["message"]
    assert apt.said == ["update "]


def test_a_host_that_died_while_installing(host, apt, monkeypatch):
    def die(name):
        apt.here |= {"libcap"}
        raise KeyboardInterrupt

    monkeypatch.setattr(packages, "install", die)
    with pytest.raises(KeyboardInterrupt):
        install(host, "bubblewrap")
    assert host.results() == ["restored"]
    assert apt.here == {"old"}


def test_a_package_that_another_control_needs_stays(host, apt):
    install(host, "bubblewrap", control="a")
    host.next_run()
    install(host, "bubblewrap", control="b")
    assert host.results(control="a") == ["kept"]
    assert "bubblewrap" in apt.here
    host.rollback(control="b")
    assert apt.here == {"old"}


def test_a_dry_rollback_removes_nothing(host, apt):
    install(host, "bubblewrap")
    apt.said.clear()
    assert host.results(dry=True) == ["restored"]
    assert apt.said == []


def test_files_then_packages_then_units(host, etc, apt, systemd, monkeypatch):
    def both(arguments, **more):
        reply = Apt.__call__(apt, arguments, **more)
        systemd.said += [f"{(etc / 'x').exists()} {said}" for said in apt.said]
        apt.said.clear()
        return reply

    monkeypatch.setattr(packages.shell, "run", both)
    systemd.units["x.service"] = ["enabled", "active"]
    host.do("record", run=host.run, control="a", resource=file(etc / "x"))
    install(host, "bubblewrap")
    host.write(etc / "x", b"1")
    act(host, "x.service", "restart")
    systemd.said.clear()
    host.rollback()
    assert [re.sub(" bubblewrap.*", "", said) for said in systemd.said] == [
        "False remove",
        "False purge",
        "restart x.service",
    ]
