"""The journal as layers: each record of a resource by a control lies on the records before it.

A layer's status: "open" (recorded, no end: the host died or the change is under way), "applied",
"withdrawn" (rolled back, but what it did stays since another control claims it) or "gone".
Undoing a layer means: the resource goes from `after` to `before`.
"""

from . import resources


class Layer:
    def __init__(self, run, seq, event):
        self.run, self.seq, self.n = run, seq, event["n"]
        self.control, self.subject = event["control"], event["subject"]
        self.resource, self.identity = event["resource"], event["identity"]
        self.before, self.intended = event["before"], event.get("intended")
        self.recorded = self.done = None
        self.after = self.doing = None
        self.undos = []  # blobs of the edits, oldest first: back to the very bytes
        self.actions = []
        self.installed, self.planned, self.configured = None, [], []
        self.status = "open"
        self.begun = self.carried = self.void = self.retry = False

    @property
    def live(self):
        return self.status != "gone"

    @property
    def order(self):
        return (self.seq, self.n)

    @property
    def idle(self):
        """Whether it found its goal reached: a claim without a change."""
        return self.status != "open" and resources.same(self.before, self.after)

    def left(self, state):
        """Whether `state` is what this layer made, or was about to make when the host died."""
        if self.retry:
            return True
        if self.status == "open" and self.resource["type"] == "unit":
            return True  # cut between stop and start: any state can be ours
        if self.status == "open":
            return any(
                resources.same(state, wanted) for wanted in (self.doing, self.intended, self.after)
            )
        return resources.same(state, self.after)


def of_run(store, run):
    """The layers of one run, in order."""
    layers, seq = {}, 0
    for place, event in enumerate(store.events(run)):
        kind = event["event"]
        if kind == "begin":
            seq = event["seq"]
        elif kind == "record":
            layers[event["n"]] = Layer(run, seq, event)
            layers[event["n"]].recorded = place
        elif event.get("n") in layers:
            _apply(layers[event["n"]], event, place)
    return list(layers.values())


def _apply(layer, event, place):
    kind = event["event"]
    if kind == "doing":
        layer.begun = True
        layer.doing = event.get("state", layer.doing)
        layer.planned = event.get("planned", layer.planned)
        layer.configured = event.get("configured", layer.configured)
        layer.retry = layer.retry or event.get("retry", False)
    elif kind == "done":
        layer.status, layer.done, layer.after = "applied", place, event["after"]
        layer.undos += [event["undo"]] if event.get("undo") else []
        layer.actions += event.get("actions", [])
        layer.installed = event.get("installed", layer.installed)
    elif kind == "inherits":
        layer.before = {**layer.before, **event["before"]}
    elif kind == "void":
        layer.status, layer.void = "gone", True
    elif kind == "rolled_back":
        layer.status = "withdrawn" if event["result"] == "kept" else "gone"


def every(store):
    """All layers, oldest first, with those whose run was pruned (`carried`)."""
    runs = store.runs()
    found = [layer for run in runs for layer in of_run(store, run)]
    for identity, origin in store.origins().items():
        for claim in origin["carried"]:
            if claim["run"] in runs:
                continue  # the host died while that run was being pruned
            event = {
                **claim,
                "identity": identity,
                "resource": origin["resource"],
                "before": origin["before"],
            }
            layer = Layer(claim["run"], claim["seq"], event)
            layer.status, layer.after, layer.carried = claim["status"], claim["after"], True
            layer.installed, layer.configured = claim["installed"], claim["configured"]
            found.append(layer)
    return sorted(found, key=lambda layer: layer.order)
