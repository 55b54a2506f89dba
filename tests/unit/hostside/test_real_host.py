"""The whole of it on a real Debian: systemd, a user's manager, apt; and back to the same bytes."""

import base64

import pytest

from hardpoint.hostside import command, reply

from ...lab import NOISE
from .conftest import file, setting
from .format_cases import COMPOSE, JUPYTER, QUADLET, STREAMLIT

pytestmark = pytest.mark.lab

RUN = "20261121T105200Z-1a2b3c"
OURS = (*NOISE, "/var/lib/hardpoint*")
# what apt and dpkg write for themselves
APT = ("/var/lib/apt*", "/var/cache*", "/var/log*", "/var/lib/dpkg*", "/etc/ld.so.cache")

UNIT = """[Unit]
Description=stand-in
[Service]
Environment=HOST=0.0.0.0
ExecStart=/bin/sh -c 'echo $HOST > {mark}; exec sleep infinity'
[Install]
WantedBy={target}
"""


@pytest.fixture
def host(boot):
    return boot("debian12")


@pytest.fixture
def ask(host):
    def ask(do, **more):
        more = {"who": "pat@laptop", **more}
        done = host.run(command({"do": do, **more}).get_raw_value(), check=False, timeout=300)
        assert done.stdout, done
        return reply(done.stdout)

    return ask


def write(ask, path, text, user=None):
    one = {"run": RUN, "control": "a", "subject": "", "resource": file(path, user)}
    ask("record", **one)
    ask("write", **one, content_b64=base64.b64encode(text.encode()).decode())


def act(ask, unit, *actions, manager="system"):
    resource = {"type": "unit", "unit": unit, "manager": manager}
    ask("record", run=RUN, control="a", resource=resource)
    return ask("unit", run=RUN, control="a", unit=unit, manager=manager, actions=actions)


def results(answer):
    return {one["label"]: one["result"] for one in answer["resources"]}


def test_a_service_gets_a_drop_in_and_comes_back(host, ask):
    host.write(
        "/etc/systemd/system/x.service", UNIT.format(mark="/run/mark", target="multi-user.target")
    )
    host.run("systemctl daemon-reload && systemctl enable --now x.service")
    before = host.snapshot()
    path = "/etc/systemd/system/x.service.d/90-hardpoint.conf"
    write(ask, path, "[Service]\nEnvironment=HOST=127.0.0.1\n")
    assert act(ask, "x.service", "daemon-reload", "restart")["after"]["active"] == "active"
    assert host.read("/run/mark") == b"127.0.0.1\n"
    ask("close", run=RUN)
    assert results(ask("rollback")) == {path: "restored", "x.service": "restored"}
    assert host.read("/run/mark") == b"0.0.0.0\n"
    assert host.run("systemctl show -P NeedDaemonReload x.service").stdout == "no\n"
    assert not any(host.diff(before, OURS).values())
    assert set(results(ask("rollback")).values()) == {"already"}


def test_a_service_of_ours_leaves_nothing(host, ask):
    before = host.snapshot()
    path = "/etc/systemd/system/ours.service"
    ask("record", run=RUN, control="a", resource={"type": "unit", "unit": "ours.service"})
    write(ask, path, UNIT.format(mark="/run/mark", target="multi-user.target"))
    act(ask, "ours.service", "daemon-reload", "enable", "start")
    assert host.run("systemctl is-enabled ours.service").stdout == "enabled\n"
    ask("close", run=RUN)
    assert set(results(ask("rollback")).values()) == {"restored"}
    assert host.run("systemctl is-active ours.service", check=False).stdout == "inactive\n"
    assert host.run("systemctl show -P LoadState ours.service").stdout == "not-found\n"
    assert not any(host.diff(before, OURS).values())


def test_a_service_that_fails_tells_its_journal(host, ask):
    host.write(
        "/etc/systemd/system/x.service",
        "[Service]\nExecStart=/bin/sh -c 'echo no such model; exit 3'\n",
    )
    host.run("systemctl daemon-reload")
    with pytest.raises(Exception, match="no such model"):
        act(ask, "x.service", "start")


def test_a_users_service_and_settings(host, ask):
    host.run("loginctl enable-linger alice")
    host.run(
        "until systemctl --user -M alice@ is-system-running --quiet; do sleep 0.2; done", timeout=30
    )
    unit = "/home/alice/.config/systemd/user/y.service"
    host.write(unit, UNIT.format(mark="%t/mark", target="default.target"), "alice:alice")
    host.write(
        "/home/alice/.x/s.json", '{"networkInterface": "0.0.0.0" /* me */}', "alice:alice", "0600"
    )
    before = host.snapshot()
    one = setting("/home/alice/.x/s.json", "networkInterface", "alice")
    ask("record", run=RUN, control="a", resource=one)
    ask("set", run=RUN, control="a", resource=one, value="127.0.0.1")
    assert host.read("/home/alice/.x/s.json") == b'{"networkInterface": "127.0.0.1" /* me */}'
    path = "/home/alice/.config/systemd/user/y.service.d/90-hardpoint.conf"
    write(ask, path, "[Service]\nEnvironment=HOST=127.0.0.1\n", "alice")
    act(ask, "y.service", "daemon-reload", "enable", "start", manager="alice")
    uid = host.run("id -u alice").stdout.strip()
    assert host.read(f"/run/user/{uid}/mark") == b"127.0.0.1\n"
    ask("close", run=RUN)
    outcome = results(ask("rollback"))
    assert set(outcome.values()) == {"restored"} and "y.service of alice" in outcome
    assert not any(host.diff(before, OURS).values())


