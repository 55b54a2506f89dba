"""Requests begin, record and close: what was there before, written down and synced before the reply."""

import calendar
import re
import time

from . import formats, lease, packages, resources, units
from .errors import Refusal
from .layers import every, of_run
from .store import Store, check_run

KEEP_RUNS = 50
KEEP_BYTES = 200 * 1024 * 1024


def who_of(request):
    who = request.get("who") or "unknown"
    return re.sub(r"[^ -~]", "?", str(who))[:120]


def begin(request, places):
    """{"run", "who"} -> {"run"}: takes the host for this run."""
    run, store = check_run(request.get("run")), Store(places)
    with lease.hold(places, run, who_of(request)):
        try:
            open_run(store, run, who_of(request))
        except (Refusal, OSError):  # a run that never began must keep nobody else away
            lease.release(places, run)
            raise
    return {"run": run}


def open_run(store, run, who):
    """The run, begun where it isn't yet; Refusal "closed" when it has ended."""
    store.ensure()
    store.demand_space()
    if not store.exists(run) or not store.events(run):
        store.create(run, who)
    elif any(event["event"] == "close" for event in store.events(run)):
        raise Refusal("closed", "run %s has ended: begin a new one" % run)


def record(request, places):
    """{"run", "who", "control", "subject", "resource", "intended"} or {"run", "who", "records": [...]}
    -> {"run", "records": [{"control", "subject", "resource", "before", "known"}]}"""
    run, store = check_run(request.get("run")), Store(places)
    wanted = [_wanted(one, request) for one in request.get("records") or [request]]
    with lease.hold(places, run, who_of(request)):
        open_run(store, run, who_of(request))
        layers = of_run(store, run)
        known = {(one.control, one.subject, one.identity): one.before for one in layers if one.live}
        fresh = {}
        for one in wanted:
            if one["claim"] not in known:
                fresh.setdefault(one["claim"], one)
        seen = resources.observe([one["resource"] for one in fresh.values()], store.seal)
        _save(store, run, layers, list(fresh.values()), seen)
        for claim, one in zip(fresh, seen):
            known[claim] = one.state
    replies = []
    for one in wanted:
        before = known[one["claim"]]
        named = {
            "control": one["control"],
            "subject": one["subject"],
            "resource": resources.label(one["resource"]),
        }
        told = {"kind": before["kind"], "description": resources.describe(before)}
        replies.append({**named, "before": told, "known": one["claim"] not in fresh})
    return {"run": run, "records": replies}


def claimant(one, request):
    """(control, subject) of a request or of one of its parts; Refusal "bad-request"."""
    control, subject = (
        one.get("control", request.get("control")),
        one.get("subject", request.get("subject", "")),
    )
    if not isinstance(control, str) or not re.fullmatch(
        r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", control
    ):
        raise Refusal("bad-request", "a change names its control: letters, digits and -")
    if subject is not None and (not isinstance(subject, str) or len(subject) > 500):
        raise Refusal("bad-request", "a subject is a short text")
    return control, subject or ""


def _wanted(one, request):
    if not isinstance(one, dict):
        raise Refusal("bad-request", "each record is an object")
    control, subject = claimant(one, request)
    resource = resources.check(one.get("resource"))
    identity = resources.identity(resource)
    return {
        "control": control,
        "subject": subject,
        "resource": resource,
        "identity": identity,
        "claim": (control, subject, identity),
        "intended": one.get("intended"),
    }


def _save(store, run, layers, wanted, seen):
    store.demand_space(sum(len(content) for one in seen for content in one.blobs.values()) * 2)
    count = len(layers)
    events, known = [], None
    for one, what in zip(wanted, seen):
        store.put_blobs(run, what.blobs)
        if store.origin(one["identity"]) is not None and known is None:
            known = {layer.identity for layer in every(store) if layer.live}
        # without a live record the origin is left over from a crash, and what is there now is the origin
        if store.origin(one["identity"]) is None or one["identity"] not in known | {
            e["identity"] for e in events
        }:
            origin = {
                "resource": one["resource"],
                "before": what.state,
                "blobs": sorted(what.blobs),
                "run": run,
                "carried": [],
            }
            store.put_origin(one["identity"], origin, what.blobs)
        event = {name: one[name] for name in ("control", "subject", "resource", "identity")}
        intended = intention(one["resource"], one["intended"], store.seal)
        events.append(
            {"event": "record", "n": count, **event, "before": what.state, "intended": intended}
        )
        count += 1
    if events:
        store.append(run, *events)


