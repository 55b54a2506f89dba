"""The lab's own promises: real hosts, pristine resets, exact differences, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import backends, cgroup, housekeeping, network, paths
from .host import Host
from .lab import Lab
from .plugin import Boot, needed
from .probe import Probe

pytestmark = pytest.mark.lab
NOTHING: dict[str, dict[str, object]] = {"added": {}, "removed": {}, "changed": {}}
LEAVE_A_HOST = """
import sys, time
from tests.lab import Lab
lab = Lab(name=sys.argv[1])
lab.boot("alpha")
print("up", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("distro", ["debian12", "debian13"])
def test_a_host_is_a_whole_system_that_admits_its_people(boot: Boot, distro: str) -> None:
    host = boot(distro)
    assert host.run("systemctl is-system-running").stdout == "running\n"
    assert host.login("sudo id -u").stdout == "0\n"
    assert host.login("id -un", user="alice").stdout == "alice\n"
    assert host.login("sudo -n true", user="pat").returncode == 1
    assert host.run("sudo -S id -u", user="pat", input="correct horse\n").stdout == "0\n"
    assert host.login("true", user="nobody").returncode == 255


def test_a_user_session_has_a_manager_of_its_own(boot: Boot) -> None:
    host = boot()
    with host.user_session("alice"):
        state = host.run("systemctl --user is-system-running", user="alice", session=True)
    assert state.stdout == "running\n"


def test_apt_on_a_host_reaches_the_machine_s_archives_only(boot: Boot, lab: Lab) -> None:
    host = boot()
    assert "Reading package lists" in host.run("apt-get update", timeout=120).stdout
    refused = host.run(
        f"curl --silent --proxy {lab.proxy_url} --write-out '%{{http_code}}' http://example.invalid/"
    )
    assert refused.stdout.endswith("403")


def test_a_reset_host_is_as_new(boot: Boot) -> None:
    host = boot()
    pristine, address = host.snapshot(), host.address
    host.write("/etc/leftover", "x")
    host.run("rm /etc/debian_version; systemctl mask cron.service")
    host.reset()
    assert (host.diff(pristine), host.address) == (NOTHING, address)


def test_a_reboot_and_a_power_cut_keep_the_disk_and_nothing_else(boot: Boot) -> None:
    host = boot()
    host.write("/etc/kept", "x")
    host.write("/run/lost", "x")
    host.reboot()
    assert host.run("ls /run/lost", check=False).returncode == 2
    host.power_off()
    host.start()
    assert host.read("/etc/kept") == b"x"


def test_a_cut_cable_can_be_mended(boot: Boot, probe: Probe) -> None:
    host = boot()
    host.cut_network()
    assert probe.connect(host.address, 22, timeout=0.3) == "timeout"
    host.restore_network()
    assert probe.connect(host.address, 22) == "open"


class TestDifference:
    """What `diff` sees of each kind of change."""

    @pytest.fixture
    def host(self, boot: Boot) -> Host:
        return boot()

    def test_of_a_host_left_alone_is_empty_through_logins_and_a_reboot(self, host: Host) -> None:
        before = host.snapshot()
        host.login("true")
        host.login("true", user="nobody")
        host.run("sudo -S true", user="pat", input="correct horse\n")
        host.reboot()
        assert host.diff(before) == NOTHING
        assert host.diff(before, noise=()) != NOTHING

    def test_names_added_removed_and_changed_paths(self, host: Host) -> None:
        before = host.snapshot()
        host.write("/home/alice/.config/tool/settings.json", "{}", owner="alice:alice", mode="0600")
        host.run("chmod 0600 /etc/hosts; ln -s /nowhere /etc/link")
        host.run("rm -r /etc/debian_version /usr/share/doc/bash")
        host.run("python3 -c \"import os; os.setxattr('/etc/issue', 'user.note', b'x')\"")
        seen = host.diff(before)
        home = "/home/alice/.config"
        assert list(seen["added"]) == [
            "/etc/link",
            home,
            f"{home}/tool",
            f"{home}/tool/settings.json",
        ]
        assert seen["added"]["/etc/link"].target == "/nowhere"
        assert {entry.uid for path, entry in seen["added"].items() if home in path} == {1000}
        assert list(seen["removed"]) == ["/etc/debian_version", "/usr/share/doc/bash"]
        assert [new.mode for _, new in seen["changed"].values()] == [0o600, 0o644]
        assert seen["changed"]["/etc/issue"][1].xattrs == (("user.note", b"x"),)

    def test_vanishes_when_everything_is_put_back(self, host: Host) -> None:
        before = host.snapshot()
        host.run("cp -a /etc/apt /tmp/apt; rm -r /etc/apt; cp -a /tmp/apt /etc/apt")
        host.run("touch /etc/new; rm /etc/new")
        assert host.diff(before) == NOTHING

    def test_shows_what_is_missing_from_a_folder_that_was_made_anew(self, host: Host) -> None:
        before = host.snapshot()
        host.run("rm -r /etc/apt; mkdir /etc/apt")
        assert "/etc/apt/sources.list" in host.diff(before)["removed"]


def test_a_probe_tells_refusals_apart(boot: Boot, probe: Probe) -> None:
    host = boot()
    host.run("nft -f -", input=RULES)
    for address in (host.address, host.address6):
        assert probe.connect(address, 22) == "open"
        assert probe.connect(address, 81) == "reset"
        assert probe.connect(address, 82, timeout=0.3) == "timeout"
        assert probe.connect(address, 83) == "prohibited"
        assert probe.connect(address, 84) == "unreachable"


RULES = """
table inet test {
    chain incoming {
        type filter hook input priority 0; policy accept;
        tcp dport 82 drop
        tcp dport 83 reject with icmpx type admin-prohibited
        tcp dport 84 meta nfproto ipv4 reject with icmp type host-unreachable
        tcp dport 84 meta nfproto ipv6 reject with icmpv6 type addr-unreachable
    }
}
"""


def test_ollama_is_the_real_one_and_serves_loopback_only(boot: Boot, probe: Probe) -> None:
    host = boot(layers=("ollama",))
    assert (
        host.run("curl --silent --retry 9 --retry-connrefused 127.0.0.1:11434/api/tags").stdout
        == '{"models":[]}'
    )
    assert host.run("stat --format=%U /proc/$(pidof ollama)").stdout == "ollama\n"
    assert probe.connect(host.address, 11434) == "reset"


def test_the_lm_studio_stand_in_obeys_its_file(boot: Boot, probe: Probe) -> None:
    host = boot("debian13", ("lmstudio",))
    host.write(
        "/home/alice/.lmstudio/.internal/http-server-config.json",
        '{"networkInterface": "0.0.0.0", "port": 1235, "cors": true}',
        owner="alice:alice",
    )
    host.run("lms server start", user="alice")
    status, body = probe.http(f"http://{host.address}:1235/v1/models")
    assert (status, '"object": "list"' in body) == (200, True)
    host.run("lms server stop && LMS_SERVER_HOST=127.0.0.1 lms server start", user="alice")
    assert probe.connect(host.address, 1235) == "reset"


class TestCleanUp:
    """Down, and the clean-up after a killed run."""

    @pytest.fixture
    def name(self) -> Iterator[str]:
        with needed():
            backends.choose("auto")
        yield f"cleanup-{os.getpid()}"

    def test_down_leaves_nothing(self, name: str) -> None:
        with Lab(name=name) as lab:
            lab.boot("alpha")
            lab.probe()
            traces = Traces(name)
            assert traces.left()
        assert traces.left() == []

    def test_gc_removes_what_a_killed_run_left(self, name: str) -> None:
        script = [sys.executable, "-c", LEAVE_A_HOST, name]
        with subprocess.Popen(
            script, stdout=subprocess.PIPE, text=True, cwd=paths.REPOSITORY
        ) as killed:
            assert killed.stdout is not None and killed.stdout.readline() == "up\n"
            traces = Traces(name)
            killed.kill()
        assert traces.left()
        assert name in housekeeping.gc()
        assert traces.left() == []

    def test_a_killed_supervisor_takes_its_host_along(self, name: str) -> None:
        with Lab(backend="nspawn", name=name) as lab:
            host = lab.boot("alpha")
            group = cgroup.of_lab(name) / "host-alpha"
            os.kill(cgroup.processes(group)[0], signal.SIGKILL)
            deadline = time.monotonic() + 5
            while cgroup.processes(group) and time.monotonic() < deadline:
                time.sleep(0.02)
            assert cgroup.processes(group) == []
            host.start()
            assert host.login("true").returncode == 0


class Traces:
    """Everything on this machine that belongs to a lab, noted while it is up."""

    def __init__(self, lab: str) -> None:
        known = housekeeping.record(lab)
        assert known is not None
        self._slot = known["slot"]
        self._folder = housekeeping.folder(lab)
        group = cgroup.of_lab(lab)
        mirror = Path("/sys/fs/cgroup/systemd") / cgroup.TREE / lab
        self._paths = [self._folder, self._folder.with_suffix(".lock"), group, mirror]
        self._paths += [Path(f"/proc/{pid}/exe") for pid in cgroup.processes(group)]

    def left(self) -> list[str]:
        """What of it is still there."""
        mounts = Path("/proc/self/mounts").read_text().splitlines()
        interface = network.Plan(self._slot).interface
        unused = self._slot not in housekeeping.used_slots() or self._folder.exists()
        return [
            *(str(path) for path in self._paths if path.exists()),
            *(mount for mount in mounts if str(self._folder) in mount),
            *(name for name in network.machine_interfaces() if name == interface and unused),
        ]