def test_a_package_comes_and_goes_with_what_it_brought(host, ask):
    names = "dpkg-query -W -f '${Package} ${db:Status-Status}\\n'"
    before, listed = host.snapshot(), host.run(names).stdout
    resource = {"type": "package", "name": "bubblewrap"}
    ask("record", run=RUN, control="a", resource=resource)
    answer = ask("package", run=RUN, control="a", action="install", name="bubblewrap")
    assert "bubblewrap" in answer["installed"]
    added = set(host.run(names).stdout.splitlines()) - set(listed.splitlines())
    assert {line.split()[0] for line in added} == set(answer["installed"])
    host.run("bwrap --ro-bind / / true")
    ask("close", run=RUN)
    assert results(ask("rollback", dry=True)) == {"package bubblewrap": "restored"}
    assert results(ask("rollback")) == {"package bubblewrap": "restored"}
    assert host.run(names).stdout == listed
    assert not any(host.diff(before, (*OURS, *APT)).values())


FILES = {
    "/home/alice/stack/compose.yaml": (
        "yaml", "alice", COMPOSE.replace("\n", "\r\n"), ["services", "ollama", "ports", "0"],
        "127.0.0.1:11434:11434", "- 11434:11434 ", "- 127.0.0.1:11434:11434 ",
    ),
    "/home/bob/.streamlit/config.toml": (
        "toml", "bob", STREAMLIT, ["server", "address"], "127.0.0.1",
        "a.b = 1\n", 'a.b = 1\naddress = "127.0.0.1"\n',
    ),
    "/etc/containers/systemd/ollama.container": (
        "ini", None, QUADLET, ["Container", "PublishPort", "1"], "127.0.0.1:8080:80",
        "=8080:80", "=127.0.0.1:8080:80",
    ),
    "/home/alice/.jupyter/jupyter_server_config.py": (
        "python", "alice", JUPYTER, ["ServerApp", "ip"], "127.0.0.1", "'0.0.0.0'", "'127.0.0.1'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("distribution", ["debian12", "debian13"])
def test_settings_of_every_format_come_back_to_the_byte(boot, distribution):
    host = boot(distribution)

    def ask(do, **more):
        done = host.run(command({"do": do, "who": "pat@laptop", **more}).get_raw_value())
        return reply(done.stdout)

    for path, (_, user, text, *_) in FILES.items():
        owner = f"{user}:{user}" if user else "root:root"
        host.write(path, text, owner, "0640" if user else "0644")
    before = host.snapshot()
    for path, (style, user, text, key, value, old, new) in FILES.items():
        one = {"run": RUN, "control": "a", "resource": setting(path, key, user, style)}
        ask("record", **one, intended={"value": value})
        assert ask("set", **one, value=value)["changed"]
        assert host.read(path).decode() == text.replace(old, new)
    new = {"run": RUN, "control": "a"}
    new["resource"] = setting("/home/bob/.new/deep/c.yaml", ["a", "b"], "bob", "yaml")
    ask("record", **new)
    ask("set", **new, value="0.0.0.0", mode="0600")
    assert host.run("stat -c '%a %U' /home/bob/.new/deep/c.yaml").stdout == "600 bob\n"
    assert host.read("/home/bob/.new/deep/c.yaml") == b"a:\n  b: 0.0.0.0\n"

    documents = [
        {"path": path if user is None else path.split("/", 3)[3], "format": style, "keys": [key]}
        for path, (style, user, _, key, *_) in FILES.items()
    ]
    found = ask("read", what="documents", documents=documents)
    seen = {row["path"]: row["values"] for row in found["documents"]}
    assert seen == {path: {".".join(one[3]): one[4]} for path, one in FILES.items()}

    # one of them is edited by its owner meanwhile: what he wrote stays
    jupyter = "/home/alice/.jupyter/jupyter_server_config.py"
    mine = "# mine: é\n"
    host.run(f"printf '# mine: é\\n' | cat - {jupyter} > /tmp/x; cat /tmp/x > {jupyter}")
    ask("close", run=RUN)
    assert set(results(ask("rollback")).values()) == {"restored"}
    assert host.read(jupyter).decode() == mine + JUPYTER
    host.run(f"tail -n +2 {jupyter} > /tmp/x; cat /tmp/x > {jupyter}")
    assert not any(host.diff(before, OURS).values())