def intention(resource, intended, seal):
    """The state that a change means to reach, without any content; None when it isn't known."""
    if not isinstance(intended, dict):
        return None
    if intended.get("absent"):
        return {"kind": "absent"}
    if resource["type"] == "launchd" and isinstance(intended.get("value"), str):
        return {"kind": "value", "digest": seal(intended["value"])}
    if resource["type"] == "setting" and "value" in intended:
        return {
            "kind": "value",
            "digest": seal(formats.intended(resource["format"], intended["value"])),
        }
    if resource["type"] == "file" and isinstance(intended.get("sha256"), str):
        return {
            "kind": "regular",
            **{name: str(intended[name]) for name in ("sha256", "mode") if intended.get(name)},
        }
    return None


def close(request, places):
    """{"run"} -> {"run", "unfinished": count, "pruned": [runs]}: gives the host back, drops the oldest runs.

    Refusal "unit-failed" when it has done so, and a unit that the run restarted has died since:
    `fallen`, [{"control", "subject", "unit", "message", "journal"}]."""
    run, store = check_run(request.get("run")), Store(places)
    if not store.exists(run):
        raise Refusal("no-such-run", "this host has no run %s" % run)
    fallen = _fallen(store, run)
    with lease.hold(places, run, who_of(request)):
        # what became of it is no other person's doing: a rollback may start it again
        store.append(run, *({"event": "doing", "n": layer.n, "retry": True} for layer, _ in fallen))
        unfinished = [layer for layer in of_run(store, run) if layer.status == "open"]
        void = [layer for layer in unfinished if _untouched(store, layer)]
        ended = any(event["event"] == "close" for event in store.events(run))
        events = [{"event": "void", "n": layer.n} for layer in void]
        store.append(run, *events, *([] if ended else [{"event": "close"}]))
        pruned = _prune(store, run)
        lease.release(places, run)
    reply = {"run": run, "unfinished": len(unfinished) - len(void), "pruned": pruned}
    if fallen:
        message = "\n".join(error.message for _, error in fallen)
        told = [_told(layer, error) for layer, error in fallen]
        raise Refusal("unit-failed", message, **reply, fallen=told)
    return reply


def _fallen(store, run):
    """[(layer, Refusal)] of the units that the run restarted, and that don't run any more."""
    found = []
    for layer in of_run(store, run):
        if layer.resource["type"] != "unit" or layer.status != "applied":
            continue
        if not (units.running(layer.before) and units.running(layer.after)):
            continue
        unit, manager = layer.resource["unit"], layer.resource["manager"]
        began = time.strptime(store.events(run)[0]["at"], "%Y-%m-%dT%H:%M:%SZ")
        try:
            error = units.fallen(unit, manager, calendar.timegm(began))
            own = units.enabled(units.state(unit, manager)) == units.enabled(layer.after)
        except Refusal:  # a user who has logged out since takes his services with him
            continue
        found += [(layer, error)] if error and own else []
    return found


def _told(layer, error):
    unit = layer.resource["unit"]
    named = {"control": layer.control, "subject": layer.subject, "unit": unit}
    return {**named, "message": error.message, "journal": error.more["journal"]}


def _untouched(store, layer):
    if layer.begun and layer.resource["type"] == "unit":
        return False  # one that dies again and again is "activating", which reads as running
    try:
        if any(packages.state(name)["status"] == "installed" for name in layer.planned):
            return False  # dependencies that came before the host died
        return resources.same(
            resources.observe([layer.resource], store.seal)[0].state, layer.before
        )
    except Refusal:
        return False


def _prune(store, current):
    sizes = {run: store.size(run) for run in store.runs()}
    pruned = []
    for run in list(sizes):
        few = len(sizes) <= KEEP_RUNS and sum(sizes.values()) <= KEEP_BYTES
        layers = of_run(store, run)
        if few or run == current or any(layer.status == "open" for layer in layers):
            continue
        _carry(store, layers)
        store.forget(run)
        del sizes[run]
        pruned.append(run)
    store.sweep(store.origins().values())
    return pruned


def _carry(store, layers):
    """What a run still claims outlives it, beside the origin of each resource."""
    for layer in layers:
        origin = store.origin(layer.identity) if layer.live else None
        if origin is None or any(
            (one["run"], one["n"]) == (layer.run, layer.n) for one in origin["carried"]
        ):
            continue
        fields = ("run", "seq", "n", "control", "subject", "status", "after", "configured")
        claim = {name: getattr(layer, name) for name in fields}
        claim["installed"] = layer.installed or []
        store.put_origin(layer.identity, {**origin, "carried": [*origin["carried"], claim]})
