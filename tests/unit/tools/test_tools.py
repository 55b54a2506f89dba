"""What the controls of tools say and do on hosts that the lab can't be: AppArmor's, a locked-in check's."""

from __future__ import annotations

from typing import Any

import pytest

from hardpoint.control import HOST_SUBJECT
from hardpoint.controls import registry
from hardpoint.controls.tools.bubblewrap import APPARMOR, CLONE, MOST, PROFILE, SERVICE, UNIT
from hardpoint.controls.tools.tool import ToolInstalled
from hardpoint.facts import Read
from hardpoint.operations import Desired
from hardpoint.operations.file import File
from hardpoint.operations.package import Package
from hardpoint.operations.started import Started
from hardpoint.outcome import Finding

REFUSED = "bwrap: setting up uid map: Permission denied"
UBUNTU = {CLONE: "1", MOST: "30000", APPARMOR: "1"}


class Host:
    """A host that answers from given facts."""

    name = "host"
    judged = ()
    wanted = False

    def __init__(
        self, control: str, system: str = "Linux", agent: str = "codex", **tools: Any
    ) -> None:
        self.options = {n: o.default for n, o in registry()[control].metadata.options.items()}
        self.facts = {
            "host": {"kernel": system},
            "agents": {"agents": [{"agent": agent}] if agent else []},
            "tools": {"user": "alice", "apt": True, "kernel": {}, "profiles": [], **tools},
        }

    def options_of(self, control: str) -> dict[str, Any]:
        return {"wanted": self.wanted}

    def read(self, fact: type[Read], **query: Any) -> Any:
        return self.facts[fact.what]


def bubblewrap(works: bool | None = False, path: str = "/usr/bin/bwrap", **more: Any) -> Host:
    tool = {"path": path, "works": works, "said": REFUSED}
    return Host("bubblewrap-installed", tools={"bwrap": tool}, **more)


def finding(host: Host, control: str = "bubblewrap-installed") -> Finding:
    (found,) = registry()[control].observe(host, HOST_SUBJECT)
    return found


def wanted(host: Host) -> list[Desired]:
    return list(registry()["bubblewrap-installed"].harden(host, HOST_SUBJECT))


def kinds(host: Host) -> list[type[Desired]]:
    return [type(one) for one in wanted(host)]


@pytest.mark.parametrize(
    ("control", "more", "concerned"),
    [
        ("bubblewrap-installed", {"agent": "codex"}, True),
        ("bubblewrap-installed", {"agent": ""}, False),
        ("bubblewrap-installed", {"agent": "codex", "system": "Darwin"}, False),
        ("socat-installed", {"agent": "codex"}, False),
        ("socat-installed", {"agent": "claude-code"}, True),
        ("ripgrep-installed", {"agent": "opencode"}, True),
        ("sandbox-runtime-installed", {"agent": "claude-code"}, False),
    ],
)
def test_it_concerns_hosts_with_an_agent_that_needs_it(
    control: str, more: dict[str, str], concerned: bool
) -> None:
    assert bool(registry()[control].subjects(Host(control, **more))) is concerned


def test_sandbox_runtime_is_there_for_those_who_want_it() -> None:
    host = Host(
        "sandbox-runtime-installed", tools={"srt": {"path": "", "works": False, "said": ""}}
    )
    host.options["wanted"] = True
    assert registry()["sandbox-runtime-installed"].subjects(host) == [HOST_SUBJECT]
    assert "npm ci --ignore-scripts" in finding(host, "sandbox-runtime-installed").fix
    needed = Host("socat-installed", agent="codex")
    needed.wanted = True
    assert registry()["socat-installed"].subjects(needed) == [HOST_SUBJECT]
    files = list(registry()["sandbox-runtime-installed"].harden(host, HOST_SUBJECT))
    assert [type(one) for one in files] == [File, File]


