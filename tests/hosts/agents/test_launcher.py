"""hardpoint-run on a real host: each attack works without it and not within; honest work does."""

from __future__ import annotations

import json
import shlex
import time

import pytest

from tests.hosts.agents.confined import (
    CANARY,
    POLICY,
    PROJECT,
    bare,
    confined,
    install,
    scene,
    serve,
)
from tests.lab import Host

pytestmark = pytest.mark.lab

FETCH = "curl -s -m 3 --noproxy '*'"
CONNECT = (
    "python3 -c 'import socket; s=socket.socket(socket.AF_UNIX); s.connect({}); print(s.recv(99))'"
)

READS = {
    "a key in the home": "cat ~/.ssh/id_ed25519",
    "a key by another way": "cat /proc/self/root/home/alice/.ssh/id_ed25519",
    "a key by a link to its folder": "cat keys/id_ed25519",
    "a key by a hard link": "cat notes.txt",
    "a moved hard link": "mv notes.txt x; cat x notes.txt",
    "another project": "cat ~/src/other/.env",
    "the project's own secrets": "cat .env",
    "a copy of them": "cp .env x; ln .env y; cat x y",
    "all of the home": "grep -rh canary ~ /tmp /dev/shm",
    "a variable": "env",
    "another process": "cat /proc/[0-9]*/environ | tr '\\0' '\\n'",
    "the host's loopback": f"{FETCH} http://127.0.0.1:8123/",
    "an address of the host": f"{FETCH} http://$(cat /etc/hostaddress):8125/",
    "a name server": "python3 -c 'import socket; s=socket.socket(type=2); s.settimeout(3); "
    's.sendto(b"q", ("127.0.0.1", 53)); print(s.recv(99))\'',
    "a socket in a folder": CONNECT.format('"/tmp/alices.sock"'),
    "a socket without a folder": CONNECT.format('"\\0alices"'),
    "a namespace of its own": "unshare -Urm sh -c 'umount .env; cat .env' || cat .env",
}

# attack: what it does, and a test of the host's that is true once it was done
WRITES = {
    "a git hook": ("echo x > .git/hooks/post-checkout", "test -e .git/hooks/post-checkout"),
    "git's settings": ("git config core.fsmonitor x", "grep -q fsmonitor .git/config"),
    "another .git": (
        "mv .git old && cp -r old .git && echo '#mine' >> .git/config",
        "grep -q '#mine' .git/config",
    ),
    "settings in another .git": (
        "cp -r .git evil; printf '[core]\\n\\tfsmonitor = \"touch ../done #\"\\n' >> evil/config; "
        "echo $PWD/evil > .git/commondir",
        "rm -f ../done; git status >/dev/null; test -e ../done",
    ),
    "a task of the editor": (
        "mkdir -p .vscode; echo x > .vscode/tasks.json",
        "test -s .vscode/tasks.json",
    ),
    "an instruction file": ("echo x > AGENTS.md", "test -s AGENTS.md"),
    "the shell's profile": (
        "echo mine >> ~/.bashrc",
        "grep -q mine$ ~/.bashrc && test $(wc -l < ~/.bashrc) = 2",
    ),
    "its own settings": ("echo x > ~/.trial/settings.json", "grep -q x ~/.trial/settings.json"),
    "another project": ("rm ~/src/other/.env", "test ! -e ~/src/other/.env"),
    "the project's secrets": ("rm -f .env", "test ! -e .env"),
    "another process": ("pkill -x sleep; kill -9 -1", "! pgrep -u alice -x sleep"),
}

HONEST = {
    "edit": "echo two >> file.txt && cat file.txt",
    "test": "python3 -m unittest -q 2>&1",
    "commit": "echo two >> file.txt && git add -A && git commit -qm second && git status",
    "temporary files": "mktemp && mktemp -p /var/tmp",
    "the model": f"{FETCH} http://127.0.0.1:8126/ | grep {CANARY}",
    "the model by name": f"{FETCH} http://localhost:8126/ | grep {CANARY}",
    "an allowed host": f"curl -s -m 5 http://files.example:8125/ | grep {CANARY}",
    "a folder of its own": "echo x > .idea/x && cat .idea/x",
    "a folder of its own, later": "test ! -e .idea/x",
    "its key": "test $TRIAL_KEY = mine",
    "its settings": "cat ~/.trial/settings.json",
    "what it remembers": "echo x > ~/.trial/memory",
    "what it remembered": "cat ~/.trial/memory && test ! -e ~/other",
    "a sandbox of its own": "bwrap --unshare-all --ro-bind / / --proc /proc --dev /dev true",
}


