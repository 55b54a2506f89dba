"""Reports made by hand, and the texts whose golden files lie here.

`python -m tests.unit.golden` writes the files anew; read the difference before you commit it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from rich.console import Console

from hardpoint.outcome import (
    Change,
    Fate,
    Finding,
    HostReport,
    Outcome,
    Proof,
    ProofResult,
    Report,
    Severity,
    Status,
)
from hardpoint.policy import load_policy, policy_table
from hardpoint.reports import controls_page, explain, json, junit, plan, policy, sarif, terminal
from tests.unit.sample_controls import sample_registry

HERE = Path(__file__).parent
LOCAL = "@local"
DROP_IN = "/etc/systemd/system/ollama.service.d/90-hardpoint.conf"
SETTINGS = "~/.lmstudio/.internal/http-server-config.json"

REACHABLE = Finding(
    seen="Ollama 0.30 answers on 192.168.1.23:11434",
    who="anyone on your network can run, pull and delete models",
    why="/etc/systemd/system/ollama.service.d/override.conf:3 sets OLLAMA_HOST=0.0.0.0",
    fix="drop-in 90-hardpoint.conf, restart ollama.service",
    exposed=True,
)
ORIGINS = Finding(
    seen="every web page that you open may call Ollama",
    who="the owner of any page can read what your models answer",
    why="/etc/environment:7 sets OLLAMA_ORIGINS=*",
    severity=Severity.MEDIUM,
)
LISTENS = Finding(
    seen="LM Studio listens on all addresses when its server is started",
    who="anyone on your network can use your models",
    why=f"{SETTINGS} has networkInterface 0.0.0.0",
)
WRITE_DROP_IN = Change("write 90-hardpoint.conf", DROP_IN, "absent", "sha256:1f2e")
RESTART = Change("restart ollama.service: 90-hardpoint.conf will change", "ollama.service")
SET_INTERFACE = Change("set networkInterface to 127.0.0.1", SETTINGS, "0.0.0.0", "127.0.0.1")


def ollama(host: str, status: Status, **others) -> Outcome:
    title = "Ollama listens on loopback only"
    severity = Severity.CRITICAL
    return Outcome(host, "ollama-loopback", "system", status, severity, title, **others)


def lm_studio(host: str, user: str, status: Status, **others) -> Outcome:
    title = "LM Studio listens on loopback only"
    return Outcome(host, "lm-studio-loopback", user, status, Severity.HIGH, title, **others)


def other(control: str, status: Status, host: str = LOCAL, **others) -> Outcome:
    return Outcome(host, control, "system", status, Severity.HIGH, f"{control} holds", **others)


def every_status() -> Report:
    """One host with each status, and a subject that could not be seen."""
    outcomes = [
        ollama(
            LOCAL,
            Status.EXPOSED,
            findings=[REACHABLE, ORIGINS],
            changes=[WRITE_DROP_IN, RESTART],
        ),
        lm_studio(LOCAL, "alice", Status.DRIFT, findings=[LISTENS], changes=[SET_INTERFACE]),
        lm_studio(LOCAL, "bob", Status.UNKNOWN, reason="bob's home is not mounted"),
        other("sandbox", Status.DRIFT, reason="after bubblewrap"),
        other("audit-log", Status.ERROR, reason="KeyError: 'log'; please report it"),
        other("mcp-allowlist", Status.BLOCKED, reason="bubblewrap failed"),
        other("docker-publishes", Status.UNKNOWN, reason="needs root: run with sudo"),
        other("vllm-loopback", Status.BUSY, reason="a model is generating; check again later"),
        other("old-control", Status.ORPHANED, reason="applied in run 3, no longer asked for"),
        other(
            "comfyui-loopback",
            Status.WAIVED,
            findings=[REACHABLE],
            waiver="until 2027-01-31 by mlops: shared rig (policy.yaml:9)",
        ),
        other(
            "jupyter-loopback",
            Status.EXPOSED,
            findings=[Finding("Jupyter answers on 192.168.1.23:8888", exposed=True)],
            reason="containers could not be read",
            waiver="ended 2026-09-30, by research (policy.yaml:10)",
        ),
        other("electron-debug-ports", Status.SKIPPED, reason="policy.yaml:4"),
        other("secret-scanning", Status.COMPLIANT),
        other("ray-loopback", Status.NOT_APPLICABLE, reason="Ray is not installed"),
    ]
    host = HostReport(
        LOCAL, "Debian 12", 2, 0.9, 2, unseen=["containers: run with sudo"], outcomes=outcomes
    )
    notices = ["policy.yaml:4: electron-ports is now called electron-debug-ports"]
    return Report("check", "recommended", "2026-11-02T10:00:00Z", 13, 0.9, [host], notices)


def fleet(hosts: int = 30) -> Report:
    """Many hosts with the same findings, some without any, some that do not answer."""
    exposed = [
        HostReport(
            name,
            "Debian 13",
            2,
            1.1,
            2,
            unseen=["containers: run with sudo"],
            outcomes=[
                ollama(name, Status.EXPOSED, findings=[_reachable_at(f"10.0.0.{number}")]),
                lm_studio(name, "alice", Status.DRIFT, findings=[LISTENS], changes=[SET_INTERFACE]),
                other("docker-publishes", Status.UNKNOWN, name, reason="needs root: use sudo"),
            ],
        )
        for number in range(1, hosts + 1)
        for name in [f"ws-{number:03}"]
    ]
    good = [
        HostReport(
            f"good-{number:02}",
            "Debian 12",
            1,
            0.7,
            2,
            outcomes=[ollama(f"good-{number:02}", Status.COMPLIANT)],
        )
        for number in range(1, 13)
    ]
    changed = "host key changed: compare it, then run ssh-keygen -R gpu-01"
    lost = [
        HostReport("gpu-01", unreachable=changed),
        HostReport("nb-07", unreachable="asleep or off: no answer within 10 s"),
        HostReport("nb-08", unreachable="asleep or off: no answer within 10 s"),
    ]
    hosts = exposed + good + lost
    for host in hosts:
        host.policy = "gpu.yaml" if host.host == "gpu-01" else "company.yaml"
    command, profiles = "check inventories/fleet.py", "recommended, strict"
    return Report(command, profiles, "2026-11-02T10:00:00Z", 4, 12.3, hosts)


def _reachable_at(address: str) -> Finding:
    seen = f"Ollama 0.30 answers on {address}:11434"
    return Finding(seen, REACHABLE.who, REACHABLE.why, REACHABLE.fix, exposed=True)


def applied() -> Report:
    """Each fate."""
    outage = Finding(
        "chroma.service ran before this apply and does not run now",
        "nobody can use it until this is taken back, or it is mended",
        fix="hardpoint rollback --run 20261102T100000Z-1a2b3c4d --control chroma-loopback",
        severity=Severity.CRITICAL,
    )
    outcomes = [
        ollama(LOCAL, Status.COMPLIANT, fate=Fate.FIXED, changes=[WRITE_DROP_IN, RESTART]),
        lm_studio(
            LOCAL,
            "alice",
            Status.DRIFT,
            fate=Fate.STILL_WRONG,
            findings=[LISTENS],
            changes=[SET_INTERFACE],
        ),
        lm_studio(LOCAL, "bob", Status.COMPLIANT, fate=Fate.ALREADY_RIGHT),
        other("sandbox", Status.ERROR, fate=Fate.FAILED, reason="no space left on device"),
        other("vllm-loopback", Status.BUSY, fate=Fate.BUSY, reason="a model is generating"),
        other("docker-publishes", Status.UNKNOWN, fate=Fate.LEFT_ALONE, reason="needs root"),
        other(
            "chroma-loopback",
            Status.DRIFT,
            fate=Fate.STILL_WRONG,
            reason="restart chroma.service failed: it has ended",
            findings=[outage],
            down="chroma.service",
            log=("ValueError: host must be 0.0.0.0", "API_KEY=[redacted]"),
        ),
        other(
            "qdrant-loopback",
            Status.EXPOSED,
            fate=Fate.ROLLED_BACK,
            reason="rolled back: restart qdrant.service failed: it does not stay up (exit-code)",
            log=("panicked at 127.0.0.1",),
        ),
    ]
    host = HostReport(LOCAL, "Debian 12", 2, 3.2, 9, outcomes=outcomes)
    report = Report("apply", "recommended", "2026-11-02T10:00:00Z", 5, 3.2, [host])
    report.run = "20261102T100000Z-1a2b3c4d"
    return report


def proved() -> Report:
    """Each result of a proof."""
    at = "2026-11-02T10:00:00Z"
    closed = ProofResult(
        Proof.PASSED, ("from this machine: port 11434 is closed (reset) on 10.0.0.1",), at
    )
    answers = "LM Studio answers on 10.0.0.1:1234, tried from ws-02"
    opened = ProofResult(
        Proof.FAILED,
        (
            "from this machine: port 1234 is silent (time-out) on 10.0.0.1",
            "from this machine: as a control, port 22 is open on 10.0.0.1",
            "from ws-02: port 1234 is open (LM Studio answers) on 10.0.0.1",
        ),
        at,
        (answers,),
    )
    no_control = ProofResult(
        Proof.INCONCLUSIVE, ("from this machine: port 8000 is silent (time-out) on 10.0.0.1",), at
    )
    found = Finding(answers, LISTENS.who, exposed=True)
    outcomes = [
        ollama("ws-01", Status.COMPLIANT, proof=closed),
        lm_studio("ws-01", "alice", Status.EXPOSED, findings=[LISTENS, found], proof=opened),
        other("vllm-loopback", Status.COMPLIANT, "ws-01", proof=no_control),
        other("secret-scanning", Status.COMPLIANT, "ws-01"),
    ]
    host = HostReport("ws-01", "Debian 12", 2, 4.0, 3, outcomes=outcomes)
    return Report("prove inventories/fleet.py", "recommended", at, 4, 4.0, [host])


def all_is_well() -> Report:
    host = HostReport(LOCAL, "Debian 12", 1, 0.4, 2, outcomes=[ollama(LOCAL, Status.COMPLIANT)])
    return Report("check", "minimal", "2026-11-02T10:00:00Z", 1, 0.4, [host])


def hostile() -> Report:
    """A host that tries to command the terminal, in every text that comes from it."""
    evil = "\x1b[2J[bold red]x[/] \u202egnp.exe\u200b \x9b31m :smile: \x07\r\nroot# \udcff"
    finding = Finding(evil, evil, evil, evil, exposed=True)
    outcomes = [
        ollama(evil, Status.EXPOSED, findings=[finding], changes=[Change(evil, evil)]),
        lm_studio(evil, evil, Status.DRIFT, changes=[Change(evil, evil)], reason=evil),
        other("docker-publishes", Status.UNKNOWN, evil, reason=evil),
        other("vllm-loopback", Status.WAIVED, evil, waiver=evil),
        other(evil + ";reboot", Status.ORPHANED, evil, reason=evil),  # read from its journal
        other("a", Status.COMPLIANT, evil, proof=ProofResult(Proof.PASSED, (evil,), evil)),
    ]
    hosts = [
        HostReport(evil, evil, 2, 0.9, 2, unseen=[evil], outcomes=outcomes),
        HostReport(evil + "2", unreachable=evil),
    ]
    return Report("check", evil, "", 4, 0.9, hosts, [evil])


REPORTS = {
    "every_status": every_status,
    "fleet": fleet,
    "applied": applied,
    "proved": proved,
    "all_is_well": all_is_well,
    "hostile": hostile,
}

ROLLED_BACK = [
    {"resource": DROP_IN, "result": "restored", "reason": ""},
    {"resource": "ollama.service", "result": "restarted", "reason": ""},
    {"resource": SETTINGS, "result": "refused", "reason": "changed since by a person"},
]

POLICY = """\
options: {ollama-loopback: {port: 8080, origins: ["https://a.example"]}}
skip: [bubblewrap]
"""


def terminal_text(report: Report, width: int, verbose: bool = False) -> str:
    """What the report looks like without a terminal, in so many columns."""
    console = Console(file=io.StringIO(), width=width)
    terminal.render(report, console, verbose)
    return console.file.getvalue()


def texts(scratch: Path) -> Iterator[tuple[str, str]]:
    """Each golden file's name with what should be in it. `scratch` is for a policy."""
    for name, report in REPORTS.items():
        for width in (80, 120):
            yield f"{name}-{width}.txt", terminal_text(report(), width)
    yield "every_status-verbose.txt", terminal_text(every_status(), 80, verbose=True)
    yield "every_status.json", json.render(every_status()) + "\n"
    for name in ("every_status", "fleet", "hostile"):
        report = fleet(1) if name == "fleet" else REPORTS[name]()
        report.about = {control.id: control.metadata for control in sample_registry()}
        yield f"{name}.xml", junit.render(report) + "\n"
        yield f"{name}.sarif", sarif.render(report) + "\n"
    yield "plan.txt", plan.plan(every_status()) + "\n"
    yield "plan-fleet.txt", plan.plan(fleet(2)) + "\n"
    yield "rollback.txt", plan.rollback(ROLLED_BACK) + "\n"
    registry = sample_registry()
    path = scratch / "policy.yaml"
    path.write_text(POLICY)
    rows = policy_table(load_policy(path, registry), registry, LOCAL)
    shown = policy.render(rows).replace(f"{scratch}/", "")
    yield "policy.txt", shown + "\n"
    control = registry["ollama-loopback"]
    yield "explain.txt", explain.explain(control, today=date(2026, 11, 2)) + "\n"
    own = [row for row in rows if row.control == control.id]
    here = explain.explain(control, own, LOCAL, date(2026, 11, 2)).replace(f"{scratch}/", "")
    yield "explain-here.txt", here + "\n"
    yield "controls.txt", explain.list_controls(registry) + "\n"
    yield "controls.md", controls_page.page(registry)
