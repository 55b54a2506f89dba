"""Request rollback: the journal played back, newest record first, without any knowledge of controls.

Every step is decided from what is there now: as it was before (already), as we left it (put it back), or
neither (refused, unless forced). So a rollback that was cut anywhere can simply be run again.
"""

import json
import re

from . import formats, launchd, lease, packages, resources, settings, units, userio
from .errors import Refusal
from .journal import who_of
from .layers import every
from .store import Store, check_run, digest

_UNIT_FILES = re.compile(
    r"^/(etc|run|lib|usr/lib|usr/local/lib)/systemd/|/\.config/systemd/|/containers/systemd/"
)
_OUR_UNIT = re.compile(r"/etc/systemd/system/([^/]+\.(?:service|timer))")
_WORST = ("failed", "refused", "kept", "restored", "already")


def rollback(request, places):
    """{"run" or null, "control" or null, "to": "origin" or null, "force", "dry", "who", "lease": run or null}
    -> {"dry", "resources": [{"resource", "label", "controls", "result", "reason"}], "warnings": [...]}

    Neither run nor control: everything. result: restored, already, refused, kept, failed (each with its
    reason); in a dry rollback what it would be. Origin goes below what others did between our changes."""
    store, run, control = Store(places), request.get("run"), request.get("control")
    if request.get("to") not in (None, "origin"):
        raise Refusal("bad-request", 'to is "origin" or nothing')
    if run is not None and not store.exists(check_run(run)):
        raise Refusal(
            "no-such-run",
            "this host has no run %s: it was never here, or is older than what is kept" % run,
        )
    if not store.runs() and not store.origins():
        return {"dry": bool(request.get("dry")), "resources": [], "warnings": []}
    if request.get("dry"):
        return _Rollback(store, request, run, control).play()
    holder = request.get("lease") and check_run(request["lease"])
    with lease.hold(places, holder or "rollback", who_of(request)):
        store.ensure()
        store.demand_space(reserve=64 * 1024)
        reply = _Rollback(store, request, run, control).play()
        if not holder:
            lease.release(places, "rollback")
    return reply


