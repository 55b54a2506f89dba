"""Makes the pictures of README.md from real runs: python -m docs.pictures.make, as root.

Boots one badly configured workstation in the lab, runs the commands as a person would, and writes
what they printed, word for word, as one SVG a command.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from tests.lab import Lab
from tests.lab.host import Host
from tests.lab.workstations import LM_STUDIO_UNIT, expose_by_drop_in

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WIDTH = 116

# name of the picture -> what a person types
COMMANDS = {
    "check": "hardpoint check hosts.py",
    "apply": "hardpoint apply hosts.py --yes",
    "prove": "hardpoint prove hosts.py",
    "rollback": "hardpoint rollback hosts.py --to origin --yes",
}

# A picture fetches nothing: the reader's own monospaced font instead of rich's, which is downloaded.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.S).replace(
    "Fira Code", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono"
)


def main() -> None:
    with Lab(name="pictures") as lab, tempfile.TemporaryDirectory() as folder:
        _misconfigure(lab.boot("lena-laptop", "debian13", ("ollama", "lmstudio")))
        shutil.copy(lab.inventory(), Path(folder, "hosts.py"))
        for name, typed in COMMANDS.items():
            target = HERE / f"{name}.svg"
            target.write_text(_svg(name, typed, _run(typed, folder)), encoding="utf-8")
            print(f"{target.relative_to(ROOT)}: {target.stat().st_size // 1024} KB")


def _misconfigure(host: Host) -> None:
    """Ollama for everybody, as many guides teach; alice's LM Studio for the network and any page."""
    expose_by_drop_in(host)
    config = {"networkInterface": "0.0.0.0", "port": 1234, "cors": True}
    for path, text in {
        ".config/systemd/user/lm-studio.service": LM_STUDIO_UNIT,
        ".lmstudio/.internal/http-server-config.json": json.dumps(config, indent=2) + "\n",
    }.items():
        host.write(f"/home/alice/{path}", text, owner="alice:alice")
    host.run("loginctl enable-linger alice && systemctl start user@$(id -u alice).service")
    host.run("systemctl --user enable --now lm-studio", user="alice", session=True)
    host.run("until curl -sf http://127.0.0.1:11434/api/version; do sleep 0.1; done")


def _run(typed: str, folder: str) -> str:
    """What the command prints on a terminal, with its escapes."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, WIDTH, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", *shlex.split(typed)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
    )
    os.close(theirs)
    printed = b""
    while chunk := _read(ours):
        printed += chunk
    process.wait()
    return printed.decode().replace("\r\n", "\n")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # EIO: the other side has closed
        return b""


def _svg(name: str, typed: str, printed: str) -> str:
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ {typed}", style="bold"), soft_wrap=True)
    console.print(Text.from_ansi(printed.rstrip("\n")), soft_wrap=False)
    return console.export_svg(title="", code_format=FORMAT, unique_id=f"hardpoint-{name}")


if __name__ == "__main__":
    main()
