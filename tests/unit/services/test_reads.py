"""Small parts of the reads on a host that need no host."""

from __future__ import annotations

import pytest

from hardpoint.hostside.payload import (
    find_units,
    managers,
    read_host,
    read_listeners,
    sockets,
    unit_files,
)

USER = "0::/user.slice/user-1000.slice"


@pytest.mark.parametrize(
    ("cgroup", "unit"),
    [
        ("0::/system.slice/ollama.service", ("ollama.service", "system")),
        ("0::/system.slice/ollama.service/runner", ("ollama.service", "system")),
        (f"{USER}/user@1000.service/app.slice/ollama.service", ("ollama.service", "alice")),
        (f"{USER}/session-3.scope", ("", "")),
        (f"{USER}/user@1000.service/init.scope", ("", "")),
        (f"{USER}/user@1000.service/app.slice/app-org.kde.konsole@7f.service", ("", "")),
        (f"{USER}/user@1000.service/app.slice/run-u12.service", ("", "")),
        (f"{USER}/user@1000.service/tmux-spawn-1.scope", ("", "")),
        ("0::/system.slice/run-r1.service", ("", "")),
        ("12:cpu:/x\n0::/system.slice/cron.service", ("cron.service", "system")),
        ("", ("", "")),
    ],
)
def test_whose_a_process_is(cgroup: str, unit: tuple[str, str]) -> None:
    assert sockets.unit_of(cgroup + "\n", "alice") == unit


def test_drop_in_folders_are_those_of_systemd() -> None:
    assert unit_files._drop_in_names("ollama.service") == ["ollama.service", "service"]
    assert unit_files._drop_in_names("ollama-gpu-big@1.service") == [
        "ollama-gpu-big@1.service",
        "ollama-gpu-big@.service",
        "ollama-gpu-.service",
        "ollama-.service",
        "service",
    ]


@pytest.mark.parametrize(
    ("shown", "value"),
    [
        ("0.0.0.0", "0.0.0.0"),
        ("$'*'", "*"),
        ("$'http://*,chrome-extension://a'", "http://*,chrome-extension://a"),
        ("$'it\\'s'", "it's"),
        ("", ""),
    ],
)
def test_values_that_show_environment_quotes(shown: str, value: str) -> None:
    assert managers._unquoted(shown) == value


@pytest.mark.parametrize(
    ("interface", "inner"),
    [
        *((name, True) for name in ("docker0", "podman1", "cni-podman0", "virbr0", "lxdbr0")),
        ("br-d4a9b3a0b466", True),
        *((name, False) for name in ("eth0", "br0", "br-lan", "wlan0", "tailscale0", "podman")),
    ],
)
def test_addresses_of_inner_bridges_are_not_the_machines(interface: str, inner: bool) -> None:
    assert bool(read_host._INNER.match(interface)) is inner


def test_every_address_of_a_listener_is_asked(monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(read_listeners, "_get", lambda *a: asked.append(a))
    rows = [{"address": a, "port": 1} for a in ("::", "0.0.0.0", "fd00::1")]
    assert read_listeners._ask([*rows, {"address": "127.0.0.9", "port": 2}], 1, "/") is None
    assert [address for address, _, _ in asked] == ["127.0.0.1", "::1", "fd00::1"]


def listening(monkeypatch, *addresses: str) -> None:
    state = {"state": sockets.LISTEN, "port": 1, "uid": 0}
    rows = [{**state, "address": a, "inode": str(n)} for n, a in enumerate(addresses)]
    monkeypatch.setattr(sockets, "table", lambda: rows)


def test_what_is_not_looked_at_is_said(monkeypatch) -> None:
    listening(monkeypatch, "127.0.0.1", "::1", "192.0.2.1", "0.0.0.0")
    monkeypatch.setattr(read_listeners.os, "geteuid", lambda: 0)
    assert read_listeners.read({})["limits"] == []
    monkeypatch.setattr(read_listeners.os, "geteuid", lambda: 1000)
    (limit,) = read_listeners.read({})["limits"]
    assert limit["reason"] == "only root sees which programs listen on port 1"
    monkeypatch.setattr(read_listeners, "MAX_LISTENERS", 2)
    cut = read_listeners.read({})
    assert [row["address"] for row in cut["listeners"]] == ["192.0.2.1", "0.0.0.0"]
    assert "only 2 of them were looked at" in cut["limits"][-1]["reason"]


def test_ports_that_never_answer_do_not_hold_up_a_check(monkeypatch) -> None:
    listening(monkeypatch, "127.0.0.1")
    monkeypatch.setattr(read_listeners, "ASK_SECONDS", -1)
    service = {"id": "x", "programs": [], "port": 1, "path": "/", "contains": "k", "version": ""}
    (limit,) = read_listeners.read({"services": [service]})["limits"]
    assert limit["reason"].startswith("1 ports were not asked")


def test_only_listeners_are_looked_for(monkeypatch) -> None:
    held = {"1": {"10", "11"}, "2": {"10"}, "3": {"12"}}
    monkeypatch.setattr(sockets.os, "listdir", lambda path: ["self", "1", "2", "3"])
    monkeypatch.setattr(sockets, "inodes_of", lambda pid: held[pid])
    assert sockets.owners(["10"]) == {"10": 1}
    assert sockets.owners(["10", "12", "99"]) == {"10": 1, "12": 3}


def test_units_are_candidates_by_the_text_of_their_files(tmp_path) -> None:
    texts = {
        "a.service": "ExecStart=/opt/llama-server -x",
        "b.service": "ExecStart=/usr/bin/python3 -m vllm.api",
        "c@.service": "ExecStart=/usr/bin/vllm",
        "d.service": "ExecStart=/bin/true",
        "e.service": "",
        "e.service.d/x.conf": "ExecStart=/usr/bin/vllm",
        "multi-user.target.wants/c@1.service": "",
        "odd name.service": "ExecStart=/usr/bin/vllm",
        "f.socket": "vllm",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "gone.service").symlink_to("/nowhere")
    programs = ["llama-*", "-m vllm.api", "vllm serve"]
    found, unread = find_units.candidates([str(tmp_path), str(tmp_path / "absent")], programs)
    assert found == ["a.service", "b.service", "c@.service", "c@1.service", "e.service"]
    assert unread == []
