"""Servers whose address is on their command line: found whatever the unit is called, as systemd runs them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hardpoint import hostside
from hardpoint.hostside.payload import exec_lines, unit_files
from tests.lab import Host

pytestmark = pytest.mark.lab

UNITS = "/etc/systemd/system"
VLLM = "/opt/vllm/bin/vllm"
SERVER = """#!/usr/bin/python3
import http.server, sys
arguments, host, port = sys.argv[1:], "0.0.0.0", 8000
for n, word in enumerate(arguments):
    name, equals, value = word.partition("=")
    value = value if equals else (arguments[n + 1 :] or [""])[0]
    host = value if name == "--host" else host
    port = int(value) if name == "--port" else port
http.server.HTTPServer((host, port), http.server.SimpleHTTPRequestHandler).serve_forever()
"""
PROGRAMS = ["vllm", "-m vllm.entrypoints.openai.api_server", "main.py"]
QUERY = {
    "units": ["masked.service"],
    "variables": ["VLLM_API_KEY", "VLLM_PORT"],
    "programs": PROGRAMS,
    "flags": ["--host", "--port", "--listen", "--api-key"],
    "masked": ["VLLM_API_KEY", "--api-key"],
}


@pytest.fixture
def served(boot) -> Host:
    host = boot("debian12")
    host.write(VLLM, SERVER, mode="0755")
    return host


def units_of(host: Host, user: str = "root", **more: Any) -> dict[tuple[str, str], dict[str, Any]]:
    """The read's rows by manager and unit."""
    request = {"do": "read", "what": "units", **QUERY, **more}
    done = host.run(hostside.command(request).get_raw_value(), user=user)
    assert "sk-secret" not in done.stdout
    return {(row["manager"], row["unit"]): row for row in json.loads(done.stdout)["units"]}


SYSTEM = {
    "plain": f"[Service]\nExecStart={VLLM} serve m --host 0.0.0.0 --port 8001 --api-key sk-secret\n",
    "by-env": "[Service]\nEnvironment=H=0.0.0.0 'A=--port 8002 --x'\n"
    f"ExecStart={VLLM} --host ${{H}} $A $NO\n",
    "in-shell": f"[Service]\nExecStart=/bin/sh -c 'exec {VLLM} --host \"0.0.0.0\" --port=8003'\n",
    "never-started": f"[Service]\nExecStart={VLLM} --port 8004\n[Install]\nWantedBy=multi-user.target\n",
    "named@": f"[Service]\nExecStart={VLLM} --host %i --port 8005\n",
    "broken": f"[Service]\nExecStart={VLLM} --host no-such-host --port 8006\n",
    "masked": f"[Service]\nExecStart={VLLM}\n",
    "unrelated": "[Service]\nExecStart=/bin/echo vllm\n",
    "contained": "[Service]\nExecStart=/usr/bin/podman run --rm vllm/vllm-openai --host 0.0.0.0\n",
}


