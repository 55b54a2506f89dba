"""OLLAMA_HOST in login environments and shell profiles: what names this machine is set to loopback,
all else stays byte for byte."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.hosts.services.conftest import On
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host

pytestmark = pytest.mark.lab


@dataclass(frozen=True)
class File:
    """A file before and after an apply; `line`: where the finding points to, None for none."""

    path: str
    before: str
    after: str
    line: int | None


def changed(path: str, line: int, before: str, old: str, new: str) -> File:
    assert old in before
    return File(path, before, before.replace(old, new), line)


def untouched(path: str, text: str) -> File:
    return File(path, text, text, None)


SYSTEM = [
    changed(
        "/etc/environment", 2, 'PATH="/usr/bin:/bin"\nOLLAMA_HOST=0.0.0.0\n\n# end',
        "OLLAMA_HOST=0.0.0.0", "OLLAMA_HOST=127.0.0.1:11434",
    ),
    changed(
        "/etc/environment.d/60-ai.conf", 3, "# ai\nA=1\nOLLAMA_HOST='[::]:8080'\nB=\"x y\"\n",
        "'[::]:8080'", "'127.0.0.1:8080'",
    ),
    changed(
        "/etc/profile.d/ollama.sh", 1, "export OLLAMA_HOST=:11434 OLLAMA_DEBUG=1\n",
        "=:11434", "=127.0.0.1:11434",
    ),
]  # fmt: skip
MIXED = """if at_home
then export OLLAMA_HOST=0.0.0.0
else export OLLAMA_HOST=http://gpu-server:11434
fi
"""
USERS = {
    "alice": [
        changed(
            ".bashrc", 3,
            'case $- in *i*) ;; esac\n# export OLLAMA_HOST=0.0.0.0\nexport OLLAMA_HOST="0.0.0.0:11434"'
            "   # LAN\nalias x='OLLAMA_HOST=0.0.0.0 ollama serve'\n",
            'export OLLAMA_HOST="0.0.0.0:11434"', 'export OLLAMA_HOST="127.0.0.1:11434"',
        ),
        changed(
            ".config/environment.d/ollama.conf", 1, "OLLAMA_HOST=http://0.0.0.0:9000",
            "http://0.0.0.0:9000", "127.0.0.1:9000",
        ),
        untouched(".profile", "export OLLAMA_HOST=http://gpu-server:11434\n"),
    ],
    "bob": [
        changed(
            ".profile", 1,
            "test -d /opt && export OLLAMA_HOST=0.0.0.0; umask 022; echo \"it's\" >/dev/null\r\n",
            "OLLAMA_HOST=0.0.0.0", "OLLAMA_HOST=127.0.0.1:11434",
        ),
        changed(
            ".zshrc", 2, "setopt x\ntypeset -gx OLLAMA_HOST='@LAN@'\n",
            "'@LAN@'", "'127.0.0.1:11434'",
        ),
        changed(
            ".config/fish/config.fish", 2, "if true\n    set -gx OLLAMA_HOST 0.0.0.0; set -x B 2\nend\n",
            "0.0.0.0", "127.0.0.1:11434",
        ),
        File(".bashrc", MIXED, MIXED, 2),
    ],
    "pat": [
        changed(
            ".bash_profile", 1,
            "export OLLAMA_HOST=$(hostname -I | awk '{print $1}'):11434\n. ~/.bashrc\n",
            "$(hostname -I | awk '{print $1}'):11434", "127.0.0.1:11434",
        ),
        changed(
            ".zshenv", 1, "OLLAMA_HOST=@HOST@\nexport OLLAMA_HOST",
            "=@HOST@", "=127.0.0.1:11434",
        ),
    ],
    "nosudo": [
        untouched(".bashrc", "export OLLAMA_HOST=http://gpu-server:11434\n"),
        untouched(".zshrc", "OLLAMA_HOST=0.0.0.0 ollama list\nexport OLLAMA_HOSTS=0.0.0.0\n"),
        untouched(".profile", "export OLLAMA_HOST=127.0.0.1:12345\nunset OLLAMA_HOST\n"),
    ],
    "ops": [
        untouched(".bashrc", "export OLLAMA_HOST=http://$GPU_SERVER:11434\n"),
        untouched(".zshrc", "export OLLAMA_HOST='0.0.0.0\n"),
    ],
}  # fmt: skip


def place(host: Host, file: File, user: str | None) -> str:
    path = file.path if user is None else f"/home/{user}/{file.path}"
    host.write(path, _here(host, file.before), *([f"{user}:{user}", "0640"] if user else []))
    return path


def _here(host: Host, text: str) -> str:
    return text.replace("@LAN@", host.address).replace("@HOST@", host.name)


def every(host: Host) -> list[tuple[str | None, str, File]]:
    system = [(None, file.path, file) for file in SYSTEM]
    return system + [
        (user, f"/home/{user}/{file.path}", file) for user, files in USERS.items() for file in files
    ]


def test_every_file_of_a_login(workstation: Host, on: On) -> None:
    host = workstation
    for user, _, file in every(host):
        place(host, file, user)
    before = host.snapshot()
    mine = ["--control", "ollama-loopback"]

    found = on(host, "check", *mine, status=2)
    assert touched(host, before) == []
    for user, path, file in every(host):
        findings = found.outcome("ollama-loopback", user or "system")["findings"]
        lines = [f["why"] for f in findings if f["why"].startswith(f"{path}:")]
        assert [line.split(" ")[0] for line in lines] == (
            [f"{path}:{file.line}"] if file.line else []
        )
    assert found.outcome("ollama-loopback", "nosudo")["status"] == "compliant"
    unknown = found.outcome("ollama-loopback", "ops")
    assert unknown["status"] == "unknown"
    assert "/home/ops/.bashrc:1 computes OLLAMA_HOST when a shell starts" in unknown["reason"]
    assert "/home/ops/.zshrc line 1: a quote or bracket is not closed" in unknown["reason"]

    applied = on(host, "apply", *mine, status=2)
    for _, path, file in every(host):
        assert host.read(path).decode() == _here(host, file.after), path
    fates = {user: applied.outcome("ollama-loopback", user)["fate"] for user in USERS}
    assert {fates["alice"], fates["pat"]} == {"fixed"}
    (mixed,) = applied.outcome("ollama-loopback", "bob")["findings"]
    assert mixed["fix"].startswith("change /home/bob/.bashrc:2 by hand: other lines of that file")
    assert "640 bob" in host.run("stat -c '%a %U' /home/bob/.zshrc").stdout
    said = host.run("bash -ic 'echo $OLLAMA_HOST' 2>/dev/null", user="alice").stdout
    assert said.strip() == "127.0.0.1:11434"

    after = host.snapshot()
    on(host, "apply", *mine, status=2)
    assert touched(host, after, JOURNAL) == []
    on(host, "rollback", *mine, status=2)
    assert touched(host, before, JOURNAL) == []
