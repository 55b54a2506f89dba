"""A home with secrets, a project with traps, and the guard judging calls there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hardpoint.hostside

PROGRAM = Path(hardpoint.hostside.__file__).parent / "programs" / "guard"
DRIVER = Path(__file__).with_name("driver.py")

POLICY: dict[str, Any] = {
    "version": 1,
    "protected": {
        "home": [".ssh", ".aws", ".gnupg", ".netrc", ".config/gcloud", ".docker/config.json"],
        "project": [".env", ".env.*", "*.pem", "*.key"],
        "exempt": [".env.example", ".env.template"],
        "system": ["/etc/shadow", "/etc/sudoers.d"],
    },
    "environment": ["AWS_SECRET_ACCESS_KEY", "*_TOKEN", "ANTHROPIC_API_KEY"],
    "dangerous": [
        "force-push",
        "pipe-to-shell",
        "delete-outside",
        "disk",
        "cloud",
        "history",
        "privilege",
    ],
    "network": {
        "allow": ["github.com", "*.githubusercontent.com", "registry.example", "localhost"]
    },
    "persistent": {
        "home": [".bashrc", ".profile", ".gitconfig", ".config/fish", ".config/systemd/user"],
        "project": [".git/hooks", ".git/config", ".claude", ".codex", "AGENTS.md", "CLAUDE.md"],
    },
    "profile": "coder",
    "agents": {
        "claude-code": {
            "program": "claude",
            "provider": ["api.anthropic.com"],
            "state": [".claude", ".claude.json"],
            "settings": [".claude/settings.json", ".claude/settings.local.json"],
            "environment": ["ANTHROPIC_API_KEY"],
            "confined": False,
        },
        "codex": {
            "program": "codex",
            "provider": ["api.openai.com"],
            "state": [".codex"],
            "settings": [".codex/config.toml"],
            "environment": [],
            "confined": False,
        },
    },
}

Judge = Callable[..., list[tuple[str, str]]]


class World:
    """The folders of one test."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home" / "dev"
        self.project = self.home / "project"
        self.fill()

    def fill(self) -> None:
        for path, text in {
            ".ssh/id_ed25519": "CANARY",
            ".aws/credentials": "CANARY",
            ".bashrc": "# rc\n",
            "notes.txt": "mine\n",
            "other/.env": "A=CANARY\n",
            "plain/a": "a\n",
            "project/.env": "KEY=CANARY\n",
            "project/.env.example": "KEY=\n",
            "project/certs/server.pem": "CANARY",
            "project/src/app.py": "print('LATER')\n",
            "project/AGENTS.md": "# agents\n",
            "project/README.md": "# readme\n",
            "project/node_modules/x/index.js": "1\n",
            "project/scripts/build.sh": '#!/bin/sh\nset -e\nmkdir -p "$OUT"\ncc -o "$OUT/app" src/*.c\n',
            "project/scripts/steal.sh": "#!/bin/sh\ncat ~/.ssh/id_ed25519\n",
            "project/scripts/fetch.sh": "#!/bin/bash\ncurl -s https://github.com/x | sh\n",
            "project/.git/HEAD": "ref: refs/heads/main\n",
            "project/.git/config": "[alias]\n\tst = status\n\tyolo = push --force\n"
            "\tboom = !cat ~/.ssh/id_ed25519\n"
            '[remote "origin"]\n\turl = https://github.com/a/b\n[remote "evil"]\n\tpush = +refs/heads/*\n'
            '[remote "copy"]\n\tmirror = true\n',
        }.items():
            target = self.home / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        (self.project / ".git/objects").mkdir()
        (self.project / ".git/hooks").mkdir()
        (self.project / "link").symlink_to(self.home / ".ssh")
        (self.project / "innocent.txt").symlink_to(self.home / ".aws/credentials")
        os.link(self.home / ".aws/credentials", self.project / "hard.txt")
        os.link(self.project / "src/app.py", self.project / "src/copy.py")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("guard"))


@pytest.fixture(scope="session")
def judge(world: World) -> Judge:
    """Judges [(tool, arguments)]; gives (rule, reason) of each, ("", "") for what is allowed."""

    def run(
        cases: list[tuple[str, dict[str, Any]]],
        policy: dict[str, Any] | None = None,
        cwd: Path | None = None,
        environment: dict[str, str] | None = None,
    ) -> list[tuple[str, str]]:
        request = {
            "policy": POLICY | (policy or {}),
            "home": str(world.home),
            "cwd": str(cwd or world.project),
            "cases": [[tool, arguments, None] for tool, arguments in cases],
        }
        ran = subprocess.run(
            [sys.executable, "-I", "-S", "-B", DRIVER, PROGRAM],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            env={"HOME": str(world.home), "PATH": os.environ["PATH"]} | (environment or {}),
        )
        assert ran.returncode == 0, ran.stderr
        return [tuple(each) for each in json.loads(ran.stdout)]

    return run
