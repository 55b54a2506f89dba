"""The report that a program reads.

One object, in ASCII; keys are never renamed or removed without a new `schema_version`:

    schema_version  1
    command         what was run; started (UTC, ISO 8601); seconds; controls (how many)
    profile         where the policies of hosts have several: all of them, "recommended, strict"
    exit_code       0 all holds, 2 drift or exposure, 3 something could not be judged
    counts          how many (host, control, subject) have each status
    notices         lines, such as of renamed controls
    hosts           a list of
      host, system, users, seconds, execs
      policy        the file that says what is asked of it; the profile where there is none
      status        the worst of all its outcomes
      unreachable   why the host could not be asked, or null
      unseen        what could not be read there
      outcomes      a list of
        control, subject, status, severity, title, reason, waiver
        fate        what apply did, or null
        down        the service that ran before an apply and does not run now, or null
        log         the last lines of a service that did not start
        findings    a list of seen, who, why, fix, exposed, severity
        changes     a list of summary, place, before, after
        proof       result ("not run" without one), evidence, at, vantages (place -> result)
      trials        only where agents were run: a list of
        place, agent, hostile, mode, alive, elsewhere, seconds, problem, undone (honest tasks), counts
        rows        a list of id, group, attack, outcome, layer, evidence, seconds

    run             the id of the journal's run that an apply made, or null
    rolled_back     host -> a list of resource, result, reason, or the text why it could not be done

Text from a host is as it was read, so whoever shows it has to escape it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from hardpoint.outcome import Finding, HostReport, Outcome, Report
from hardpoint.proofs.trials import Trial

SCHEMA_VERSION = 1


def render(report: Report) -> str:
    """The report as JSON text, indented, without a newline at its end."""
    return json.dumps(_report(report), indent=2, ensure_ascii=True)


def _report(report: Report) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "command": report.command,
        "profile": report.profile,
        "started": report.started,
        "seconds": round(report.seconds, 3),
        "controls": report.controls,
        "exit_code": int(report.exit_code),
        "counts": {status.value: count for status, count in report.counts().items()},
        "notices": list(report.notices),
        "hosts": [_host(host) for host in report.hosts],
        "rolled_back": report.rolled_back,
        "run": report.run or None,
    }


def _host(host: HostReport) -> dict[str, Any]:
    return {
        "host": host.host,
        "system": host.system,
        "users": host.users,
        "seconds": round(host.seconds, 3),
        "execs": host.execs,
        "policy": host.policy,
        "status": host.status.value,
        "unreachable": host.unreachable or None,
        "unseen": list(host.unseen),
        "outcomes": [_outcome(outcome) for outcome in host.outcomes],
        **({"trials": [_trial(trial) for trial in host.trials]} if host.trials else {}),
    }


def _trial(trial: Trial) -> dict[str, Any]:
    return {**asdict(trial), "place": trial.place, "undone": trial.undone, "counts": trial.counts}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "control": outcome.control,
        "subject": outcome.subject,
        "status": outcome.status.value,
        "severity": outcome.severity.value,
        "title": outcome.title,
        "reason": outcome.reason,
        "waiver": outcome.waiver,
        "fate": outcome.fate.value if outcome.fate else None,
        "down": outcome.down or None,
        "log": list(outcome.log),
        "findings": [_finding(finding, outcome) for finding in outcome.findings],
        "changes": [asdict(change) for change in outcome.changes],
        "proof": {
            "result": outcome.proof.proof.value,
            "evidence": list(outcome.proof.evidence),
            "at": outcome.proof.at,
            "vantages": {name: proof.value for name, proof in outcome.proof.vantages.items()},
        },
    }


def _finding(finding: Finding, outcome: Outcome) -> dict[str, Any]:
    return {
        "seen": finding.seen,
        "who": finding.who,
        "why": finding.why,
        "fix": finding.fix,
        "exposed": finding.exposed,
        "severity": (finding.severity or outcome.severity).value,
    }