def test_what_the_system_and_users_run_is_found(served: Host) -> None:
    host = served
    for name, text in SYSTEM.items():
        folder = "/usr/lib/systemd/system" if name in ("never-started", "masked") else UNITS
        host.write(f"{folder}/{name}.service", text)
    host.write(
        f"{UNITS}/plain.service.d/more.conf",
        f"[Service]\nEnvironment=VLLM_API_KEY=sk-secret VLLM_PORT=\nExecStart=\n"
        f"ExecStart=-@{VLLM} called serve 'a b' --port 8001 \\\n  --host=0.0.0.0 --api-key sk-secret\n",
    )
    for user in ("alice", "bob"):
        path = f"/home/{user}/.config/systemd/user/gpu.service"
        text = f"[Service]\nExecStart=python3 {VLLM} --host 0.0.0.0 --port 8010\n"
        host.write(path, text, f"{user}:{user}")
    host.run("systemctl daemon-reload; systemctl mask --quiet masked")
    host.run("systemctl start plain by-env in-shell named@127.0.0.1; systemctl start broken")
    host.run(f"systemd-run --unit passing {VLLM} --host 127.0.0.1 --port 8007")
    ports = (8001, 8002, 8003, 8005, 8007)
    for port in ports:
        host.run(f"until curl -so /dev/null http://127.0.0.1:{port}/; do sleep 0.1; done")
    host.run("until systemctl is-failed broken; do sleep 0.1; done")

    with host.user_session("alice"):
        host.run("systemctl --user start gpu", user="alice", session=True)
        found = units_of(host)
    wanted = [
        "plain",
        "by-env",
        "in-shell",
        "never-started",
        "named@127.0.0.1",
        "broken",
        "masked",
        "passing",
    ]
    system = {
        unit.removesuffix(".service"): row for (m, unit), row in found.items() if m == "system"
    }
    assert sorted(system) == sorted(wanted)
    assert {(m, u) for m, u in found if m != "system"} == {
        ("alice", "gpu.service"),
        ("bob", "gpu.service"),
    }

    def flags(name: str) -> dict[str, Any]:
        (command,) = system[name]["commands"]
        return command["flags"]

    assert flags("plain") == {"--host": "0.0.0.0", "--port": "8001", "--api-key": "set"}
    assert flags("by-env") == {"--host": "0.0.0.0", "--port": "8002"}
    assert flags("in-shell") == {"--host": "0.0.0.0", "--port": "8003"}
    assert flags("never-started") == {"--port": "8004"}
    assert flags("named@127.0.0.1") == {"--host": "127.0.0.1", "--port": "8005"}
    assert flags("passing") == {"--host": "127.0.0.1", "--port": "8007"}
    assert system["plain"]["commands"][0]["place"] == f"{UNITS}/plain.service.d/more.conf:4"
    assert system["plain"]["settings"]["VLLM_API_KEY"][-1]["value"] == "set"
    assert system["plain"]["running"] == {"VLLM_API_KEY": "set", "VLLM_PORT": ""}
    for name in ("plain", "in-shell", "passing", "by-env"):
        assert system[name]["running_commands"] == [
            {"program": "vllm", "flags": flags(name), "variables": {}}
        ], name
    rewritable = {
        name: row["commands"][0]["rewritable"] for name, row in system.items() if row["commands"]
    }
    assert (
        rewritable.pop("by-env") is False
    )  # --port comes out of a variable that holds several words
    assert set(rewritable.values()) == {True}

    states = {n: (r["load"], r["active"], r["failed"], r["installed"]) for n, r in system.items()}
    assert states["plain"] == ("loaded", "active", False, False)
    assert states["never-started"] == ("loaded", "inactive", False, True)
    assert states["broken"] == ("loaded", "failed", True, False)
    assert states["masked"][:2] == ("masked", "inactive")
    alice, bob = found["alice", "gpu.service"], found["bob", "gpu.service"]
    assert (alice["active"], bob["active"]) == ("active", "inactive")
    for row in (alice, bob):
        assert row["commands"][0]["flags"] == {"--host": "0.0.0.0", "--port": "8010"}
    assert alice["running_commands"] and bob["running_commands"] is None


def test_without_programs_nothing_is_looked_for(served: Host) -> None:
    request = {"do": "read", "what": "units", "units": ["masked.service"], "variables": []}
    served.write(f"{UNITS}/plain.service", SYSTEM["plain"])
    done = served.run(hostside.command(request).get_raw_value())
    assert json.loads(done.stdout)["units"] == []


# What systemd makes of a line, and what our lexer makes of it.
LINES = [
    "a  'b c' \"d e\" f\"g h\"i ''",
    r"\x41\tb \101 \u00e9 'it\'s' \\ \s. \q",
    "%% %n %i %p %h %u %U x%%y",
    "$ONE ${ONE} x${ONE}y $TWO ${TWO} x$ONE $$ONE $${ONE} ${NO}x $NO x",
    "'$TWO' \"${TWO}\" '${ONE} z'",
    "one \\\n   two \\\n# comment\n   three",
    "\"--host=0.0.0.0\" --x='a b'",
    "; tail",
    "a \\; b",
    "-- --host",
]
SHOW = """#!/usr/bin/python3
import json, sys
open(sys.argv[1], "a").write(json.dumps(sys.argv[2:]) + "\\n")
"""


@pytest.mark.parametrize("distro", ["debian12", "debian13"])
def test_a_real_process_has_the_words_that_our_lexer_says(distro: str, boot) -> None:
    host = boot(distro)
    host.write("/usr/local/bin/show", SHOW, mode="0755")
    variables = {"ONE": "1 one", "TWO": "two 'three four'"}
    environment = "Environment='ONE=1 one' \"TWO=two 'three four'\"\n"
    said, units = {}, []
    for n, line in enumerate(LINES):
        name = f"line-{n}.service"
        show = f"/usr/local/bin/show /run/said-{n} "
        command = show + line.replace("; ", f"; {show}" if line.startswith("; ") else "; ")
        text = f"[Service]\nType=oneshot\n{environment}ExecStart={command}\n"
        host.write(f"{UNITS}/{name}", text)
        ((_, _, value),) = exec_lines.in_force(["x"], {"x": text}.get)
        specifiers = unit_files.specifiers(name, None)
        commands = exec_lines.lex(value, specifiers, lambda name: variables.get(name, ""))
        said[n] = [[word.value for word in words[2:]] for words in commands]
        units.append(name)
    host.run("systemctl daemon-reload; systemctl start " + " ".join(units))
    for n, line in enumerate(LINES):
        lines = host.run(f"cat /run/said-{n}").stdout.splitlines()
        assert [json.loads(one) for one in lines] == said[n], line
