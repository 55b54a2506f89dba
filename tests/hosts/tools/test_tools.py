"""Tools of agents' sandboxes: missing ones are brought and taken back, failing ones told."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hardpoint import hostside, templates
from hardpoint.controls.tools.bubblewrap import MOST
from hardpoint.controls.tools.sandbox_runtime import PREFIX
from tests.command import Command, Ran
from tests.hosts.upper import JOURNAL, touched
from tests.lab import Host, Lab

pytestmark = pytest.mark.lab

NAMES = ("bubblewrap-installed", "ripgrep-installed", "socat-installed")
APT = ("/var/lib/dpkg*", "/var/lib/apt/*", "/var/cache/*", "/var/log/*", "/etc/ld.so.cache")
TOOLS = {"do": "read", "what": "tools", "tools": ["bwrap", "socat", "rg", "srt"]}
IN_IT = "bwrap --unshare-all --ro-bind / / --dev /dev --proc /proc true"

On = Callable[..., Ran]


@pytest.fixture
def on(lab: Lab, hardpoint: Command, tmp_path: Path) -> On:
    """on(host, "check", {control: {option: value}}, status=2): the family `tools` on that host."""

    def run(
        host: Host,
        command: str,
        options: dict[str, Any] | None = None,
        controls: Sequence[str] = (),
        **given: Any,
    ) -> Ran:
        policy = tmp_path / "policy.yaml"
        policy.write_text(json.dumps({"options": options or {}}))
        words = [lab.inventory(), "--limit", host.name, "--format", "json"]
        words += [word for name in controls for word in ("--control", name)] or [
            "--family",
            "tools",
        ]
        words += ["--to", "origin"] if command == "rollback" else ["--policy", policy]
        return hardpoint(command, *words, *(["--yes"] if command != "check" else []), **given)

    return run


def with_agent(host: Host) -> Host:
    """Claude Code, as npm installs it for everybody; it is never started."""
    package = "/usr/local/lib/node_modules/@anthropic-ai/claude-code/package.json"
    host.write(package, '{"version": "2.1.329"}')
    return host


def read(host: Host, user: str = "root") -> dict[str, Any]:
    return json.loads(host.run(hostside.command(TOOLS).get_raw_value(), user).stdout)


@pytest.mark.parametrize(
    "distro", ["debian12", pytest.param("debian13", marks=pytest.mark.everything)]
)
def test_what_is_missing_is_brought_and_taken_back(boot, on: On, distro: str) -> None:
    host = with_agent(boot(distro))
    pristine = host.snapshot()
    found = on(host, "check", status=2)
    assert {name: found.outcome(name)["status"] for name in NAMES} == dict.fromkeys(NAMES, "drift")
    assert found.outcome("sandbox-runtime-installed")["status"] == "not-applicable"
    assert touched(host, pristine) == []

    applied = on(host, "apply", status=0)
    assert {applied.outcome(name)["fate"] for name in NAMES} == {"fixed"}
    host.run(IN_IT, "alice")
    hardened = host.snapshot()
    assert on(host, "check", status=0).outcome("bubblewrap-installed")["status"] == "compliant"
    assert touched(host, hardened, JOURNAL) == []

    on(host, "rollback", status=2)
    assert host.run("command -v bwrap socat rg", check=False).stdout == ""
    assert touched(host, pristine, (*APT, *JOURNAL)) == []


def test_what_is_there_and_fails_is_told_with_its_cause(boot, on: On) -> None:
    host = with_agent(boot("debian13", layers=("sandbox-tools",)))
    on(host, "check", status=0)
    host.run("chmod 0700 /usr/bin/socat; printf '#!/bin/sh\\nexit 3\\n' > /usr/bin/rg")
    host.write(
        "/etc/systemd/system/ssh.service.d/no-namespaces.conf",
        "[Service]\nRestrictNamespaces=yes\n",
    )
    host.run("systemctl daemon-reload && systemctl restart ssh")
    assert "namespace" in host.login(IN_IT, "pat").stderr
    before = host.snapshot()

    found = on(host, "check", status=2)
    (forbidden,) = found.outcome("bubblewrap-installed")["findings"]
    assert "namespace" in forbidden["why"] and "bwrap --unshare-all" in forbidden["fix"]
    assert "Permission denied" in found.outcome("socat-installed")["findings"][0]["why"]
    assert "exit status 3" in found.outcome("ripgrep-installed")["findings"][0]["why"]
    assert touched(host, before) == []

    # The kernel's own setting is read-only here, so the host is shown another one.
    host.run(f"echo 0 > /run/none && mount --bind /run/none {MOST}")
    (forbidden,) = on(host, "check", status=2).outcome("bubblewrap-installed")["findings"]
    assert forbidden["why"].startswith(f"{MOST} has 0")
    still = on(host, "apply", status=2).outcome("bubblewrap-installed")
    assert still["fate"] == "still wrong"
    assert touched(host, before, JOURNAL) == []


def test_no_agent_is_told_to_lock_itself_in_where_the_tool_can_t_come(boot, on: On) -> None:
    host = with_agent(boot("debian13"))
    host.run("rm -f /etc/apt/sources.list.d/*; : > /etc/apt/sources.list")
    controls = ("bubblewrap-installed", "socat-installed", "claude-code-sandbox")
    applied = on(host, "apply", None, controls, status=2)
    assert applied.outcome("bubblewrap-installed")["fate"] == "failed"
    assert "blocked by" in applied.outcome("claude-code-sandbox")["reason"]
    assert not host.run("ls /etc/claude-code", check=False).stdout


def test_each_sort_of_reader_tries_as_an_ordinary_user(boot) -> None:
    host = boot("debian12", layers=("sandbox-tools",))
    before = host.snapshot()
    for user, tried_as in {"root": "alice", "alice": "alice", "nosudo": "nosudo"}.items():
        seen = read(host, user)
        assert seen["user"] == tried_as
        works = {name: tool["works"] for name, tool in seen["tools"].items()}
        assert works == {"bwrap": True, "socat": True, "rg": True, "srt": False}
        assert seen["limits"] == []
    assert touched(host, before) == []


@pytest.mark.parametrize("distro", ["debian12", "debian13"])
def test_a_check_by_the_timer_can_try_them_too(boot, distro: str) -> None:
    host = boot(distro, layers=("sandbox-tools",))
    command = hostside.command(TOOLS).get_raw_value()
    host.write(
        "/usr/local/bin/hardpoint", f"#!/bin/sh\n{command} >$STATE_DIRECTORY/seen\n", mode="0755"
    )
    unit = templates.render(
        "host/check.service.j2", name="tried", command="/usr/local/bin/hardpoint", policy="/x"
    )
    host.write("/etc/systemd/system/tried.service", unit)
    host.run("systemctl start tried")
    seen = json.loads(host.read("/var/lib/tried/seen"))
    assert [seen["tools"][name]["works"] for name in ("bwrap", "socat", "rg")] == [True] * 3

    # One that is locked in more than ours can't tell, and says so.
    host.write("/etc/systemd/system/tried.service", unit + "RestrictNamespaces=yes\n")
    host.run("systemctl daemon-reload && systemctl start tried")
    seen = json.loads(host.read("/var/lib/tried/seen"))
    assert seen["tools"]["bwrap"]["works"] is None
    assert "bwrap can't be tried" in seen["limits"][0]["reason"]


@pytest.mark.everything
def test_sandbox_runtime_comes_by_its_lock(boot, on: On, tmp_path: Path) -> None:
    host = boot("debian13", layers=("agents", "sandbox-tools"))
    wanted = {"sandbox-runtime-installed": {"wanted": True}}
    pristine = host.snapshot()
    applied = on(host, "apply", wanted, status=2).outcome("sandbox-runtime-installed")
    (finding,) = applied["findings"]
    assert f"cd {PREFIX} && sudo npm ci" in finding["fix"]

    bring(host, tmp_path)
    on(host, "check", wanted, status=0)
    assert host.run(f"{PREFIX}/node_modules/.bin/srt --version", "alice").stdout == "0.0.83\n"
    on(host, "rollback", status=0)
    host.run(f"rm -r {PREFIX} && rmdir /usr/local/lib/hardpoint")
    assert touched(host, pristine, JOURNAL) == []


def bring(host: Host, folder: Path) -> None:
    """What the finding's command does, by this machine's npm: hosts have no route to a registry."""
    for name in ("package.json", "package-lock.json"):
        (folder / name).write_bytes(host.read(f"{PREFIX}/{name}"))
    command = ["npm", "ci", "--silent", "--ignore-scripts", "--omit=dev", "--prefix", str(folder)]
    subprocess.run(command, check=True, timeout=120)
    packed = subprocess.run(["tar", "-cC", folder, "node_modules"], check=True, capture_output=True)
    host.run_bytes(["tar", "-xC", PREFIX, "--no-same-owner"], input=packed.stdout)


@pytest.mark.everything
def test_apparmor_s_own_parser_takes_the_profile(boot) -> None:
    host = boot("debian13")
    host.run("apt-get update && apt-get install -y --no-install-recommends apparmor", timeout=180)
    host.write("/root/profile", templates.render("tools/bwrap.apparmor.j2"))
    host.run("apparmor_parser --skip-kernel-load --skip-cache /root/profile")
    host.write("/root/profile", "profile x /usr/bin/bwrap { usernamespaces, }\n")
    assert host.run("apparmor_parser -QT /root/profile", check=False).returncode
