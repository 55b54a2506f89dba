"""Desktop entries and crontabs: what they start, changed in place, back to the very bytes."""

from __future__ import annotations

import pytest

from hardpoint.hostside.payload import edit_launchers
from hardpoint.hostside.payload.errors import Refusal

DESKTOP = """[Desktop Entry]
Name=Chat
Exec=env OLLAMA_HOST=0.0.0.0 /opt/open-webui serve "--host=0.0.0.0" --title "a \\\\"b\\\\" \\\\$c" %U
X-Other=open-webui --host 9.9.9.9

[Desktop Action listen]
Exec=sh -c "cd /srv && exec python3 main.py --listen > /tmp/log"
[Other]
Exec=open-webui serve --host 9.9.9.9
"""
CRONTAB = """# open-webui serve --host 9.9.9.9
SHELL=/bin/bash
OLLAMA_HOST = "0.0.0.0"
@reboot cd /srv && OLLAMA_HOST=:11434 ollama serve >> log 2>&1
*/5 * * * mon-fri open-webui serve --host 0.0.0.0 --format '+\\%F' %stdin --host 9.9.9.9
0 0 1 1 * open-webui serve --host $HOST
"""
SYSTEM = """PATH=/usr/bin
@reboot  alice  python3 /srv/main.py --listen
17 *\t* * *\troot\tnice -n 5 open-webui serve --host=0.0.0.0
"""
FILES = {"desktop": DESKTOP, "crontab": CRONTAB, "system-crontab": SYSTEM}


@pytest.mark.parametrize(
    ("style", "key", "rows"),
    [
        ("desktop", ["OLLAMA_HOST"], [(3, "0.0.0.0", "0.0.0.0")]),
        ("desktop", ["open-webui", "--host"], [(3, "0.0.0.0", "0.0.0.0")]),
        ("desktop", ["main.py", "--listen"], [(7, "", True)]),
        ("desktop", ["open-webui", "--title"], [(3, 'a \\\\"b\\\\" \\\\$c', 'a "b" $c')]),
        ("crontab", ["OLLAMA_HOST"], [(3, "0.0.0.0", "0.0.0.0"), (4, ":11434", ":11434")]),
        ("crontab", ["open-webui", "--host"], [(5, "0.0.0.0", "0.0.0.0"), (6, "$HOST", None)]),
        ("crontab", ["open-webui", "--format"], [(5, "+\\%F", "+%F")]),
        ("system-crontab", ["main.py", "--listen"], [(2, "", True)]),
        ("system-crontab", ["open-webui", "--host"], [(3, "0.0.0.0", "0.0.0.0")]),
        ("system-crontab", ["PATH"], [(1, "/usr/bin", "/usr/bin")]),
        ("crontab", ["vllm", "--host"], []),
    ],
)
def test_what_a_launcher_gives_to_a_program(style: str, key: list[str], rows: list) -> None:
    assert edit_launchers.find(FILES[style], key, style) == rows


@pytest.mark.parametrize(
    ("style", "key"),
    [
        ("desktop", ["OLLAMA_HOST"]),
        ("desktop", ["open-webui", "--host"]),
        ("desktop", ["main.py", "--listen"]),
        ("crontab", ["OLLAMA_HOST"]),
        ("crontab", ["open-webui", "--host"]),
        ("system-crontab", ["main.py", "--listen"]),
        ("system-crontab", ["open-webui", "--host"]),
    ],
)
def test_a_value_is_put_where_it_stands_and_comes_back(style: str, key: list[str]) -> None:
    text, editor = FILES[style], edit_launchers.editor(style)
    noted = editor.note(text, key)
    made = editor.put(text, key, "127.0.0.1")
    before = edit_launchers.find(text, key, style)
    assert [line for line, _, _ in before] == [
        line for line, _, value in edit_launchers.find(made, key, style) if value == "127.0.0.1"
    ]
    changed = [
        n
        for n, (a, b) in enumerate(zip(text.split("\n"), made.split("\n"), strict=True), 1)
        if a != b
    ]
    assert changed == sorted({line for line, _, _ in before})
    assert "9.9.9.9" not in "".join(made.split("\n")[n - 1] for n in changed if style == "desktop")
    assert editor.restore(made, key, noted) == text
    # Also when somebody else has changed another line.
    longer = "# new\n" + made if style != "desktop" else made.replace("Name=", "Icon=x\nName=")
    origin = "# new\n" + text if style != "desktop" else text.replace("Name=", "Icon=x\nName=")
    assert editor.restore(longer, key, noted) == origin


def test_what_cannot_be_written_safely_is_refused() -> None:
    editor = edit_launchers.editor("crontab")
    for key, value in (
        (["vllm", "--host"], "::1"),
        (["OLLAMA_HOST"], "a b"),
        (["OLLAMA_HOST"], "%"),
    ):
        with pytest.raises(Refusal):
            editor.put(CRONTAB, key, value)
    split = "@reboot ollama serve --host 0.0'.0.0'\n"
    with pytest.raises(Refusal):
        editor.put(split, ["ollama", "--host"], "::1")


def test_arguments_that_a_shell_computes_are_told() -> None:
    text = "@reboot ollama serve $OPTIONS\n@reboot ollama serve\n"
    assert edit_launchers.hidden(text, ["ollama"], "crontab") == [("ollama", 1)]


def test_a_crontab_goes_back_to_its_very_bytes(host, etc) -> None:
    path = etc / "serve"
    path.write_text(SYSTEM)
    path.chmod(0o600)
    host.put(path, ["open-webui", "--host"], "127.0.0.1", style="system-crontab")
    host.put(path, ["main.py", "--listen"], "127.0.0.1", style="system-crontab")
    made = SYSTEM.replace("--host=0.0.0.0", "--host=127.0.0.1")
    assert path.read_text() == made.replace("--listen", "--listen 127.0.0.1")
    assert path.stat().st_mode & 0o777 == 0o600
    assert host.rollback() == {
        f"{path} open-webui --host": ("restored", ""),
        f"{path} main.py --listen": ("restored", ""),
    }
    assert path.read_text() == SYSTEM