@pytest.fixture
def host(boot) -> Host:
    host = boot("debian12", layers=("sandbox-tools",))
    policy = json.loads(json.dumps(POLICY))
    policy["network"]["allow"].append(f"{host.address}/32")
    install(host, policy)
    host.write("/etc/hostaddress", host.address)
    host.run(
        f"echo {host.address} files.example >> /etc/hosts; echo 127.0.0.1 inner.example >> /etc/hosts"
    )
    serve(host)
    return host


def test_every_attack_works_without_it_and_not_within(host: Host) -> None:
    within, without = [], []
    for name, attack in READS.items():
        scene(host)
        without += [name] if CANARY in bare(host, attack).stdout else []
        scene(host)
        within += [name] if CANARY in confined(host, attack).stdout else []
    for name, (attack, done) in WRITES.items():
        test = f"cd {shlex.quote(PROJECT)} && {done}"
        for run, seen in ((bare, without), (confined, within)):
            scene(host)
            run(host, attack)
            seen += [name] if host.run(test, user="alice", check=False).returncode == 0 else []
    assert within == []
    assert without == [*READS, *WRITES]


def test_honest_work_is_done_and_nothing_is_left(host: Host) -> None:
    scene(host)
    failed = {
        name: ran.stdout + ran.stderr
        for name, work in HONEST.items()
        if (ran := confined(host, work)).returncode
    }
    assert failed == {}
    left = host.run("ls -A", user="alice", check=False).stdout
    assert host.run("pgrep -u alice -l 'python3|bwrap'", check=False).stdout == ""
    there = host.run(f"ls -A {shlex.quote(PROJECT)}", user="alice").stdout.split()
    assert there == [
        ".env",
        ".git",
        "__pycache__",
        "file.txt",
        "keys",
        "notes.txt",
        "test_it.py",
    ], left


def test_profiles_take_away(host: Host) -> None:
    scene(host)
    model = f"{FETCH} http://127.0.0.1:8126/"
    away = "curl -s -m 5 http://files.example:8125/"
    research, sealed = ("--profile", "research"), ("--profile", "sealed")
    assert CANARY in confined(host, model, *research).stdout
    assert CANARY not in confined(host, away, *research).stdout
    assert confined(host, "echo x > file.txt || touch x", *research).returncode != 0
    assert confined(host, "echo two > file.txt && git add -A", *sealed).returncode == 0
    assert CANARY not in confined(host, f"{model}; {away}", *sealed).stdout
    assert confined(host, "cat ~/.trial/settings.json", *sealed).returncode != 0
    refused = confined(host, "true", "--profile", "operator")
    assert refused.returncode == 125
    assert "the policy of this machine has profile coder: not operator" in refused.stderr


def test_a_listed_name_that_leads_to_the_loopback_is_refused(host: Host) -> None:
    scene(host)
    ran = confined(host, "curl -s -m 5 http://inner.example:8125/")
    assert "inner.example resolves to 127.0.0.1, which is not public" in ran.stdout