def test_where_only_named_programs_may_make_namespaces_bwrap_alone_gets_a_name() -> None:
    host = bubblewrap(kernel=UBUNTU)
    found = finding(host)
    assert found.place == (APPARMOR, None) and PROFILE in found.fix
    profile, service, started = wanted(host)
    assert isinstance(profile, File) and isinstance(service, File) and isinstance(started, Started)
    assert (profile.path, service.path, started.unit) == (PROFILE, SERVICE, UNIT)
    assert (
        "profile hardpoint-bwrap /usr/bin/bwrap flags=(unconfined) {\n  userns,\n}"
        in profile.content
    )

    assert kinds(bubblewrap(True, kernel=UBUNTU, profiles=[PROFILE])) == [File, File, Started]
    assert kinds(bubblewrap(False, path="", kernel=UBUNTU)) == [Package, File, File, Started]


@pytest.mark.parametrize(
    "host",
    [
        bubblewrap(True, kernel=UBUNTU),
        bubblewrap(None, kernel=UBUNTU),
        bubblewrap(False, kernel=UBUNTU, profiles=["/etc/apparmor.d/bwrap-userns-restrict"]),
        bubblewrap(False, kernel={**UBUNTU, APPARMOR: "0"}),
        bubblewrap(False, kernel={**UBUNTU, APPARMOR: None}),
    ],
)
def test_elsewhere_no_profile_is_written(host: Host) -> None:
    assert kinds(host) == []


@pytest.mark.parametrize(
    ("kernel", "place", "fix"),
    [
        ({CLONE: "0", MOST: "0"}, CLONE, "kernel.unprivileged_userns_clone=1"),
        ({CLONE: None, MOST: "0", APPARMOR: "1"}, MOST, "user.max_user_namespaces=15000"),
    ],
)
def test_the_setting_that_forbids_namespaces_is_named_and_left(
    kernel: dict[str, str | None], place: str, fix: str
) -> None:
    host = bubblewrap(kernel=kernel)
    found = finding(host)
    assert found.place == (place, None)
    assert fix in found.fix and "sysctl --system" in found.fix
    assert "alice" in found.seen


@pytest.mark.parametrize("restricted", ["1", None])
def test_another_s_profile_is_named_and_left(restricted: str | None) -> None:
    theirs = "/etc/apparmor.d/bwrap-userns-restrict"
    found = finding(bubblewrap(kernel={**UBUNTU, APPARMOR: restricted}, profiles=[theirs]))
    assert found.place == (theirs, None) and theirs in found.fix


def test_what_nothing_explains_is_told_in_its_own_words() -> None:
    found = finding(bubblewrap(kernel={CLONE: "1", MOST: "30000", APPARMOR: None}))
    assert REFUSED in found.why and "sudo -u alice bwrap" in found.fix


def test_what_works_and_what_could_not_be_tried_is_no_finding() -> None:
    for works in (True, None):
        control = registry()["bubblewrap-installed"]
        assert list(control.observe(bubblewrap(works), HOST_SUBJECT)) == []
    unread = Host("bubblewrap-installed", tools={})
    assert list(registry()["bubblewrap-installed"].observe(unread, HOST_SUBJECT)) == []
    assert kinds(unread) == []


def test_without_apt_the_package_is_told_and_not_installed() -> None:
    host = bubblewrap(path="", apt=False)
    assert "own package manager" in finding(host).fix
    assert kinds(host) == []


EVERY = [one for one in registry() if isinstance(one, ToolInstalled)]


@pytest.mark.parametrize("control", EVERY, ids=lambda control: control.id)
def test_a_broken_one_says_what_it_said(control: ToolInstalled) -> None:
    tool = {"path": "/usr/bin/x", "works": False, "said": "no such luck"}
    found = finding(Host(control.id, tools={control.tool.program: tool}), control.id)
    assert "no such luck" in found.why and found.fix


def test_claude_code_is_told_to_lock_commands_in_once_it_can() -> None:
    order = [control.id for control in registry()]
    for tool in ("bubblewrap-installed", "socat-installed"):
        assert order.index(tool) < order.index("claude-code-sandbox")