class _Rollback:
    def __init__(self, store, request, run, control):
        self.store, self.who, self.run, self.control = store, who_of(request), run, control
        self.force, self.dry = bool(request.get("force")), bool(request.get("dry"))
        self.origin = request.get("to") == "origin"
        self.layers = every(store)
        self.outcomes = {}  # identity -> {"resource", "controls", "result", "reason"}
        self.blocked = {}  # id of a layer -> (result, reason)
        self.dug = set()  # identities whose newest layer was undone in this rollback
        self.assumed = {}  # identity -> state, in a dry rollback
        self.restored = []  # resources that were changed
        self.stale = {}  # units that stay as they are, but may have read what was put back
        self.warnings = []

    def play(self):
        plans = self.plan_units()
        for plan in plans:
            self.guarded(plan, self.unit_down)
        for layer in self.candidates("file", "setting", "launchd"):
            self.step(layer, self.undo_file)
        for layer in self.candidates("package"):
            self.step(layer, self.undo_package)
        self.reload_managers()
        for plan in reversed(plans):
            self.guarded(plan, self.unit_up)
        self.refresh({plan["layers"][0].identity for plan in plans})
        self.note_earlier()
        if not self.dry:
            self.drop_origins()
        return {
            "dry": self.dry,
            "resources": [self.told(one) for one in self.outcomes.values()],
            "warnings": self.warnings,
        }

    # --- which layers, and whether they may go --------------------------------------------------------------

    def selected(self, layer):
        return (self.run is None or layer.run == self.run) and (
            self.control is None or layer.control == self.control
        )

    def candidates(self, *kinds):
        """Newest first; withdrawn layers too, since what kept them may be gone by now."""
        found = [layer for layer in self.layers if layer.live and layer.resource["type"] in kinds]
        return [
            layer
            for layer in reversed(found)
            if self.selected(layer) or layer.status == "withdrawn"
        ]

    def obstacle(self, layer):
        """(result, reason) that forbids undoing this layer, or None."""
        if layer.idle:
            return None  # it changed nothing: only a claim ends
        above = self.near(layer, lambda other: other.order > layer.order)
        for other in reversed(above):
            if id(other) in self.blocked:
                return self.blocked[id(other)]
            if self.control is not None and other.control != layer.control:
                return "kept", "still claimed by %s (run %s)" % (other.control, other.run)
            if other.idle and not self.force:
                return "kept", "still claimed by %s (run %s)" % (other.control, other.run)
            if not self.force:
                return "refused", "run %s (%s) changed it later: undo that first, or force" % (
                    other.run,
                    other.control,
                )
        for other in self.near(layer, lambda other: other.order < layer.order):
            if not self.selected(other) and _one_change(other, layer):
                return "kept", "still claimed by %s (run %s)" % (other.control, other.run)
        return None

    def near(self, layer, where):
        """Layers in force that concern the same thing."""
        return [
            other
            for other in self.layers
            if other.status in ("applied", "open")
            and where(other)
            and resources.overlap(layer.resource, other.resource)
        ]

    def step(self, layer, undo):
        """Undo one layer of a file, setting or package, and write down what came of it."""
        obstacle = self.obstacle(layer)
        if obstacle:
            return self.leave(layer, *obstacle)
        if layer.idle:
            return self.gone(layer, "already", "it changed nothing")
        try:
            result, reason = undo(layer)
        except Refusal as error:
            if error.code == "no-such-user" and self.force:
                return self.gone(layer, "already", error.message)
            return self.leave(layer, "failed", error.message)
        except OSError as error:
            return self.leave(layer, "failed", "the system refused: %s" % error.strerror)
        if result in ("refused", "kept"):
            return self.leave(layer, result, reason)
        self.gone(layer, result, reason)

    def leave(self, layer, result, reason):
        if not self.selected(layer):
            return  # a withdrawn layer that still has to wait: nobody asked about it
        self.blocked[id(layer)] = (result, reason)
        self.say(layer, result, reason)
        if result == "kept" and layer.status == "applied":
            layer.status = "withdrawn"
            self.write(layer, "kept")

    def gone(self, layer, result, reason=""):
        self.dug.add(layer.identity)
        for other in (
            self.near(layer, lambda other: other.order > layer.order) if self.force else []
        ):
            self.write(other, "overridden")
            other.status = "gone"
        self.say(layer, result, reason)
        self.write(layer, result)
        layer.status = "gone"

    def write(self, layer, result):
        if self.dry:
            return
        event = {"event": "rolled_back", "n": layer.n, "result": result, "who": self.who}
        if not layer.carried:
            self.store.append(layer.run, event)
            return
        origin = self.store.origin(layer.identity)
        place = (layer.run, layer.n)
        claims = [
            one for one in origin["carried"] if (one["run"], one["n"]) != place or result == "kept"
        ]
        for one in claims:
            if (one["run"], one["n"]) == place:
                one["status"] = "withdrawn"
        self.store.put_origin(layer.identity, {**origin, "carried": claims})

    def say(self, layer, result, reason):
        known = self.outcomes.get(layer.identity)
        if known is None:
            known = {"resource": layer.resource, "controls": [], "result": result, "reason": reason}
            self.outcomes[layer.identity] = known
        elif _WORST.index(result) < _WORST.index(known["result"]):
            known.update(result=result, reason=reason)
        if layer.control not in known["controls"]:
            known["controls"].append(layer.control)

    def told(self, outcome):
        return {**outcome, "label": resources.label(outcome["resource"])}

    def note_earlier(self):
        for layer in self.layers:
            if (
                not layer.live
                and not layer.void
                and self.selected(layer)
                and layer.identity not in self.outcomes
            ):
                self.say(layer, "already", "rolled back before")

    def drop_origins(self):
        for identity in self.dug:
            if not any(layer.live for layer in self.layers if layer.identity == identity):
                self.store.drop_origin(identity)

    # --- files and settings ---------------------------------------------------------------------------------

    def now(self, layer):
        if layer.identity in self.assumed:
            return self.assumed[layer.identity]
        return resources.observe([layer.resource], self.store.seal)[0].state

    def undo_file(self, layer):
        now = self.now(layer)
        if resources.same(now, layer.before):
            if not self.dry:
                self.tidy(layer)
            return "already", "as it was before"
        if layer.resource["type"] == "launchd" and now["kind"] == "absent":
            return "already", "it ended with the session"
        deeper = self.origin and layer.identity in self.dug
        if not layer.left(now) and not self.force and not deeper:
            left = resources.describe(layer.after) if layer.after else "nothing finished"
            reason = "changed since by someone else: now %s, we left %s" % (
                resources.describe(now),
                left,
            )
            return "refused", reason + "; look at it, then force"
        if self.dry:
            self.assumed[layer.identity] = layer.before
            return "restored", ""
        self.put_back(layer)
        self.restored.append(layer.resource)
        return "restored", ""

    def tidy(self, layer):
        resource = layer.resource
        if resource["type"] == "launchd":
            return
        userio.as_user(resource["user"], userio.tidy, resource["path"], layer.before["made"])

    def put_back(self, layer):
        resource, before = layer.resource, layer.before
        if resource["type"] == "launchd":
            known = json.loads(self.fetch(layer, before["note"])) if "note" in before else None
            launchd.put(resource["user"], resource["name"], known)
            return
        if resource["type"] == "file":
            self.forget_unit(resource, before)
            state = resources.file_from(before, lambda name: self.fetch(layer, name))
            userio.as_user(
                resource["user"], userio.restore, resource["path"], state, before["made"]
            )
            return
        change = {
            "op": "unwind",
            "key": resource["key"],
            "note": json.loads(self.fetch(layer, before["note"])),
            "undos": [json.loads(self.fetch(layer, name)) for name in layer.undos],
            "file": before["file"],
            "made": before["made"],
        }
        path, style = resource["path"], resource["format"]
        result = userio.as_user(resource["user"], settings.edit, path, style, [change])[0]
        if not resources.same(resources.setting_state(result, self.store.seal), before):
            raise Refusal("failed", "the lines that held it are gone: put it back by hand")
        for other in self.layers:
            if other.live and other is not layer and other.resource["type"] == "setting":
                if (
                    other.resource["path"] == path
                    and other.order > layer.order
                    and not other.carried
                ):
                    self.pass_on(layer, change, other)

    def forget_unit(self, resource, before):
        """A unit that was not there before us goes with all that it left, while systemd still knows it."""
        ours = _OUR_UNIT.fullmatch(resource["path"])
        if not ours or before["kind"] != "absent":
            return
        try:
            problem = units.forget(ours.group(1))
        except Refusal as error:
            problem = "" if error.code in ("unsupported", "missing") else error.message
        if problem:
            self.warnings.append(problem)

    def pass_on(self, layer, change, other):
        """A newer setting of the same file stays: what this layer made for both now goes with that one."""
        old = json.loads(self.fetch(other, other.before["note"]))
        new = formats.inherited(old, other.resource["key"], change["note"], layer.resource["key"])
        fields = {}
        if not change["file"] and other.before["file"]:
            fields = {"file": False, "made": change["made"]}
        if new != old:
            content = json.dumps(new).encode()
            self.store.put_blobs(other.run, {digest(content): content})
            fields["note"] = digest(content)
        if fields:
            self.store.append(other.run, {"event": "inherits", "n": other.n, "before": fields})
            other.before = {**other.before, **fields}

    def fetch(self, layer, name):
        return self.store.get_blob(None if layer.carried else layer.run, name)

    # --- packages -------------------------------------------------------------------------------------------

    def undo_package(self, layer):
        name = layer.resource["name"]
        ours = layer.planned if layer.installed is None else layer.installed
        here = [one for one in ours if packages.state(one)["status"] == "installed"]
        if not here:
            return "already", "" if ours else "it was not installed by us"
        wanted = packages.manual() - {name}
        going, kept = packages.removable(here, wanted)
        if going and not self.dry:
            packages.remove(going, layer.configured)
            self.restored.append(layer.resource)
        reason = "; ".join("%s: %s" % pair for pair in sorted(kept.items()))
        if name in kept:
            return "kept", reason
        if kept:  # the rest waits, withdrawn, until nothing needs it
            return "kept", "left for now: " + reason
        return "restored", ""

    # --- units ----------------------------------------------------------------------------------------------

    def plan_units(self):
        """One plan a unit: the layers that go, its state now, and the state to reach."""
        plans = {}
        for layer in self.candidates("unit"):
            obstacle = self.obstacle(layer)
            plan = plans.get(layer.identity)
            if obstacle is None and plan is None:
                plan = {
                    "layers": [],
                    "now": None,
                    "target": None,
                    "acted": False,
                    "failed": None,
                    "resource": layer.resource,
                }
                obstacle = self.look(layer, plan)
            if obstacle:
                self.leave(layer, *obstacle)
                self.stale[layer.identity] = layer
                continue
            plans[layer.identity] = plan
            plan["layers"].append(layer)
            plan["target"] = layer.before
            layer.status = "gone"  # for the layers below it; what is written follows the outcome
        return list(plans.values())

    def look(self, layer, plan):
        try:
            plan["now"] = self.now(layer)
        except Refusal as error:
            if error.code == "manager-down" and units.enabled(layer.before) == units.enabled(
                layer.after or layer.before
            ):
                return None  # it reads the old files when it starts again
            return "failed", error.message
        same = resources.same(plan["now"], layer.before)
        if same or layer.left(plan["now"]) or self.force or self.origin:
            return None
        left = resources.describe(layer.after)
        return "refused", "changed since by someone else: now %s, we left %s" % (
            resources.describe(plan["now"]),
            left,
        )

    def guarded(self, plan, act):
        if plan["failed"]:
            return
        try:
            act(plan)
        except Refusal as error:
            plan["failed"] = error.message
            for layer in plan["layers"]:
                layer.status = "applied"
                self.leave(layer, "failed", error.message)

    def unit_down(self, plan):
        """What must happen while the unit's files are still there."""
        now, target = plan["now"], plan["target"]
        if now is None or self.dry:
            return
        actions = ["stop"] if units.running(now) and not units.running(target) else []
        if units.enabled(now) in ("on", "runtime") and units.enabled(target) in ("off", ""):
            actions.append("disable")
        if not resources.same(now, target) or units.running(target):
            for layer in plan["layers"]:
                if not layer.carried:  # cut from here on, any state of the unit is ours
                    self.store.append(layer.run, {"event": "doing", "n": layer.n, "retry": True})
        self.act(plan, actions)

    def unit_up(self, plan):
        now, target = plan["now"], plan["target"]
        if now is not None and not self.dry:
            actions = []
            if units.enabled(target) != units.enabled(now):
                actions += ["unmask"] if units.enabled(now) == "masked" else []
                actions += {
                    "on": ["enable"],
                    "runtime": ["enable-runtime"],
                    "masked": ["mask"],
                }.get(units.enabled(target), [])
                actions += (
                    ["disable"]
                    if units.enabled(now) == "masked" and units.enabled(target) == "off"
                    else []
                )
            if units.running(target):
                if now["active"] in ("failed", "activating"):
                    actions.append(
                        "reset-failed"
                    )  # one that died often may not be started for a while
                actions.append("restart" if units.running(now) else "start")
            self.act(plan, actions)
        acted = plan["acted"] or (
            self.dry and now is not None and (units.running(target) or not units.same(now, target))
        )
        for layer in plan["layers"]:
            layer.status = "applied"
            self.gone(layer, "restored" if acted else "already")

    def act(self, plan, actions):
        if actions:
            plan["acted"] = True
            units.act(plan["resource"]["unit"], plan["resource"]["manager"], actions)

    def refresh(self, done):
        """Restart units that another control, or a later run, keeps: they may have read what was put back."""
        for identity, layer in self.stale.items():
            if identity in done or not self.restored or not self.selected(layer):
                continue
            try:
                unit, manager = layer.resource["unit"], layer.resource["manager"]
                if units.running(units.state(unit, manager)):
                    units.act(unit, manager, ["restart"])
            except Refusal as error:
                self.warnings.append(error.message)

    def reload_managers(self):
        """After unit files came or went systemd must read them again."""
        managers = set()
        for resource in self.restored:
            if _UNIT_FILES.search(resource.get("path", "")):
                managers.add(resource["user"] or "system")
            if "/systemd/user/" in resource.get(
                "path", ""
            ):  # root's own, for the managers of all users
                managers |= {
                    layer.resource["manager"]
                    for layer in self.layers
                    if layer.resource["type"] == "unit" and self.selected(layer)
                }
        for manager in sorted(managers):
            try:
                units.act("", manager, ["daemon-reload"])
            except Refusal as error:
                if error.code not in ("manager-down", "unsupported"):
                    self.warnings.append(
                        "systemd (%s) could not reload: %s" % (manager, error.message)
                    )


def _one_change(other, layer):
    """Whether the older layer's change was made after the newer one was recorded: undoing the newer one
    would take the older one's away too. True as well where only the origin is left of both."""
    if other.carried and layer.carried:
        return other.identity == layer.identity
    return other.run == layer.run and other.done is not None and other.done > layer.recorded