def test_it_starts_nothing_where_it_could_not_hold(host: Host) -> None:
    def refusal(before: str = "", *options: str, user: str = "alice") -> str:
        ran = confined(host, "echo started", *options, before=before, user=user)
        assert (ran.returncode, ran.stdout) == (125, ""), ran
        assert "Traceback" not in ran.stderr
        return ran.stderr

    scene(host)
    assert "is, or holds, a home" in refusal("cd ~")
    assert "no place for an agent" in refusal("", "--project", "/home/alice/.ssh")
    assert "folder of the system" in refusal("", "--project", "/")
    forbidden = "systemd-run -q --pipe --wait --uid alice -p RestrictNamespaces=yes -d"
    script = f"cd {shlex.quote(PROJECT)} && {forbidden} hardpoint-run trial-agent 'echo started'"
    ran = host.run(script, check=False)
    assert (ran.returncode, ran.stdout) == (125, "")
    assert "the sandbox could not be made" in ran.stderr
    host.run("mv /usr/bin/bwrap /root")
    assert "bubblewrap is not installed" in refusal()
    host.run("mv /root/bwrap /usr/bin; chmod 666 /etc/hardpoint/agents.json")
    assert "may be changed by others than root" in refusal()
    host.run("chmod 644 /etc/hardpoint/agents.json; echo '{' > /etc/hardpoint/agents.json")
    assert "can't be used" in refusal()
    host.run("rm /etc/hardpoint/agents.json")
    assert "is missing" in refusal()


def test_signals_status_and_the_terminal_pass_through(host: Host) -> None:
    scene(host)
    assert confined(host, "exit 7").returncode == 7
    assert confined(host, "kill -9 $$").returncode == 137
    typed = "cat", "echo typed |"
    assert (
        host.run(
            f"cd {shlex.quote(PROJECT)}; {typed[1]} hardpoint-run {typed[0]}", user="alice"
        ).stdout
        == "typed\n"
    )
    trap = "trap 'echo told; exit 3' TERM; while :; do sleep 0.1; done"
    words = shlex.join(["hardpoint-run", "trial-agent", trap])
    script = f"cd {shlex.quote(PROJECT)}; {words} & sleep 2; kill -TERM $!; wait $!"
    ran = host.run(script, user="alice", check=False)
    assert (ran.returncode, ran.stdout) == (3, "told\n")
    typing = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSTI, b'x')"
    tty = f'python3 -c "{typing}"; tty -s && echo terminal'
    words = shlex.join(["hardpoint-run", "trial-agent", tty])
    script = f"cd {shlex.quote(PROJECT)}; script -qec {shlex.quote(words)} /dev/null"
    seen = host.run(script, user="alice", check=False).stdout
    assert "Operation not permitted" in seen  # and not EIO, which newer kernels may say themselves
    assert "terminal" in seen


def test_when_it_is_killed_all_ends_and_the_next_run_tidies_up(host: Host) -> None:
    scene(host)
    words = "hardpoint-run trial-agent 'sleep 500'"
    host.run(
        f"cd {shlex.quote(PROJECT)}; {words} & sleep 2; pkill -9 -f launcher; sleep 0.5",
        user="alice",
        check=False,
    )
    assert host.run("pgrep -u alice -fa 'bwrap|sleep 500|proxy'", check=False).stdout == ""
    listing = f"ls -A {shlex.quote(PROJECT)}"
    assert "AGENTS.md" in host.run(listing, user="alice").stdout
    assert confined(host, "true").returncode == 0
    assert "AGENTS.md" not in host.run(listing, user="alice").stdout


def test_several_people_and_runs_at_once(host: Host) -> None:
    scene(host)
    host.run(
        "cp -r /home/alice/src /home/bob/src && chown -R bob: /home/bob/src && chmod -R u+rwX /home/bob/src"
    )
    one = shlex.join(
        [
            "hardpoint-run",
            "trial-agent",
            f"sleep 1; {FETCH} http://127.0.0.1:8126/; echo x > AGENTS.md",
        ]
    )
    started = time.monotonic()
    for user in ("alice", "bob"):
        where = shlex.quote(PROJECT.replace("alice", user))
        script = f"cd {where}; for n in 1 2 3 4; do {one} 2>&1 & done; wait"
        whole = shlex.quote(f"({script}) > /tmp/{user}.out")
        host.run(f"systemd-run -q --uid {user} --unit runs-{user} sh -c {whole}")
    host.run("while systemctl -q is-active runs-alice runs-bob; do sleep 0.2; done", timeout=90)
    assert time.monotonic() - started < 60
    for user in ("alice", "bob"):
        out = host.read(f"/tmp/{user}.out").decode()
        assert out.count(CANARY) == 4, out
        assert (
            host.run(
                f"ls -A {shlex.quote(PROJECT.replace('alice', user))}", user=user
            ).stdout.count("AGENTS")
            == 0
        )
