"""A host with hardpoint-run, a person's home full of canaries, and two projects."""

from __future__ import annotations

import json
import shlex
import subprocess
from typing import Any

from hardpoint.operations.program import command, program
from tests.lab import Host

POLICY: dict[str, Any] = {
    "version": 1,
    "protected": {
        "home": [".ssh", ".aws"],
        "project": [".env", ".env.*", "*.pem"],
        "exempt": [".env.example"],
        "system": ["/etc/shadow"],
    },
    "environment": ["*_TOKEN"],
    "dangerous": [],
    "network": {"allow": ["files.example:8125", "inner.example:8125"]},
    "persistent": {
        "home": [".bashrc", ".gitconfig"],
        "project": [".git/hooks", ".git/config", ".vscode/tasks.json", "AGENTS.md", ".idea"],
    },
    "profile": "coder",
    "agents": {
        "trial": {
            "program": "trial-agent",
            "provider": ["127.0.0.1:8126"],
            "state": [".trial"],
            "settings": [".trial/settings.json"],
            "copied": [".idea"],
            "environment": ["TRIAL_KEY"],
        }
    },
}

PROJECT = "/home/alice/src/my 'own' project"
CANARY = "canary-4711"
# What stands on the host: files of alice's, made anew for each run.
SCENE = f"""
set -e
rm -rf ~/src ~/.ssh ~/.bashrc ~/.trial && mkdir -p ~/src/other ~/.ssh ~/.trial ~/{PROJECT[12:]!r}
echo {CANARY} | tee ~/.ssh/id_ed25519 ~/src/other/.env /tmp/alices /dev/shm/alices >/dev/null
echo '{{}}' > ~/.trial/settings.json
echo '# mine' > ~/.bashrc
git config --global user.email alice@example.com; git config --global user.name Alice
cd ~/{PROJECT[12:]!r} && git init -q . && printf 'one\\n' > file.txt
printf 'import unittest\\nclass T(unittest.TestCase):\\n    def test(self): pass\\n' > test_it.py
git add -A && git commit -qm first
echo {CANARY} > .env
ln ~/.ssh/id_ed25519 notes.txt
ln -s ~/.ssh keys
"""

# What listens on the host: a canary for whoever gets through.
SERVERS = f"""
import http.server, socket, threading
class Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"{CANARY}\\n")
    def log_message(self, *_): pass
for address in (("127.0.0.1", 8123), ("0.0.0.0", 8125), ("127.0.0.1", 8126)):
    server = http.server.ThreadingHTTPServer(address, Api)
    threading.Thread(target=server.serve_forever).start()
def stream(listener):
    while True:
        listener.accept()[0].sendall(b"{CANARY}\\n")
for name in ("\\0alices", "/tmp/alices.sock"):
    listener = socket.socket(socket.AF_UNIX); listener.bind(name); listener.listen()
    threading.Thread(target=stream, args=(listener,)).start()
names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); names.bind(("127.0.0.1", 53))
while True:
    names.sendto(b"{CANARY}\\n", names.recvfrom(512)[1])
"""


def install(host: Host, policy: dict[str, Any] | None = None) -> None:
    """The programs, the policy and the command."""
    for name in ("launcher", "proxy"):
        for file in program(name):
            host.write(file.path, file.content)
    host.write("/etc/hardpoint/agents.json", json.dumps(policy or POLICY))
    host.write(
        "/usr/local/bin/hardpoint-run", f'#!/bin/sh\nexec {command("launcher")} "$@"\n', mode="0755"
    )
    host.write("/usr/local/bin/trial-agent", '#!/bin/sh\nexec sh -c "$1"\n', mode="0755")


def serve(host: Host) -> None:
    """Starts the servers; returns when they answer."""
    host.write("/root/servers.py", SERVERS)
    host.run("systemd-run -q --unit canaries python3 /root/servers.py")
    host.run(
        "until curl -so /dev/null http://127.0.0.1:8126; do sleep 0.1; done; chmod 666 /tmp/alices.sock"
    )


def scene(host: Host) -> None:
    """As it should be found: alice's files, and a process of hers."""
    start = f"systemd-run -q --collect --uid alice -E CANARY={CANARY} sleep 1000"
    host.run(f"pgrep -u alice -x sleep >/dev/null || {start}")
    host.run(SCENE, user="alice")


def bare(host: Host, text: str) -> subprocess.CompletedProcess[str]:
    """What an agent could do without the launcher: the shell text in the project."""
    return _run(host, f"exec sh -c {shlex.quote(text)}")


def confined(
    host: Host, text: str, *options: str, before: str = "", user: str = "alice"
) -> subprocess.CompletedProcess[str]:
    """The same under hardpoint-run. before: what the person's shell does first."""
    words = shlex.join(["hardpoint-run", *options, "trial-agent", text])
    return _run(host, f"{before}\nexec {words}", user)


def _run(host: Host, text: str, user: str = "alice") -> subprocess.CompletedProcess[str]:
    project = PROJECT.replace("alice", user)
    script = f"export MY_TOKEN={CANARY} TRIAL_KEY=mine\ncd {shlex.quote(project)}\n{text}"
    return host.run(script, user=user, check=False, timeout=60)
